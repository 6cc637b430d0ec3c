"""Leases that have to end before their time, and those of which nobody said how they ended.

Owns the statements over `leases` for who tidies up; `leases` has the rest.
Knows no clock: times come from the caller, in seconds since 1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, update

from teamconfig.state import leases
from teamconfig.state.errors import refused
from teamconfig.state.tables import LEASES

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from teamconfig.state.leases import Lease

SUBJECTS: dict[str, ColumnElement[str]] = {
    "user": LEASES.c.principal_key,
    "team": LEASES.c.team,
    "project": LEASES.c.project,
    "device": LEASES.c.device_key,
}
"""By which column a lock of a kind hits leases."""


def revoke(tx: Connection, kind: str, subject: str) -> int:
    """Have all leases revoked that a lock hits.

    Args:
        tx: Transaction of the writer.
        kind: "user", "team", "project" or "device".
        subject: As of a lock.

    Returns:
        How many were issued until now.

    Raises:
        RefusedError: "lock_kind": there is no such kind.
    """
    column = SUBJECTS.get(kind)
    if column is None:
        raise refused(
            "lock_kind",
            f"leases of a {kind!r} cannot be revoked",
            f"they go by {', '.join(SUBJECTS)}",
            "name one of these",
            kind="option",
        )
    hit = (column == subject) & (LEASES.c.state == "issued")
    return tx.execute(update(LEASES).where(hit).values(state="revoking")).rowcount


def due(tx: Connection, *, now: float, limit: int = 100) -> list[Lease]:
    """List leases to revoke now: those asked for, and those past their end whose objects remain.

    Args:
        tx: Any connection.
        now: Seconds since 1970.
        limit: At most so many.

    Returns:
        Leases "revoking" whose time to try has come, and "issued" ones that have ended; oldest end first.
    """
    asked = (LEASES.c.state == "revoking") & (LEASES.c.retry_at <= now)
    ended = (LEASES.c.state == "issued") & (LEASES.c.expires <= now)
    return leases.found(tx, or_(asked, ended), limit=limit)


def revoked(tx: Connection, lease_id: str) -> bool:
    """Keep that credentials were revoked, or had ended and their objects are gone.

    Args:
        tx: Transaction of the writer.
        lease_id: Which.

    Returns:
        Whether it was "issued" or "revoking" until now.
    """
    live = (LEASES.c.id == lease_id) & LEASES.c.state.in_(["issued", "revoking"])
    return tx.execute(update(LEASES).where(live).values(state="revoked")).rowcount == 1


def revoke_failed(tx: Connection, lease_id: str, *, retry_at: float, give_up: bool) -> Lease:
    """Keep that revoking failed.

    Args:
        tx: Transaction of the writer.
        lease_id: Which.
        retry_at: When to try again, seconds since 1970.
        give_up: Make it "irrevocable", for people to look at.

    Returns:
        The lease, with one attempt more.

    Raises:
        RefusedError: "lease_unknown".
    """
    live = (LEASES.c.id == lease_id) & LEASES.c.state.in_(["issued", "revoking"])
    state = "irrevocable" if give_up else "revoking"
    tx.execute(update(LEASES).where(live).values(state=state, attempts=LEASES.c.attempts + 1, retry_at=retry_at))
    return leases.must(tx, lease_id)


def unknown_outcome(tx: Connection, *, now: float, limit: int = 100) -> list[Lease]:
    """List leases that ended without a word of how: the holder, or the service, may have died.

    Args:
        tx: Any connection.
        now: Seconds since 1970.
        limit: At most so many.

    Returns:
        Leases past their end with no outcome, oldest first. `close` with "unknown" settles one.
    """
    return leases.found(tx, (LEASES.c.outcome == "") & (LEASES.c.expires <= now), limit=limit)
