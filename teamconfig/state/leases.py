"""Leases: that credentials were given, to whom, for what, and how they ended.

Owns how leases are made, found and closed; `revoking` has those that must end
before their time. Never sees a credential: a handle says where to revoke one.
Knows no clock: times come from the caller, in seconds since 1970.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from sqlalchemy import insert, select, update

from teamconfig.state.errors import refused
from teamconfig.state.people import from_columns, to_columns
from teamconfig.state.tables import LEASES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from teamconfig.identity.principal import Principal

State = Literal["issued", "revoking", "revoked", "closed", "irrevocable"]
"""issued: may be in use; revoking: has to be revoked; closed: ended, nothing to revoke; irrevocable: given up."""

Outcome = Literal["", "succeeded", "failed", "unknown"]
"""How the use ended, as its holder says; empty until then."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What credentials are for.

    Args:
        principal: Who gets them.
        device_key: Of the device that gets them, 32 bytes, or empty.
        project: Of the target.
        app: Of the target.
        team: Whose project it is.
        environment: Where.
        action: What they permit.
        platform: "kubernetes", "aws" or "ecr".
        grant_id: Of the grant that was redeemed for them, or None.
    """

    principal: Principal
    device_key: bytes
    project: str
    app: str
    team: str
    environment: str
    action: str
    platform: str
    grant_id: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """Credentials that were given out.

    Args:
        id: 32 hex digits.
        holding: Who has them and what for.
        state: How far they are.
        outcome: How their use ended.
        created: Seconds since 1970.
        expires: When the credentials end by themselves.
        attempts: How often revoking failed.
        retry_at: When to try again.
        handle: Where they can be revoked; no secrets.
    """

    id: str
    holding: Holding
    state: State
    outcome: Outcome
    created: float
    expires: float
    attempts: int
    retry_at: float
    handle: Mapping[str, str] = field(default_factory=dict)


def issue(
    tx: Connection, holding: Holding, *, now: float, expires: float, handle: Mapping[str, str] | None = None
) -> Lease:
    """Record that credentials are given, before they are.

    Args:
        tx: Transaction of the writer.
        holding: Who gets them and what for.
        now: Seconds since 1970.
        expires: When they end by themselves.
        handle: Where they can be revoked, if that is known before; no secrets.

    Returns:
        The lease.
    """
    lease = Lease(
        id=secrets.token_hex(16),
        holding=holding,
        state="issued",
        outcome="",
        created=now,
        expires=expires,
        attempts=0,
        retry_at=0.0,
        handle=dict(handle or {}),
    )
    tx.execute(
        insert(LEASES),
        {
            "id": lease.id,
            "grant_id": holding.grant_id,
            **to_columns("principal", holding.principal),
            "device_key": holding.device_key.hex(),
            "project": holding.project,
            "app": holding.app,
            "team": holding.team,
            "environment": holding.environment,
            "action": holding.action,
            "platform": holding.platform,
            "state": "issued",
            "outcome": "",
            "created": now,
            "expires": expires,
            "attempts": 0,
            "retry_at": 0.0,
            "handle": json.dumps(lease.handle, sort_keys=True),
        },
    )
    return lease


def set_handle(tx: Connection, lease_id: str, handle: Mapping[str, str]) -> bool:
    """Keep where credentials can be revoked.

    Args:
        tx: Transaction of the writer.
        lease_id: Which.
        handle: Names of objects, regions and the like; no secrets.

    Returns:
        Whether there is such a lease.
    """
    text = json.dumps(dict(handle), sort_keys=True)
    return tx.execute(update(LEASES).where(LEASES.c.id == lease_id).values(handle=text)).rowcount == 1


def get(tx: Connection, lease_id: str) -> Lease | None:
    """Find a lease.

    Args:
        tx: Any connection.
        lease_id: 32 hex digits.

    Returns:
        The lease, or None.
    """
    return next(iter(found(tx, LEASES.c.id == lease_id, limit=1)), None)


def close(tx: Connection, lease_id: str, *, outcome: Outcome, revoke: bool) -> Lease:
    """Keep how the use of credentials ended; the first word counts, saying it again changes nothing.

    Args:
        tx: Transaction of the writer.
        lease_id: Which.
        outcome: "succeeded" or "failed"; "unknown" from whoever gives up waiting for it.
        revoke: Whether there is something to revoke: "issued" becomes "revoking", else "closed".

    Returns:
        The lease.

    Raises:
        RefusedError: "lease_unknown".
    """
    mine = (LEASES.c.id == lease_id) & (LEASES.c.outcome == "")
    tx.execute(update(LEASES).where(mine).values(outcome=outcome))
    open_one = (LEASES.c.id == lease_id) & (LEASES.c.state == "issued")
    tx.execute(update(LEASES).where(open_one).values(state="revoking" if revoke else "closed"))
    return must(tx, lease_id)


def found(tx: Connection, condition: ColumnElement[bool], *, limit: int) -> list[Lease]:
    """List leases, the oldest first.

    Args:
        tx: Any connection.
        condition: Which.
        limit: At most so many.

    Returns:
        The leases.
    """
    rows = tx.execute(select(LEASES).where(condition).order_by(LEASES.c.expires, LEASES.c.id).limit(limit))
    return [_from_row(row) for row in rows.mappings()]


def must(tx: Connection, lease_id: str) -> Lease:
    """Give a lease that has to be there.

    Args:
        tx: Any connection.
        lease_id: 32 hex digits.

    Returns:
        The lease.

    Raises:
        RefusedError: "lease_unknown".
    """
    lease = get(tx, lease_id)
    if lease is None:
        raise refused(
            "lease_unknown",
            f"the lease {lease_id} is unknown",
            "no credentials were given under this name",
            "use the lease id that came with the credentials",
            kind="missing",
        )
    return lease


def _from_row(row: RowMapping) -> Lease:
    return Lease(
        id=row["id"],
        holding=Holding(
            principal=from_columns("principal", row),
            device_key=bytes.fromhex(row["device_key"]),
            project=row["project"],
            app=row["app"],
            team=row["team"],
            environment=row["environment"],
            action=row["action"],
            platform=row["platform"],
            grant_id=row["grant_id"],
        ),
        state=row["state"],
        outcome=row["outcome"],
        created=row["created"],
        expires=row["expires"],
        attempts=row["attempts"],
        retry_at=row["retry_at"],
        handle=json.loads(row["handle"]),
    )
