"""The writer: every change has its row, refused ones too, and nobody is answered before the commit."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import wait
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, text

from teamconfig.identity.principal import Membership, Principal
from teamconfig.state import audit, projects, sessions, spending
from teamconfig.state import database as databases
from teamconfig.state.chain import Checkpoint
from teamconfig.state.errors import BusyError, DamagedError, RefusedError, StateError, UnavailableError, refused
from teamconfig.state.tables import META
from teamconfig.state.writer import Event, Writer

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from teamconfig.state.chain import Row
    from teamconfig.state.database import Database
    from teamconfig.state.events import Outcome

ANNA = Principal("https://issuer.example", "anna", "Anna")


def described(request: str) -> Callable[[object], Event]:
    """Give the audit row of a call."""

    def describe(result: object) -> Event:
        outcome: Outcome = "allowed"
        reason = ""
        if isinstance(result, Exception):
            outcome = "denied" if isinstance(result, RefusedError) else "failed"
            reason = getattr(result, "reason", type(result).__name__)
        return Event(
            time=1700000000.25, principal=ANNA, action="register", outcome=outcome, reason=reason, request_id=request
        )

    return describe


def registering(name: str, then: Exception | None = None) -> Callable[[Connection], str]:
    """Give the change that registers a project, and raises afterwards if it is to."""

    def change(tx: Connection) -> str:
        projects.register(tx, name, team="t", remote="r", by=ANNA, now=1.0)
        if then is not None:
            raise then
        return name

    return change


def rows(database: Database) -> list[Row]:
    """Give all audit rows."""
    return list(audit.every(database))


def names(database: Database) -> set[str]:
    """Give the names of all projects."""
    with database.reading() as tx:
        return {project.name for project in projects.page(tx, limit=100000)}


def no() -> RefusedError:
    """Make a refusal."""
    return refused("no_role", "what", "why", "fix")


def test_a_change_and_its_row_are_there_when_it_is_answered(database: Database, writer: Writer, key: bytes) -> None:
    """The answer comes with the change's result, and both the change and its row are in the database."""
    assert writer.submit(registering("shop"), described("r1")).result() == "shop"
    assert names(database) == {"shop"}
    (row,) = rows(database)
    assert (row.sequence, row.outcome, row.request_id, row.time_ms) == (1, "allowed", "r1", 1700000000250)
    assert (row.subject, row.epoch) == ("anna", writer.epoch)
    assert audit.check(database, key, [], without_checkpoints=True).intact


@pytest.mark.parametrize("then", [no(), ValueError("x")])
def test_a_refused_change_is_taken_back_and_its_row_stays(database: Database, writer: Writer, then: Exception) -> None:
    """A change that raises is undone alone, its row says so, and its caller gets its very error."""
    with writer_held(writer):
        futures = [
            writer.submit(registering("a"), described("r1")),
            writer.submit(registering("b", then), described("r2")),
            writer.submit(registering("c"), described("r3")),
        ]
    assert [type(future.exception()) for future in futures] == [type(None), type(then), type(None)]
    assert futures[1].exception() is then
    assert names(database) == {"a", "c"}
    assert [row.outcome != "allowed" for row in rows(database)] == [False, False, True, False]


class writer_held:  # noqa: N801  # used as a block
    """Keep a writer busy with one change, so that those after it share a transaction."""

    def __init__(self, writer: Writer) -> None:
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.writer = writer

    def __enter__(self) -> None:
        def hold(_tx: Connection) -> None:
            self.begun.set()
            self.gate.wait(10)

        self.first = self.writer.submit(hold, described("hold"))
        self.begun.wait(10)

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self.first.result()


def test_a_statement_that_fails_fails_alone(database: Database, writer: Writer) -> None:
    """A change whose statement the database refuses does not take the others with it, nor shows its values."""

    def twice(tx: Connection) -> None:
        for _ in range(2):
            tx.execute(insert(META), {"name": "canary-4711", "value": "x"})

    def wrong(tx: Connection) -> None:
        tx.execute(text("SELECT * FROM no_such_table"))

    with writer_held(writer):
        good = [writer.submit(registering(f"p{number}"), described(f"r{number}")) for number in range(3)]
        bad = [writer.submit(twice, described("b1")), writer.submit(wrong, described("b2"))]
        good += [writer.submit(registering(f"q{number}"), described(f"s{number}")) for number in range(3)]
    assert all(future.exception() is None for future in good)
    for future in bad:
        error = future.exception()
        assert isinstance(error, StateError)
        assert error.reason == "database_refused"
        assert "canary" not in str(error)
    assert len(names(database)) == 6
    assert sum(row.outcome == "failed" for row in rows(database)) == 2
    assert writer.problem == ""


