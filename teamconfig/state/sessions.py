"""Sessions: who is signed in, on which device, with which tokens.

Owns how sessions are made and found; `spending` renews them, `closing` ends
them. Knows tokens by their hash only, and no clock: times come from the caller,
in seconds since 1970. One session is one family of tokens: each refresh makes
its next generation.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import insert, select, update

from teamconfig.identity.principal import Membership, Principal
from teamconfig.state.people import from_columns, to_columns
from teamconfig.state.tables import SESSIONS, SPENT_TOKENS

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

Standing = Literal["live", "expired", "closed"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is kept of a pair of tokens.

    Args:
        access: SHA-256 of the access token in hex, see `proof.token_hash`.
        access_expires: Seconds since 1970.
        refresh: SHA-256 of the refresh token in hex.
        refresh_expires: Seconds since 1970.
    """

    access: str
    access_expires: float
    refresh: str
    refresh_expires: float


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in on one device.

    Args:
        id: 32 hex digits; the family of its tokens.
        principal: Who.
        provider: Name of the provider in the service's configuration.
        device_key: The device's Ed25519 public key, 32 bytes.
        device_name: Name of the machine, for people.
        generation: How often its tokens were renewed.
        access_expires: When the present access token ends, seconds since 1970.
        refresh_expires: When the present refresh token ends.
        membership: What the issuer said of the principal, and when.
        created: When it was opened.
        closed_at: When it was closed, or None.
    """

    id: str
    principal: Principal
    provider: str
    device_key: bytes
    device_name: str
    generation: int
    access_expires: float
    refresh_expires: float
    membership: Membership
    created: float
    closed_at: float | None

    def standing(self, now: float) -> Standing:
        """Tell whether the access token is good.

        Args:
            now: Seconds since 1970.

        Returns:
            "closed" if the session was closed, "expired" if the access token is too old, else "live".
        """
        if self.closed_at is not None:
            return "closed"
        return "expired" if now >= self.access_expires else "live"


def open(  # noqa: A001  # read as sessions.open
    tx: Connection,
    principal: Principal,
    *,
    provider: str,
    device_key: bytes,
    device_name: str,
    membership: Membership,
    tokens: Tokens,
    now: float,
) -> Session:
    """Open a session.

    Args:
        tx: Transaction of the writer.
        principal: Who signed in.
        provider: Name of the provider.
        device_key: The device's Ed25519 public key, 32 bytes.
        device_name: Name of the machine.
        membership: What the issuer says of the principal.
        tokens: Hashes and ends of the tokens that the caller is given.
        now: Seconds since 1970.

    Returns:
        The session, of generation 0.
    """
    session = Session(
        id=secrets.token_hex(16),
        principal=principal,
        provider=provider,
        device_key=device_key,
        device_name=device_name,
        generation=0,
        access_expires=tokens.access_expires,
        refresh_expires=tokens.refresh_expires,
        membership=membership,
        created=now,
        closed_at=None,
    )
    tx.execute(
        insert(SESSIONS),
        {
            "id": session.id,
            **to_columns("principal", principal),
            "provider": provider,
            "device_key": device_key.hex(),
            "device_name": device_name,
            **token_columns(tokens),
            "generation": 0,
            **membership_columns(membership),
            "created": now,
            "closed_at": None,
        },
    )
    return session


def by_access(tx: Connection, access_hash: str) -> Session | None:
    """Find the session of an access token; ask its `standing` before it is used.

    Args:
        tx: Any connection.
        access_hash: As `proof.token_hash` gives it.

    Returns:
        The session, closed and expired ones too; None if no session has this token now.
    """
    return one(tx, SESSIONS.c.access_hash == access_hash)


def by_refresh(tx: Connection, refresh_hash: str) -> Session | None:
    """Find the session of a refresh token, a spent one too, so that the device's proof can be checked before `rotate`.

    Args:
        tx: Any connection.
        refresh_hash: As `proof.token_hash` gives it.

    Returns:
        The session, closed and expired ones too; None if the token was never given out.
    """
    found = one(tx, SESSIONS.c.refresh_hash == refresh_hash)
    if found is not None:
        return found
    spent = select(SPENT_TOKENS.c.session).where(SPENT_TOKENS.c.refresh_hash == refresh_hash).scalar_subquery()
    return one(tx, SESSIONS.c.id == spent)


def has_tokens(tx: Connection, session_id: str, tokens: Tokens) -> bool:
    """Tell whether a session has these tokens now.

    Args:
        tx: Any connection.
        session_id: 32 hex digits.
        tokens: Both count.

    Returns:
        Whether it has.
    """
    same = (SESSIONS.c.access_hash == tokens.access) & (SESSIONS.c.refresh_hash == tokens.refresh)
    return one(tx, (SESSIONS.c.id == session_id) & same) is not None


def get(tx: Connection, session_id: str) -> Session | None:
    """Find a session by its id.

    Args:
        tx: Any connection.
        session_id: 32 hex digits.

    Returns:
        The session, closed and expired ones too; None if it is unknown.
    """
    return one(tx, SESSIONS.c.id == session_id)


def set_membership(tx: Connection, session_id: str, membership: Membership) -> bool:
    """Keep groups that were read again; older ones never replace newer ones.

    Args:
        tx: Transaction of the writer.
        session_id: Which session.
        membership: What the issuer says now.

    Returns:
        Whether it was kept: the session is open and knew nothing newer.
    """
    mine = (
        (SESSIONS.c.id == session_id) & SESSIONS.c.closed_at.is_(None) & (SESSIONS.c.groups_read <= membership.read_at)
    )
    return tx.execute(update(SESSIONS).where(mine).values(membership_columns(membership))).rowcount == 1


def token_columns(tokens: Tokens) -> dict[str, str | float | int]:
    """Give the columns of a pair of tokens.

    Args:
        tokens: The pair.

    Returns:
        Values by column.
    """
    return {
        "access_hash": tokens.access,
        "access_expires": tokens.access_expires,
        "refresh_hash": tokens.refresh,
        "refresh_expires": tokens.refresh_expires,
    }


def membership_columns(membership: Membership) -> dict[str, str | float | int]:
    """Give the columns of what the issuer says of somebody.

    Args:
        membership: What it says.

    Returns:
        Values by column.
    """
    return {
        "groups": json.dumps(sorted(membership.groups)),
        "groups_read": membership.read_at,
        "claims": json.dumps(dict(membership.claims), sort_keys=True),
        "note": membership.note,
        "disabled": int(membership.disabled),
    }


def one(tx: Connection, condition: object) -> Session | None:
    """Find a session.

    Args:
        tx: Any connection.
        condition: Which.

    Returns:
        The session, or None.
    """
    row = tx.execute(select(SESSIONS).where(condition)).mappings().first()  # type: ignore[arg-type]  # any clause
    return None if row is None else _from_row(row)


def must(tx: Connection, session_id: str) -> Session:
    """Give a session whose row was written in this transaction.

    Args:
        tx: Transaction of the writer.
        session_id: 32 hex digits.

    Returns:
        The session.
    """
    session = get(tx, session_id)
    assert session is not None  # noqa: S101  # its row was updated in this transaction
    return session


def _from_row(row: RowMapping) -> Session:
    return Session(
        id=row["id"],
        principal=from_columns("principal", row),
        provider=row["provider"],
        device_key=bytes.fromhex(row["device_key"]),
        device_name=row["device_name"],
        generation=row["generation"],
        access_expires=row["access_expires"],
        refresh_expires=row["refresh_expires"],
        membership=Membership(
            groups=frozenset(json.loads(row["groups"])),
            read_at=row["groups_read"],
            claims=json.loads(row["claims"]),
            disabled=bool(row["disabled"]),
            note=row["note"],
        ),
        created=row["created"],
        closed_at=row["closed_at"],
    )
