"""The audit's rows in the database: the end of the chain, appending, reading, verifying.

Owns the statements over `audit`. Rows are only ever added, and only by the
writer.
"""

from __future__ import annotations

import json
from contextlib import closing
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import sqlite

from teamconfig.state.chain import GENESIS, Checkpoint, Row, Verdict, verify
from teamconfig.state.tables import AUDIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from teamconfig.state.database import Database

_COLUMNS = tuple(AUDIT.c.keys())
_values = attrgetter(*_COLUMNS)

CHAIN_LOCK = 0x57505331
"""Advisory lock of PostgreSQL that is held by whoever appends to the audit."""

_HEAD = "SELECT sequence, mac, time_ms, epoch FROM audit ORDER BY sequence DESC LIMIT 1"
"""As text, and not built anew for each transaction."""

_LOCK_AND_HEAD = f"SELECT pg_advisory_xact_lock({CHAIN_LOCK}); {_HEAD}"
"""PostgreSQL's, in one journey: whoever waits for it has the interpreter taken away, and must get it back."""

_INSERT = str(insert(AUDIT).compile(dialect=sqlite.dialect()))
"""SQLite's."""

_INSERT_ALL = "INSERT INTO audit SELECT * FROM json_populate_recordset(NULL::audit, %s::json)"
"""PostgreSQL's: all rows by one value, which is less work for both than one statement for each row."""

PAGE = 1000
"""Rows read at a time by `every`."""


def head(tx: Connection) -> Checkpoint:
    """Give the end of the chain.

    Args:
        tx: Any connection; one that is to append asks `locked_head`.

    Returns:
        What is known of the last row; of row 0, which is not there, if the chain is empty.
    """
    return _checkpoint(tx.exec_driver_sql(_HEAD).first())


def locked_head(tx: Connection) -> Checkpoint:
    """Make a transaction the only one that appends to the chain, on any machine, until it ends.

    Args:
        tx: Transaction of the writer.

    Returns:
        The end of the chain, as of `head`.
    """
    if tx.dialect.name != "postgresql":
        return head(tx)
    with closing(tx.exec_driver_sql(_LOCK_AND_HEAD)) as answers:
        answers.cursor.nextset()  # of the second statement, which began when the first had the lock
        return _checkpoint(answers.cursor.fetchone())


def _checkpoint(row: Sequence[Any] | None) -> Checkpoint:
    return Checkpoint(0, GENESIS, 0, 0) if row is None else Checkpoint(*row)


def append(tx: Connection, rows: Sequence[Row]) -> None:
    """Add sealed rows to the end of the chain.

    Args:
        tx: Transaction of the writer.
        rows: At least one, in order.
    """
    values = [_values(row) for row in rows]
    if tx.dialect.name == "postgresql":
        named = json.dumps([dict(zip(_COLUMNS, each, strict=True)) for each in values])
        tx.exec_driver_sql(_INSERT_ALL, (named,))
    else:
        tx.exec_driver_sql(_INSERT, values)


def read(
    tx: Connection,
    *,
    after: int = 0,
    limit: int = 100,
    teams: Iterable[str] | None = None,
    principal: tuple[str, str] | None = None,
    project: str = "",
    action: str = "",
    outcome: str = "",
) -> list[Row]:
    """Read rows, oldest first.

    Args:
        tx: Any connection.
        after: Sequence of the last row of the page before.
        limit: At most so many.
        teams: Of these teams only; None for all.
        principal: Issuer and subject of one caller; with `teams`, rows of either are given.
        project: Of this project only, if not empty.
        action: Of this action only, if not empty.
        outcome: Of this outcome only, if not empty.

    Returns:
        The rows; fewer than `limit` on the last page.
    """
    query = select(AUDIT).where(AUDIT.c.sequence > after)
    for column, value in ((AUDIT.c.project, project), (AUDIT.c.action, action), (AUDIT.c.outcome, outcome)):
        if value:
            query = query.where(column == value)
    seen: ColumnElement[bool] | None = None if teams is None else AUDIT.c.team.in_(sorted(teams))
    if principal is not None:
        own = (AUDIT.c.issuer == principal[0]) & (AUDIT.c.subject == principal[1])
        seen = own if seen is None else seen | own
    if seen is not None:
        query = query.where(seen)
    found = tx.execute(query.order_by(AUDIT.c.sequence).limit(limit)).mappings()
    return [Row(**row) for row in found]


def every(database: Database) -> Iterator[Row]:
    """Give all rows, oldest first, without keeping them.

    Args:
        database: Open.

    Yields:
        The rows that were there when the last page was read.
    """
    after = 0
    while True:
        with database.reading() as tx:
            rows = read(tx, after=after, limit=PAGE)
        yield from rows
        if len(rows) < PAGE:
            return
        after = rows[-1].sequence


def check(
    database: Database, key: bytes, checkpoints: Iterable[Checkpoint], *, without_checkpoints: bool = False
) -> Verdict:
    """Verify the chain in the database.

    Args:
        database: Open.
        key: Of the chain.
        checkpoints: Read before this call, so that no row is younger in them than in the database.
        without_checkpoints: As of `chain.verify`.

    Returns:
        Whether it is whole.
    """
    return verify(every(database), key, checkpoints, without_checkpoints=without_checkpoints)
