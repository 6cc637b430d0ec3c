"""The one thread that changes the database: changes in, each with its audit row, answers out after the commit.

Owns the queue, the order of changes, and what a caller is told when the
database is away. What is in a transaction is `batch`'s.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from concurrent.futures import Future, InvalidStateError
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import exc

from teamconfig.errors import Problem
from teamconfig.identity.principal import Principal
from teamconfig.state.batch import Ledger, Unit
from teamconfig.state.chain import KEY_BYTES
from teamconfig.state.errors import BusyError, StateError, UnavailableError
from teamconfig.state.events import Event, Outcome
from teamconfig.state.faults import is_about_database, translate

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from teamconfig.state.chain import Checkpoint
    from teamconfig.state.database import Database

__all__ = ["Event", "Outcome", "Writer"]

QUEUE_SECONDS = 1.0
"""A change that waits longer is not begun, unless the database has answered in this time: then it waits twice that."""

ANSWER_SECONDS = 1.9
"""Nobody waits longer; a transaction that takes longer is broken off."""

GATHER_SECONDS = 0.001
"""How long it waits for more changes, for each that came the last time: measured, a third more calls a second."""

GATHER_MOST_SECONDS = 0.012

FEW = 64
"""Changes beyond which nothing is waited for."""

PROBE_SECONDS = 1.0
"""How often a database that was away is looked for."""

_WATCH_SECONDS = 0.05

Result = TypeVar("Result")


class Writer:
    """Takes changes from any thread and makes them in one.

    Args:
        database: Open and upgraded.
        key: Of the audit's chain, at least 32 bytes.
        newest: Newest checkpoint that is kept elsewhere, or None: the database must have its row.
        on_commit: Called in the writer's thread with the audit's new end, after each commit.
        queue_limit: How many changes may wait.
        batch_limit: How many changes share a transaction.

    Raises:
        ValueError: The key is too short.
        UnavailableError: The database is away.
        DamagedError: The audit lacks the row of the newest checkpoint.
    """

    def __init__(
        self,
        database: Database,
        key: bytes,
        *,
        newest: Checkpoint | None = None,
        on_commit: Callable[[Checkpoint], None] | None = None,
        queue_limit: int = 512,
        batch_limit: int = 256,
    ) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the key of the audit has {len(key)} bytes, at least {KEY_BYTES} are needed")
        self._database = database
        try:
            self._ledger = Ledger(database, key, newest)
        except exc.SQLAlchemyError as error:
            raise translate(error, database.name) from error
        self._on_commit = on_commit
        self._queue_limit = queue_limit
        self._batch_limit = batch_limit
        self._problem = ""
        self._queue: deque[Unit] = deque()
        self._running: list[Unit] = []
        self._size = 0
        self._begun = 0.0
        self._succeeded = time.monotonic()
        self._is_committing = False
        self._is_aborted = False
        self._is_given_up = False
        self._is_closing = False
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._write, name="state-writer", daemon=True),
            threading.Thread(target=self._watch, name="state-watch", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def problem(self) -> str:
        """What keeps changes from being made; empty if all is well."""
        return self._problem

    @property
    def epoch(self) -> int:
        """Number of this writer, which is in its rows: one more than of any before."""
        return self._ledger.epoch

    @property
    def waiting(self) -> int:
        """How many changes wait."""
        return len(self._queue)

    def submit(
        self, change: Callable[[Connection], Result], event: Callable[[Result | Exception], Event]
    ) -> Future[Result]:
        """Make a change and its audit row in one transaction.

        Args:
            change: Does its writes by the connection that it is given, and nothing else; may be run again after a
                rollback. Raises RefusedError to take them back; the audit row is still written.
            event: Gives the audit row from what `change` returned or raised. If it raises, nothing is written.

        Returns:
            Done after the commit: with the change's result, or its error. UnavailableError if it was not committed
            within two seconds; its `unknown` tells whether it may be all the same. BusyError if it waited as long
            behind others.

        Raises:
            BusyError: Too many changes wait.
            UnavailableError: The writer is closing.
        """
        future: Future[Result] = Future()
        unit = Unit(change, event, future, time.monotonic())
        with self._changed:
            if self._is_closing:
                raise _closing(self._database.name)
            if len(self._queue) >= self._queue_limit:
                raise _busy(len(self._queue), self._database.name)
            self._queue.append(unit)
            self._changed.notify()
        return future

    def record(self, event: Event) -> Future[None]:
        """Write an audit row alone.

        Args:
            event: The row.

        Returns:
            Done after the commit, as of `submit`.

        Raises:
            BusyError: As of `submit`.
            UnavailableError: As of `submit`.
        """
        return self.submit(_nothing, lambda _: event)

    def close(self) -> None:
        """Make the changes that wait, then end the threads."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        """Be the thread that writes."""
        try:
            while True:
                self._gather()
                batch = self._take()
                self._size = len(batch)
                if batch:
                    self._make(batch)
                elif self._is_closing and not self._queue:
                    return
                elif self._problem:
                    self._probe()
        finally:
            self._ended.set()

    def _gather(self) -> None:
        """Let more changes come while several come at a time: a transaction costs a sync, and as much as five rows."""
        if self._size > 1 and 0 < len(self._queue) < FEW and not self._is_closing:
            time.sleep(min(GATHER_MOST_SECONDS, GATHER_SECONDS * self._size))

    def _take(self) -> list[Unit]:
        """Wait for changes; give none where there is something else to do."""
        with self._changed:
            if not self._queue and not self._is_closing:
                self._changed.wait(PROBE_SECONDS if self._problem else None)
            count = min(len(self._queue), self._batch_limit)
            batch = [self._queue.popleft() for _ in range(count)]
            self._running = [unit for unit in batch if _is_wanted(unit)]
            self._begun = time.monotonic()
            self._is_committing = self._is_aborted = self._is_given_up = False
            return self._running

    def _make(self, batch: list[Unit]) -> None:
        try:
            answers = self._ledger.commit(batch, self._note_commit)
        except Exception as error:  # noqa: BLE001  # the thread must live, and nobody may wait for ever
            self._release([])
            failure = self._explain(error)
            for unit in batch:
                _answer(unit, None, failure)
            return
        self._succeeded = time.monotonic()
        self._release(batch[len(answers) :])
        self._problem = ""
        for unit, answer in zip(batch, answers, strict=False):
            _answer(unit, answer.result, answer.error)
        if self._on_commit and self._ledger.last.sequence:
            self._tell(self._on_commit)

    def _tell(self, on_commit: Callable[[Checkpoint], None]) -> None:
        try:
            on_commit(self._ledger.last)
        except Exception as error:  # noqa: BLE001  # the rows are on disk: who is told of it cannot undo them
            self._problem = f"what follows a commit failed: {type(error).__name__}"

    def _probe(self) -> None:
        """Look whether the database is well again, though nobody asks."""
        nobody = Principal("", "")
        try:
            self._ledger.probe(Event(time=0.0, principal=nobody, action="probe", outcome="failed"))
        except Exception as error:  # noqa: BLE001  # as in _make
            self._explain(error)
        else:
            self._problem = ""

    def _explain(self, error: Exception) -> StateError:
        """Keep what is wrong, and give it as the callers see it."""
        unknown = self._is_committing and is_about_database(error)
        failure = translate(error, self._database.name, unknown=unknown)
        if error is not failure:
            failure.__cause__ = error
        self._problem = failure.problem.why
        return failure

    def _note_commit(self) -> None:
        """Go on to the commit, unless somebody was told that their change is not made."""
        with self._changed:
            if self._is_given_up:
                raise self._late(unknown=False)
            self._is_committing = True

    def _release(self, rest: list[Unit]) -> None:
        """End a transaction; changes that it had no time for go first in the next."""
        with self._changed:
            self._running = []
            self._queue.extendleft(reversed(rest))

    def _watch(self) -> None:
        """Be the thread that answers for a writer that is stuck."""
        while not self._ended.wait(_WATCH_SECONDS):
            now = time.monotonic()
            late: list[tuple[Unit, StateError]] = []
            with self._changed:
                is_well = now - self._succeeded < QUEUE_SECONDS
                while self._queue and now - self._queue[0].submitted > (ANSWER_SECONDS if is_well else QUEUE_SECONDS):
                    told = _busy(len(self._queue), self._database.name) if is_well else self._late(unknown=False)
                    late.append((self._queue.popleft(), told))
                for unit in self._running:
                    patience = self._begun - unit.submitted + ANSWER_SECONDS - QUEUE_SECONDS
                    if now - unit.submitted > max(patience, ANSWER_SECONDS):
                        late.append((unit, self._late(unknown=self._is_committing)))
                        self._is_given_up = True
                is_stuck = bool(self._running) and now - self._begun > ANSWER_SECONDS and not self._is_aborted
                self._is_aborted = self._is_aborted or is_stuck
            if is_stuck:
                self._database.abort()
            for unit, error in late:
                _answer(unit, None, error)

    def _late(self, *, unknown: bool) -> UnavailableError:
        self._problem = self._problem or "it does not answer in time"
        what = "the database is not available"
        if unknown:
            what += "; the change may have been made"
        fix = "try again in a few seconds; if it lasts, ask who runs the service"
        return UnavailableError(Problem(what, self._problem, fix, self._database.name), unknown=unknown)


def _nothing(_tx: Connection) -> None:
    """Change nothing."""


def _is_wanted(unit: Unit) -> bool:
    """Tell whether somebody still waits for a change."""
    if unit.future.running():
        return True
    return not unit.future.done() and unit.future.set_running_or_notify_cancel()


def _answer(unit: Unit, result: object, error: Exception | None) -> None:
    """Tell who waits, unless they were told before."""
    with contextlib.suppress(InvalidStateError):
        if error is not None:
            unit.future.set_exception(error)
        else:
            unit.future.set_result(result)


def _closing(name: str) -> UnavailableError:
    problem = Problem("the change is not taken", "the service is stopping", "try again in a few seconds", name)
    return UnavailableError(problem, "closing")


def _busy(count: int, name: str) -> BusyError:
    problem = Problem("the change is not taken", f"{count} others wait", "try again in a second", name)
    return BusyError(problem, "busy")