def test_an_error_that_a_change_hides_does_not_hurt_others(database: Database, writer: Writer) -> None:
    """A change that swallows the database's error cannot make others fail."""

    def hide(tx: Connection) -> None:
        with contextlib.suppress(Exception):  # that is the mistake that this is about
            tx.execute(text("SELECT * FROM no_such_table"))

    with writer_held(writer):
        first = writer.submit(registering("a"), described("r1"))
        hidden = writer.submit(hide, described("r2"))
        last = writer.submit(registering("b"), described("r3"))
    wait([first, hidden, last])
    assert (first.exception(), last.exception()) == (None, None)
    assert names(database) == {"a", "b"}


def test_a_refusal_may_keep_what_it_wrote(database: Database, writer: Writer) -> None:
    """A stolen refresh token is refused, and the closing of its session stays."""

    def tokens(number: int) -> sessions.Tokens:
        return sessions.Tokens(f"a{number}", 1e6, f"r{number}", 1e6)

    def sign_in(tx: Connection) -> sessions.Session:
        return sessions.open(
            tx,
            ANNA,
            provider="p",
            device_key=b"",
            device_name="",
            membership=Membership(),
            tokens=tokens(1),
            now=1.0,
        )

    session = writer.submit(sign_in, described("r1")).result()
    writer.submit(lambda tx: spending.rotate(tx, "r1", tokens=tokens(2), now=2.0), described("r2")).result()
    again = writer.submit(lambda tx: spending.rotate(tx, "r1", tokens=tokens(3), now=3.0), described("r3"))
    error = again.exception()
    assert isinstance(error, RefusedError)
    assert error.reason == "refresh_reused"
    with database.reading() as tx:
        found = sessions.get(tx, session.id)
    assert found is not None
    assert found.closed_at == 3.0
    assert [row.reason for row in rows(database)] == ["", "", "refresh_reused"]


def test_without_a_row_there_is_no_change(database: Database, writer: Writer) -> None:
    """A change whose audit row cannot be made is undone, alone."""

    def broken(_result: object) -> Event:
        raise KeyError("x")

    with writer_held(writer):
        first = writer.submit(registering("a"), broken)
        second = writer.submit(registering("b"), described("r"))
    assert isinstance(first.exception(), KeyError)
    assert second.result() == "b"
    assert names(database) == {"b"}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["good", "refused", "kept", "bug", "statement", "no row"]),
            st.text(st.characters(codec=None), max_size=20),
        ),
        max_size=20,
    )
)
def test_any_mix_is_answered_one_by_one(
    database: Database, writer: Writer, key: bytes, mix: list[tuple[str, str]]
) -> None:
    """Whatever changes share a transaction, each is made or undone by itself, and the chain is whole."""
    before, had = len(rows(database)), len(names(database))
    errors = {"good": None, "refused": no(), "kept": refused("x", "", "", "", keep=True), "bug": ValueError("x")}

    def statement(tx: Connection) -> None:
        registering(f"{time.monotonic_ns()}")(tx)
        tx.execute(text("SELECT * FROM no_such_table"))

    def no_row(_result: object) -> Event:
        raise KeyError("x")

    with writer_held(writer):
        futures = []
        for number, (kind, request) in enumerate(mix):
            name = f"{time.monotonic_ns()}-{number}"
            change = statement if kind == "statement" else registering(name, errors.get(kind))
            futures.append(writer.submit(change, no_row if kind == "no row" else described(request)))
    wait(futures)
    kinds = [kind for kind, _ in mix]
    assert [future.exception() is None for future in futures] == [kind == "good" for kind in kinds]
    assert len(names(database)) - had == kinds.count("good") + kinds.count("kept")
    assert len(rows(database)) - before == 1 + len(kinds) - kinds.count("no row")
    assert audit.check(database, key, [], without_checkpoints=True).intact


