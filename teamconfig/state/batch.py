"""Changes that share one transaction, each with its audit row.

Owns what happens to one change when another fails, and where the chain goes on.
Two ways: quick, without savepoints, which has to be given up when a change
that wrote something is taken back; and careful, with a savepoint for each.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import exc, insert, select, update

from teamconfig.state import audit
from teamconfig.state.chain import Checkpoint, Row, seal
from teamconfig.state.database import DIRTY
from teamconfig.state.errors import RefusedError
from teamconfig.state.events import Event, to_values
from teamconfig.state.faults import damaged, is_about_database, translate
from teamconfig.state.tables import AUDIT, META

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from teamconfig.state.database import Database


BATCH_SECONDS = 0.5
"""A transaction that has lasted so long takes no more changes: on a slow machine they get fewer, not later."""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One change on its way.

    Args:
        change: Does the writes.
        event: Gives the audit row.
        future: Who waits.
        submitted: Seconds of the monotonic clock.
    """

    change: Callable[[Connection], Any]
    event: Callable[[Any], Event]
    future: Future[Any]
    submitted: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a change.

    Args:
        result: What it returned.
        error: What it raised, or None.
        values: Of its audit row; None if there is none, as its event could not be made.
    """

    result: Any
    error: Exception | None
    values: dict[str, Any] | None

    @property
    def is_kept(self) -> bool:
        """Whether its writes stay."""
        if self.values is None:
            return False
        return self.error is None or (isinstance(self.error, RefusedError) and self.error.keep)


class _AgainError(Exception):
    """The quick way does not do."""


class Ledger:
    """Makes batches of changes, and goes on with the chain.

    Args:
        database: Open and upgraded.
        key: Of the chain.
        newest: Newest checkpoint that is known elsewhere, or None.

    Raises:
        DamagedError: The database lacks the row that the checkpoint saw.
        sqlalchemy.exc.SQLAlchemyError: The database is away.
    """

    def __init__(self, database: Database, key: bytes, newest: Checkpoint | None) -> None:
        self._database = database
        self._key = key
        self.last = Checkpoint(0, "", 0, 0)
        with database.writing() as tx:
            audit.locked_head(tx)
            _require(tx, newest, database.name)
            self.epoch = _count_up(tx, "epoch")

    def commit(self, units: Sequence[Unit], committing: Callable[[], None]) -> list[Answer]:
        """Make changes and their audit rows in one transaction.

        Args:
            units: At least one.
            committing: Called just before the commit.

        Returns:
            One answer per unit, in order; all are on disk. Fewer than there are units if time ran out: the last ones
            have not been begun.

        Raises:
            DamagedError: Rows that were there are gone.
            sqlalchemy.exc.SQLAlchemyError: Nothing was made, unless the commit was sent.
        """
        try:
            return self._commit(units, committing, _quick)
        except _AgainError:
            return self._commit(units, committing, _careful)

    def _commit(
        self,
        units: Sequence[Unit],
        committing: Callable[[], None],
        make: Callable[[Connection, Unit, str], Answer],
    ) -> list[Answer]:
        answers: list[Answer] = []
        rows: list[Row] = []
        ends = time.monotonic() + BATCH_SECONDS
        with self._database.writing() as tx:
            head = self._head(tx)
            sequence, previous = head.sequence, head.mac
            for unit in units:
                answer = make(tx, unit, self._database.name)
                answers.append(answer)
                if answer.values is not None:
                    sequence += 1
                    row = seal(answer.values, self._key, sequence=sequence, epoch=self.epoch, previous=previous)
                    previous = row.mac
                    rows.append(row)
                if time.monotonic() > ends:
                    break
            if rows:
                audit.append(tx, rows)
            committing()
        if rows:
            self.last = Checkpoint(rows[-1].sequence, rows[-1].mac, rows[-1].time_ms, rows[-1].epoch)
        return answers

    def probe(self, event: Event) -> None:
        """Try whether the audit can be written, without adding to it.

        Args:
            event: Of a row that is taken back.

        Raises:
            DamagedError: As of `commit`.
            sqlalchemy.exc.SQLAlchemyError: It cannot be written.
        """
        with self._database.writing() as tx:
            head = self._head(tx)
            row = seal(to_values(event), self._key, sequence=head.sequence + 1, epoch=self.epoch, previous=head.mac)
            savepoint = tx.begin_nested()
            audit.append(tx, [row])
            savepoint.rollback()
            _count_up(tx, "probes")

    def _head(self, tx: Connection) -> Checkpoint:
        head = audit.locked_head(tx)
        if head.sequence < self.last.sequence:
            gone = f"rows {head.sequence + 1} to {self.last.sequence} of the audit are gone"
            raise damaged(self._database.name, gone)
        if head.sequence == self.last.sequence and self.last.sequence and head.mac != self.last.mac:
            raise damaged(self._database.name, f"row {head.sequence} of the audit was replaced")
        return head


def _quick(tx: Connection, unit: Unit, name: str) -> Answer:
    """Make a change without a savepoint; give up if it has to be taken back and has written."""
    tx.info.pop(DIRTY, None)
    answer = _make(tx, unit, name)
    if answer.is_kept:
        return answer
    if DIRTY in tx.info or isinstance(getattr(answer.error, "__cause__", None), exc.DBAPIError):
        raise _AgainError
    return answer


def _careful(tx: Connection, unit: Unit, name: str) -> Answer:
    """Make a change in a savepoint, by statements of our own: SQLAlchemy's cannot go on when a release fails."""
    tx.exec_driver_sql("SAVEPOINT unit")
    answer = _make(tx, unit, name)
    if answer.is_kept:
        try:
            tx.exec_driver_sql("RELEASE SAVEPOINT unit")
        except exc.DBAPIError as error:
            if is_about_database(error):
                raise
            answer = _describe(unit, None, translate(error, name))
        else:
            return answer
    tx.exec_driver_sql("ROLLBACK TO SAVEPOINT unit")
    tx.exec_driver_sql("RELEASE SAVEPOINT unit")
    return answer


def _make(tx: Connection, unit: Unit, name: str) -> Answer:
    try:
        result = unit.change(tx)
    except exc.SQLAlchemyError as error:
        if is_about_database(error):
            raise
        failure = translate(error, name)
        failure.__cause__ = error
        return _describe(unit, None, failure)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is this caller's alone
        return _describe(unit, None, error)
    return _describe(unit, result, None)


def _describe(unit: Unit, result: Any, error: Exception | None) -> Answer:
    try:
        return Answer(result, error, to_values(unit.event(result if error is None else error)))
    except Exception as broken:  # noqa: BLE001  # as above; without a row there is no change
        return Answer(None, broken, None)


def _require(tx: Connection, newest: Checkpoint | None, name: str) -> None:
    if newest is None:
        return
    mac = tx.execute(select(AUDIT.c.mac).where(AUDIT.c.sequence == newest.sequence)).scalar()
    if mac != newest.mac:
        state = "lacks" if mac is None else "has another"
        raise damaged(name, f"the audit {state} row {newest.sequence}, which a checkpoint saw")


def _count_up(tx: Connection, name: str) -> int:
    """Give the next number of a counter in `meta`, from 1."""
    before = tx.execute(select(META.c.value).where(META.c.name == name)).scalar()
    number = int(before or 0) + 1
    if before is None:
        tx.execute(insert(META), {"name": name, "value": str(number)})
    else:
        tx.execute(update(META).where(META.c.name == name).values(value=str(number)))
    return number
