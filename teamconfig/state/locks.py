"""Locks: who is shut out, why, and until when.

Owns the statements over `locks`. Knows no clock: times come from the caller,
in seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, insert, or_, select, update

from teamconfig.state.errors import refused
from teamconfig.state.people import from_columns, to_columns
from teamconfig.state.tables import LOCKS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from teamconfig.identity.principal import Principal

Kind = Literal["user", "team", "project", "device"]
KINDS: tuple[Kind, ...] = ("user", "team", "project", "device")
"""What can be locked."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Somebody or something that is shut out.

    Args:
        kind: "user", "team", "project" or "device".
        subject: A user's "issuer|subject", a device key in hex, or a name.
        reason: Why, for people.
        until: Seconds since 1970; None for until it is removed.
        by: Who locked.
        created: Seconds since 1970.
    """

    kind: Kind
    subject: str
    reason: str
    until: float | None
    by: Principal
    created: float


def put(
    tx: Connection, kind: str, subject: str, *, reason: str, until: float | None, by: Principal, now: float
) -> Lock:
    """Lock, or change a lock that is there.

    Args:
        tx: Transaction of the writer.
        kind: "user", "team", "project" or "device".
        subject: As in Lock.
        reason: As in Lock.
        until: As in Lock.
        by: Who locks.
        now: Seconds since 1970.

    Returns:
        The lock.

    Raises:
        RefusedError: "lock_kind": there is no such kind.
    """
    if kind not in KINDS:
        raise refused(
            "lock_kind",
            f"{kind!r} cannot be locked",
            f"one can lock a {', '.join(KINDS)}",
            "name one of these",
            kind="option",
        )
    values = {"reason": reason, "until": until, **to_columns("by", by), "created": now}
    mine = (LOCKS.c.kind == kind) & (LOCKS.c.subject == subject)
    if tx.execute(update(LOCKS).where(mine).values(values)).rowcount == 0:
        tx.execute(insert(LOCKS), {"kind": kind, "subject": subject, **values})
    return Lock(kind, subject, reason, until, by, now)


def remove(tx: Connection, kind: str, subject: str) -> bool:
    """Remove a lock.

    Args:
        tx: Transaction of the writer.
        kind: As in Lock.
        subject: As in Lock.

    Returns:
        Whether there was one.
    """
    return tx.execute(delete(LOCKS).where((LOCKS.c.kind == kind) & (LOCKS.c.subject == subject))).rowcount == 1


def hitting(tx: Connection, subjects: Iterable[tuple[str, str]], *, now: float) -> Lock | None:
    """Find a lock that holds now against one of several.

    Args:
        tx: Any connection; in a transaction of the writer no lock comes between this and what follows.
        subjects: Kind and subject of each.
        now: Seconds since 1970.

    Returns:
        One lock, or None.
    """
    wanted = set(subjects)
    return next((lock for lock in active(tx, now=now) if (lock.kind, lock.subject) in wanted), None)


def active(tx: Connection, *, now: float) -> list[Lock]:
    """List the locks that hold now.

    Args:
        tx: Any connection.
        now: Seconds since 1970.

    Returns:
        The locks, by kind and subject.
    """
    holding = select(LOCKS).where(or_(LOCKS.c.until.is_(None), LOCKS.c.until > now))
    return [
        Lock(row["kind"], row["subject"], row["reason"], row["until"], from_columns("by", row), row["created"])
        for row in tx.execute(holding.order_by(LOCKS.c.kind, LOCKS.c.subject)).mappings()
    ]
