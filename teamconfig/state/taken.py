"""Which revision of the standards was taken last, and its serial, so that all replicas and restarts agree.

Owns the entry "revision" of `meta`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from teamconfig.state.tables import META

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ENTRY = "revision"


@dataclass(frozen=True, slots=True)
class Taken:
    """A revision that was taken.

    Args:
        name: "git:1f0c6a2b9d3e" or "dir:...".
        commit: Full name in git; empty for a directory.
        serial: From 1; one more than that of the revision before.
    """

    name: str
    commit: str
    serial: int


def last(tx: Connection) -> Taken | None:
    """Give the revision that was taken last; None if none was ever."""
    row = tx.execute(select(META.c.value).where(META.c.name == _ENTRY)).first()
    return None if row is None else Taken(**json.loads(row[0]))


def take(tx: Connection, name: str, commit: str) -> Taken:
    """Note that a revision is taken; the one that was taken last keeps its serial.

    Args:
        tx: Transaction of the writer.
        name: Of the revision.
        commit: Full name in git, or empty.

    Returns:
        The revision with its serial.
    """
    before = last(tx)
    if before is not None and before.name == name:
        return before
    now = Taken(name, commit, before.serial + 1 if before is not None else 1)
    value = json.dumps({"name": now.name, "commit": now.commit, "serial": now.serial})
    if before is None:
        tx.execute(insert(META), {"name": _ENTRY, "value": value})
    else:
        tx.execute(update(META).where(META.c.name == _ENTRY).values(value=value))
    return now
