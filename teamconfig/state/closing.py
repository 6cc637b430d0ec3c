"""Sessions end: one, all of somebody, and those that are forgotten.

Owns the statements that end them; `sessions` has the rest. Knows no clock:
times come from the caller, in seconds since 1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from teamconfig.state.tables import SESSIONS, SPENT_TOKENS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.identity.principal import Principal


def close(tx: Connection, session_id: str, *, now: float) -> bool:
    """Close a session.

    Args:
        tx: Transaction of the writer.
        session_id: Which.
        now: Seconds since 1970.

    Returns:
        Whether it was open until now.
    """
    mine = (SESSIONS.c.id == session_id) & SESSIONS.c.closed_at.is_(None)
    return tx.execute(update(SESSIONS).where(mine).values(closed_at=now)).rowcount == 1


def close_all(tx: Connection, principal: Principal, *, now: float) -> int:
    """Close every session of a principal, on all devices.

    Args:
        tx: Transaction of the writer.
        principal: Whose.
        now: Seconds since 1970.

    Returns:
        How many were open until now.
    """
    return close_of(tx, principal.key, now=now)


def close_of(tx: Connection, principal_key: str, *, now: float) -> int:
    """Close every session of somebody who is named by their key, as a lock names them.

    Args:
        tx: Transaction of the writer.
        principal_key: "issuer|subject".
        now: Seconds since 1970.

    Returns:
        How many were open until now.
    """
    theirs = (SESSIONS.c.principal_key == principal_key) & SESSIONS.c.closed_at.is_(None)
    return tx.execute(update(SESSIONS).where(theirs).values(closed_at=now)).rowcount


def prune(tx: Connection, *, before: float) -> int:
    """Forget sessions whose refresh token ended long ago, and their spent tokens.

    Args:
        tx: Transaction of the writer.
        before: Seconds since 1970; what ended earlier goes.

    Returns:
        How many sessions went.
    """
    old = select(SESSIONS.c.id).where(SESSIONS.c.refresh_expires < before)
    tx.execute(delete(SPENT_TOKENS).where(SPENT_TOKENS.c.session.in_(old)))
    return tx.execute(delete(SESSIONS).where(SESSIONS.c.refresh_expires < before)).rowcount