def test_too_many_changes_are_refused_at_once(database: Database, key: bytes) -> None:
    """A full queue takes nothing more, at once, and what it took is still done."""
    writer = Writer(database, key, queue_limit=5)
    with writer_held(writer):
        futures = [writer.submit(registering(f"p{number}"), described("r")) for number in range(5)]
        with pytest.raises(BusyError):
            writer.submit(registering("late"), described("r"))
    assert [future.result() for future in futures] == [f"p{number}" for number in range(5)]
    writer.close()
    assert "late" not in names(database)


def test_a_cancelled_change_is_not_begun(database: Database, writer: Writer) -> None:
    """Who goes away before their change is begun leaves nothing."""
    with writer_held(writer):
        assert writer.submit(registering("gone"), described("r")).cancel()
        second = writer.submit(registering("b"), described("r"))
    assert second.result() == "b"
    assert names(database) == {"b"}


def test_closing_makes_what_waits(database: Database, key: bytes) -> None:
    """What was taken before the end is done, what comes after is refused."""
    writer = Writer(database, key)
    futures = [writer.submit(registering(f"p{number}"), described("r")) for number in range(50)]
    writer.close()
    assert all(future.done() and future.exception() is None for future in futures)
    assert len(names(database)) == 50
    with pytest.raises(UnavailableError, match="not taken"):
        writer.submit(registering("late"), described("r"))


def test_each_writer_has_its_own_epoch(database: Database, key: bytes) -> None:
    """A new writer goes on with the chain under a new number."""
    for epoch in (1, 2, 3):
        writer = Writer(database, key)
        writer.record(described("r")(None)).result()
        assert writer.epoch == epoch
        writer.close()
    assert [(row.sequence, row.epoch) for row in rows(database)] == [(1, 1), (2, 2), (3, 3)]
    assert audit.check(database, key, [], without_checkpoints=True).intact


def test_several_processes_share_one_chain(server: object, key: bytes) -> None:
    """Writers of several replicas on PostgreSQL append to one chain without a gap."""
    url = server.database()  # type: ignore[attr-defined]  # Postgres, which this file need not know
    several = [databases.open(url) for _ in range(3)]
    several[0].upgrade()
    writers = [Writer(database, key, batch_limit=7) for database in several]
    for start in range(0, 300, 30):
        futures = [
            writers[number % 3].submit(registering(f"p{number}"), described(f"r{number}"))
            for number in range(start, start + 30)
        ]
        assert [future.exception() for future in futures] == [None] * 30
    assert [row.sequence for row in rows(several[0])] == list(range(1, 301))
    assert {row.epoch for row in rows(several[0])} == {1, 2, 3}
    assert audit.check(several[0], key, [], without_checkpoints=True).intact
    for writer, database in zip(writers, several, strict=True):
        writer.close()
        database.close()


def test_the_end_of_the_chain_is_told(database: Database, key: bytes) -> None:
    """Who makes checkpoints is told the last row of each commit, and their errors stop nothing."""
    told: list[Checkpoint] = []

    def note(head: Checkpoint) -> None:
        told.append(head)
        raise ValueError("x")

    writer = Writer(database, key, on_commit=note)
    for number in range(3):
        writer.submit(registering(f"p{number}"), described("r")).result()
    writer.close()
    assert [head.mac for head in told] == [row.mac for row in rows(database)]
    assert "ValueError" in writer.problem


@pytest.mark.parametrize("harm", ["cut", "replaced"])
def test_a_chain_that_loses_its_end_is_not_gone_on_with(database: Database, writer: Writer, harm: str) -> None:
    """When rows are cut off or replaced under a running writer, it stops, and says so."""
    for number in range(3):
        writer.submit(registering(f"p{number}"), described("r")).result()
    unlock(database)
    with database.writing() as tx:
        verb = "DELETE FROM audit" if harm == "cut" else "UPDATE audit SET mac = 'x'"
        tx.execute(text(f"{verb} WHERE sequence = 3"))
    error = writer.submit(registering("late"), described("r")).exception()
    assert isinstance(error, DamagedError)
    assert writer.problem != ""
    assert "late" not in names(database)


