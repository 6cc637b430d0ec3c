"""Grants: one-use rights to do one action with one image in one environment.

Owns what a grant is, and how it is found; how it changes is `granting`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Literal

from sqlalchemy import select

from teamconfig.state.people import from_columns
from teamconfig.state.tables import APPROVALS, GRANTS, LEASES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, RowMapping

    from teamconfig.identity.principal import Principal

State = Literal["requested", "approved", "redeemed", "expired", "refused"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a grant is for.

    Args:
        project: Of the target.
        app: Of the target.
        workspace: Of the target, as it was asked for.
        team: Whose project it is.
        environment: What the workspace means.
        action: "promote", "deploy", "destroy" ...
        digest: "sha256:" and 64 hex digits.
        plan_hash: SHA-256 in hex of what will be applied; empty if it is not known yet.
        revision: Of the standards that it was decided by.
        stanzas_hash: SHA-256 in hex of the options of waypoint.hcl that it was decided with.
    """

    project: str
    app: str
    workspace: str
    team: str
    environment: str
    action: str
    digest: str
    plan_hash: str = ""
    revision: str = ""
    stanzas_hash: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A right that was asked for, and how far it is.

    Args:
        id: 32 hex digits, for people and calls.
        jti: 32 hex digits, of the token.
        requester: Who asked.
        wanted: What for.
        stored: State as it is kept; see `state`, which knows the time.
        reason: Why it was refused.
        approvals_wanted: How many others have to approve.
        approvers: Who did, in order.
        idempotency_key: The requester's name for the request.
        created: Seconds since 1970.
        expires: When it ends unused.
        redeemed_at: When it was used, or None.
    """

    id: str
    jti: str
    requester: Principal
    wanted: Wanted
    stored: State
    reason: str
    approvals_wanted: int
    approvers: tuple[Principal, ...]
    idempotency_key: str
    created: float
    expires: float
    redeemed_at: float | None

    @property
    def makers(self) -> tuple[str, ...]:
        """Give whose own waivers do not count for it: who asked, or who approved what a job has asked for."""
        if self.requester.kind == "person":
            return (self.requester.maker,)
        return tuple(one.maker for one in self.approvers)

    def state(self, now: float) -> State:
        """Tell how far it is.

        Args:
            now: Seconds since 1970.

        Returns:
            As kept, or "expired" if it waited too long.
        """
        return "expired" if self.stored in {"requested", "approved"} and now >= self.expires else self.stored


def get(tx: Connection, grant_id: str) -> Grant | None:
    """Find a grant by its id.

    Args:
        tx: Any connection.
        grant_id: 32 hex digits.

    Returns:
        The grant with its approvers, or None.
    """
    return one(tx, GRANTS.c.id == grant_id)


def by_jti(tx: Connection, jti: str) -> Grant | None:
    """Find a grant by its token's id.

    Args:
        tx: Any connection.
        jti: 32 hex digits.

    Returns:
        The grant with its approvers, or None.
    """
    return one(tx, GRANTS.c.jti == jti)


def redeemed(
    tx: Connection,
    project: str,
    app: str,
    environment: str,
    digest: str,
    *,
    by: Principal | None = None,
    since: float = 0.0,
) -> Grant | None:
    """Find the grant that was redeemed last for an image in an environment.

    Args:
        tx: Any connection.
        project: Of the target.
        app: Of the target.
        environment: Where.
        digest: Of the image.
        by: Who asked for it, or has used it; None for anybody.
        since: Not used before, seconds since 1970.

    Returns:
        The grant with its approvers, or None.
    """
    place = (GRANTS.c.project == project) & (GRANTS.c.app == app) & (GRANTS.c.environment == environment)
    used = place & (GRANTS.c.digest == digest) & (GRANTS.c.state == "redeemed") & (GRANTS.c.action != "destroy")
    used &= GRANTS.c.redeemed_at >= since
    if by is not None:
        leased = select(LEASES.c.grant_id).where(
            (LEASES.c.grant_id == GRANTS.c.id) & (LEASES.c.principal_key == by.key)
        )
        used &= (GRANTS.c.requester_key == by.key) | leased.exists()
    found = select(GRANTS.c.id).where(used).order_by(GRANTS.c.redeemed_at.desc(), GRANTS.c.id).limit(1)
    grant_id = tx.execute(found).scalar()
    return get(tx, grant_id) if grant_id is not None else None


def one(tx: Connection, condition: ColumnElement[bool]) -> Grant | None:
    """Find a grant.

    Args:
        tx: Any connection.
        condition: Which.

    Returns:
        The grant with its approvers, or None.
    """
    row = tx.execute(select(GRANTS).where(condition)).mappings().first()
    if row is None:
        return None
    approvals = select(APPROVALS).where(APPROVALS.c.grant_id == row["id"]).order_by(APPROVALS.c.number)
    return _from_row(row, tuple(from_columns("principal", found) for found in tx.execute(approvals).mappings()))


def must(tx: Connection, condition: ColumnElement[bool]) -> Grant:
    """Give a grant whose row was written in this transaction.

    Args:
        tx: Transaction of the writer.
        condition: Which.

    Returns:
        The grant with its approvers.
    """
    grant = one(tx, condition)
    assert grant is not None  # noqa: S101  # its row was written in this transaction
    return grant


def _from_row(row: RowMapping, approvers: tuple[Principal, ...]) -> Grant:
    return Grant(
        id=row["id"],
        jti=row["jti"],
        requester=from_columns("requester", row),
        wanted=Wanted(**{column.name: row[column.name] for column in fields(Wanted)}),
        stored=row["state"],
        reason=row["reason"],
        approvals_wanted=row["approvals_wanted"],
        approvers=approvers,
        idempotency_key=row["idempotency_key"],
        created=row["created"],
        expires=row["expires"],
        redeemed_at=row["redeemed_at"],
    )
