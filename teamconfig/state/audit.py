"""The audit's rows in the database: the end of the chain, appending, reading, verifying.

Owns the statements over `audit`. Rows are only ever added, and only by the
writer.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from teamconfig.state.chain import GENESIS, Checkpoint, Row, Verdict, verify
from teamconfig.state.tables import AUDIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Dialect

    from teamconfig.state.database import Database

_COLUMNS = tuple(AUDIT.c.keys())
_HEAD = "SELECT sequence, mac, time_ms, epoch FROM audit ORDER BY sequence DESC LIMIT 1"
"""As text, and not built anew for each transaction."""

PAGE = 1000
"""Rows read at a time by `every`."""


def head(tx: Connection) -> Checkpoint:
    """Give the end of the chain.

    Args:
        tx: Any connection; one that is to append must hold the chain's lock.

    Returns:
        What is known of the last row; of row 0, which is not there, if the chain is empty.
    """
    row = tx.exec_driver_sql(_HEAD).first()
    return Checkpoint(0, GENESIS, 0, 0) if row is None else Checkpoint(*row)


def append(tx: Connection, rows: Sequence[Row]) -> None:
    """Add sealed rows to the end of the chain.

    Args:
        tx: Transaction of the writer.
        rows: At least one, in order.
    """
    statement, order = _insertion(tx.dialect)
    if order:
        values: list[Any] = [tuple(getattr(row, name) for name in order) for row in rows]
    else:
        values = [{name: getattr(row, name) for name in _COLUMNS} for row in rows]
    tx.exec_driver_sql(statement, values)


@functools.cache
def _insertion(dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """Write the statement that runs the most only once; with the order of its values, where they have no names."""
    compiled = insert(AUDIT).compile(dialect=dialect)
    return str(compiled), tuple(compiled.positiontup or ())


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