def unlock(database: Database) -> None:
    """Take away what keeps audit rows from being changed, as an intruder would."""
    with database.writing() as tx:
        if database.dialect == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                tx.execute(text(f"DROP TRIGGER audit_no_{verb}"))
        else:
            tx.execute(text("DROP TRIGGER audit_append_only ON audit"))


def test_a_database_older_than_its_checkpoint_is_refused(database: Database, key: bytes) -> None:
    """A service does not start on a database that lacks a row that a checkpoint saw, or has another."""
    writer = Writer(database, key)
    writer.record(described("r")(None)).result()
    writer.close()
    (row,) = rows(database)
    good = Checkpoint(1, row.mac, row.time_ms, row.epoch)
    Writer(database, key, newest=good).close()
    for wrong in (Checkpoint(2, row.mac, 0, 1), Checkpoint(1, "f" * 64, 0, 1)):
        with pytest.raises(DamagedError, match="damaged"):
            Writer(database, key, newest=wrong)


def test_a_short_key_is_refused(database: Database) -> None:
    """A key that can be guessed is no key."""
    with pytest.raises(ValueError, match="at least 32"):
        Writer(database, b"k" * 31)


def test_readers_see_their_own_rows(database: Database, writer: Writer) -> None:
    """Reading the audit by team, principal, action and outcome gives those rows and no others."""

    def event(team: str, subject: str, action: str, outcome: Outcome) -> Event:
        who = Principal("i", subject)
        return Event(time=1.0, principal=who, action=action, outcome=outcome, team=team, project=f"{team}-app")

    for number, team in enumerate(("a", "b", "a", "")):
        who = "anna" if number % 2 else "bert"
        writer.record(event(team, who, "deploy" if number else "exec", "denied" if number == 2 else "allowed")).result()
    with database.reading() as tx:

        def found(**filters: object) -> list[int]:
            return [row.sequence for row in audit.read(tx, **filters)]  # type: ignore[arg-type]  # as given below

        assert found() == [1, 2, 3, 4]
        assert found(after=1, limit=2) == [2, 3]
        assert found(teams=["a"]) == [1, 3]
        assert found(teams=[]) == []
        assert found(principal=("i", "anna")) == [2, 4]
        assert found(teams=["a"], principal=("i", "anna")) == [1, 2, 3, 4]
        assert found(action="exec") == [1]
        assert found(outcome="denied") == [3]
        assert found(project="b-app") == [2]


def test_slow_changes_share_fewer_transactions(database: Database, key: bytes) -> None:
    """On a slow machine a transaction takes fewer changes, so that none is broken off for being too long."""
    told: list[int] = []
    writer = Writer(database, key, on_commit=lambda head: told.append(head.sequence))

    def slow(tx: Connection) -> None:
        registering(f"{time.monotonic_ns()}")(tx)
        time.sleep(0.2)

    with writer_held(writer):
        futures = [writer.submit(slow, described("r")) for _ in range(4)]
    assert [future.exception() for future in futures] == [None] * 4
    writer.close()
    assert told[0] == 1
    assert len(told) > 2
    assert told[-1] == 5


def test_who_was_told_no_finds_nothing_later(database: Database, writer: Writer) -> None:
    """A change that takes too long is told as not made, and is not made."""

    def endless(tx: Connection) -> None:
        registering("late")(tx)
        time.sleep(2.5)

    error = writer.submit(endless, described("r")).exception()
    assert isinstance(error, UnavailableError)
    assert not error.unknown
    deadline = time.monotonic() + 10
    while writer.problem:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    writer.submit(registering("after"), described("after")).result()
    assert names(database) == {"after"}
    assert [row.request_id for row in rows(database)] == ["after"]


def test_waiting_behind_others_is_not_the_databases_fault(database: Database, key: bytes) -> None:
    """Changes that wait too long while others are made are told that it is busy, and the writer calls itself well."""
    writer = Writer(database, key, batch_limit=1)

    def slow(_tx: Connection) -> None:
        time.sleep(0.25)

    futures = [writer.submit(slow, described("r")) for _ in range(16)]
    errors = [future.exception() for future in futures]
    assert errors[0] is None
    assert {type(error) for error in errors} == {type(None), BusyError}
    assert writer.problem == ""
    writer.close()
    assert len(rows(database)) == errors.count(None)
