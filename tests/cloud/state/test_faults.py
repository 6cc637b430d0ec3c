"""Faults: what was acknowledged is there whatever dies, nothing is done without its audit row, and it heals by itself.

WAYPAAS_FAULT_ROUNDS says how often something is killed in each test.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

from teamconfig.identity.principal import Principal
from teamconfig.state import audit, projects
from teamconfig.state import database as databases
from teamconfig.state.checkpoints import Sink
from teamconfig.state.errors import ReadOnlyError, UnavailableError
from teamconfig.state.signers import HmacSigner
from teamconfig.state.writer import Event, Writer
from testservers.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from teamconfig.state.database import Database

ROUNDS = int(os.environ.get("WAYPAAS_FAULT_ROUNDS", "5"))
LOAD = Path(__file__).with_name("load.py")
ROOT = LOAD.parents[3]
SOMEBODY = Principal("https://issuer.example", "somebody", "Somebody")
AGAIN_SECONDS = 30.0
"""After a fault, changes are acknowledged again within this time, on however slow a machine."""


class Load:
    """The load generator, and what it said was acknowledged.

    Args:
        url: Of the database.
        key: Of the chain.
        directory: For its files.
    """

    def __init__(self, url: str, key: bytes, directory: Path) -> None:
        self.url, self.key, self.directory = url, key, directory
        self.file = directory / "acknowledged"
        self.file.touch()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, run: int) -> None:
        """Start it; its names begin with the number of the run."""
        command = [sys.executable, LOAD, self.url, self.key.hex(), str(run), self.file, self.directory]
        with (self.directory / "log").open("ab") as log:
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            self.process = subprocess.Popen(command, stderr=log, env=environment)

    def kill(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def wait_for_more(self, seconds: float) -> float:
        """Wait until something more is acknowledged, and give how long that took."""
        begun, before = time.monotonic(), self.file.stat().st_size
        while self.file.stat().st_size <= before:
            assert self.process is not None
            assert self.process.poll() is None, (self.directory / "log").read_text()[-2000:]
            assert time.monotonic() - begun < seconds, f"nothing was acknowledged for {seconds} s"
            time.sleep(0.02)
        return time.monotonic() - begun

    def check(self, database: Database) -> int:
        """Compare the database with what was acknowledged: all of it is there, and the chain is whole."""
        names = self.file.read_text().splitlines()
        done = {name for name in names if not name.startswith("-")}
        taken_back = {name[1:] for name in names if name.startswith("-")}
        rows = list(audit.every(database))
        audited = {row.request_id: row.outcome for row in rows}
        with database.reading() as tx:
            present = {project.name for project in projects.page(tx, limit=10**7)}
        assert done - present == set()
        assert taken_back & present == set()
        assert {name for name in done if audited.get(name) != "allowed"} == set()
        assert {name for name in taken_back if audited.get(name) != "denied"} == set()
        assert present == {name for name, outcome in audited.items() if outcome == "allowed"}
        assert len(audited) == len(rows)
        verdict = audit.check(database, self.key, Sink(str(self.directory), HmacSigner(self.key)).read())
        assert verdict.problem == ""
        assert verdict.checkpoints > 0
        return len(names)


@pytest.fixture
def own_server() -> Iterator[Postgres]:
    """Run a PostgreSQL that the test may kill."""
    with postgres() as running:
        yield running


@contextlib.contextmanager
def opened(url: str) -> Iterator[Database]:
    """Open a database with its tables for a while."""
    database = databases.open(url)
    try:
        database.upgrade()
        yield database
    finally:
        database.close()


@contextlib.contextmanager
def writing(url: str, key: bytes) -> Iterator[tuple[Database, Writer]]:
    """Open a database with its writer for a while."""
    with opened(url) as database:
        writer = Writer(database, key)
        try:
            yield database, writer
        finally:
            writer.close()


@contextlib.contextmanager
def small_disk(place: Path, size: str) -> Iterator[Path]:
    """Mount a small disk in memory for a while."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "waypaas-test", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def registering(name: str) -> Callable[[Connection], None]:
    """Give the change that registers a project; its remote is long, to fill disks."""

    def change(tx: Connection) -> None:
        projects.register(tx, name, team=f"team-{name}", remote="r" * 2000, by=SOMEBODY, now=1.0)

    return change


def described(name: str) -> Callable[[object], Event]:
    """Give the audit row of a change."""
    return lambda _: Event(time=1.0, principal=SOMEBODY, action="register", outcome="allowed", request_id=name)


@pytest.mark.timeout(120 + 20 * ROUNDS)
def test_a_killed_service_loses_nothing(url: str, key: bytes, tmp_path: Path) -> None:
    """However often the service is killed under load, what it acknowledged is there and the chain is whole."""
    with Load(url, key, tmp_path) as load:
        for number in range(ROUNDS):
            load.start(number)
            load.wait_for_more(AGAIN_SECONDS)
            time.sleep(random.uniform(0.0, 0.5))  # noqa: S311  # any moment will do
            load.kill()
        with opened(url) as database:
            acknowledged = load.check(database)
    assert acknowledged > ROUNDS
    told(f"service killed {ROUNDS} times", acknowledged)


@pytest.mark.timeout(120 + 20 * ROUNDS)
def test_a_killed_server_loses_nothing(own_server: Postgres, key: bytes, tmp_path: Path) -> None:
    """PostgreSQL and the service killed in turns lose nothing, and changes are acknowledged again by themselves."""
    slowest = 0.0
    with Load(own_server.database(), key, tmp_path) as load:
        load.start(0)
        load.wait_for_more(AGAIN_SECONDS)
        for number in range(1, ROUNDS + 1):
            time.sleep(random.uniform(0.1, 0.6))  # noqa: S311  # any moment will do
            own_server.kill()
            if number % 2 == 0:
                load.kill()
            own_server.start()
            if number % 2 == 0:
                load.start(number)
            slowest = max(slowest, load.wait_for_more(AGAIN_SECONDS))
        load.kill()
        with opened(load.url) as database:
            acknowledged = load.check(database)
    assert acknowledged > ROUNDS
    told(f"PostgreSQL killed {ROUNDS} times, back within {slowest:.2f} s", acknowledged)


def told(what: str, acknowledged: int) -> None:
    """Say in the run's output what was survived."""
    sys.stdout.write(f"{what}: {acknowledged} acknowledged changes, all there\n")


def test_a_silent_server_is_told_within_two_seconds(own_server: Postgres, key: bytes) -> None:
    """When PostgreSQL hangs, all who wait are told in about two seconds, and what they were told holds."""
    with writing(own_server.database(), key) as (database, writer):
        writer.submit(registering("before"), described("before")).result()
        with own_server.frozen():
            begun = time.monotonic()
            futures = [writer.submit(registering(f"p{number}"), described(f"p{number}")) for number in range(300)]
            errors = [future.exception() for future in futures]
            assert time.monotonic() - begun < 2.5
            assert writer.problem != ""
        assert all(isinstance(error, UnavailableError) and not error.unknown for error in errors)
        until(lambda: writer.problem == "")
        writer.submit(registering("after"), described("after")).result()
        assert [row.request_id for row in audit.every(database)] == ["before", "after"]
        assert audit.check(database, key, [], without_checkpoints=True).intact


def test_a_server_that_hangs_long_is_left(own_server: Postgres, key: bytes) -> None:
    """A connection to a server that hangs is broken off, and changes are told at once that it is away."""
    with writing(own_server.database(), key) as (_, writer), own_server.frozen():
        for _ in range(3):
            begun = time.monotonic()
            error = writer.submit(registering("x"), described("x")).exception()
            assert isinstance(error, UnavailableError)
            assert time.monotonic() - begun < 2.5
        begun = time.monotonic()
        writer.close()
        assert time.monotonic() - begun < 5


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_an_absent_server_is_told_and_looked_for(own_server: Postgres, key: bytes) -> None:
    """When PostgreSQL is gone the text says so, the change is not made, and the writer finds it again by itself."""
    with writing(own_server.database(), key) as (database, writer):
        writer.submit(registering("before"), described("before")).result()
        own_server.kill()
        error = writer.submit(registering("lost"), described("lost")).exception()
        assert isinstance(error, UnavailableError)
        assert "try again" in str(error)
        assert not error.unknown
        assert writer.problem != ""
        own_server.start()
        until(lambda: writer.problem == "")
        writer.submit(registering("after"), described("after")).result()
        assert [row.request_id for row in audit.every(database)] == ["before", "after"]


def test_without_audit_nothing_is_done(own_server: Postgres, key: bytes) -> None:
    """Where the database takes changes but no audit rows, changes are refused, and go on once it takes rows again."""
    url = own_server.database()
    with writing(url, key) as (database, writer):
        writer.submit(registering("before"), described("before")).result()
        own_server.psql("REVOKE INSERT ON audit FROM waypaas", "test1")
        error = writer.submit(registering("silent"), described("silent")).exception()
        assert isinstance(error, UnavailableError)
        assert error.reason == "audit_refused"
        database.ping()
        time.sleep(1.5)
        assert writer.problem != ""
        with database.reading() as tx:
            assert projects.find(tx, "silent") is None
        own_server.psql("GRANT INSERT ON audit TO waypaas", "test1")
        until(lambda: writer.problem == "")
        writer.submit(registering("after"), described("after")).result()
        assert [row.request_id for row in audit.every(database)] == ["before", "after"]


def fill(writer: Writer) -> tuple[list[str], UnavailableError]:
    """Make changes until the disk is full; give the names of those acknowledged, and the error."""
    done: list[str] = []
    for number in range(100000):
        name = f"p{number}"
        error = writer.submit(registering(name), described(name)).exception()
        if error is not None:
            assert isinstance(error, UnavailableError)
            return done, error
        done.append(name)
    raise AssertionError("the disk never was full")


def check_kept(database: Database, key: bytes, done: list[str]) -> None:
    """Compare the database with what was acknowledged."""
    audited = {row.request_id for row in audit.every(database)}
    assert set(done) - audited == set()
    with database.reading() as tx:
        assert set(done) - {project.name for project in projects.page(tx, limit=10**6)} == set()
    assert audit.check(database, key, [], without_checkpoints=True).intact


def test_a_full_disk_under_sqlite(key: bytes, tmp_path: Path) -> None:
    """On a full disk nothing is acknowledged and the text says why; with room again it goes on, and nothing is lost."""
    with small_disk(tmp_path / "disk", "4m") as disk:
        ballast = disk / "ballast"
        ballast.write_bytes(b"x" * 1024 * 1024)
        with writing(f"sqlite:///{disk}/state.db", key) as (database, writer):
            done, error = fill(writer)
            assert error.reason == "disk_full"
            assert "disk is full" in str(error)
            assert "disk is full" in writer.problem
            check_kept(database, key, done)
            ballast.unlink()
            until(lambda: writer.problem == "")
            writer.submit(registering("after"), described("after")).result()
            check_kept(database, key, [*done, "after"])


def test_a_full_disk_under_postgresql(key: bytes, tmp_path: Path) -> None:
    """On a full disk nothing is acknowledged; with room again the server comes back, and nothing is lost."""
    settings = ["min_wal_size = 2MB", "max_wal_size = 4MB", "shared_buffers = 4MB", "checkpoint_timeout = 30s"]
    tmp_path.chmod(0o755)
    with small_disk(Path("/tmp") / f"waypaas-full-{os.getpid()}", "120m") as disk:  # noqa: S108  # a socket's path is short
        (disk / "server").mkdir()
        with postgres(disk / "server", settings, segment_megabytes=1) as server:
            url = server.database()
            with writing(url, key) as (database, writer):
                writer.submit(registering("before"), described("before")).result()
                free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
                ballast = disk / "ballast"
                ballast.write_bytes(b"x" * (free - 3 * 1024 * 1024))
                done, error = fill(writer)
                assert error.reason in {"disk_full", "database_away"}
                assert "try again" in str(error) or "disk is full" in str(error)
                ballast.unlink()
                if not server.is_running():
                    server.start()
                until(lambda: writer.problem == "", 60)
                writer.submit(registering("after"), described("after")).result()
                check_kept(database, key, ["before", *done, "after"])
    (Path("/tmp") / f"waypaas-full-{os.getpid()}").rmdir()  # noqa: S108  # as above


def test_a_standby_is_refused(own_server: Postgres) -> None:
    """A server that takes no writes is refused with the reason."""
    url = own_server.database()
    own_server.stop()
    (own_server.data / "standby.signal").touch()
    own_server.start()
    with pytest.raises(ReadOnlyError) as caught:
        databases.open(url)
    assert "standby" in str(caught.value)


def test_a_role_that_cannot_change_the_audit_is_enough(own_server: Postgres, key: bytes) -> None:
    """Tables made by another role, and INSERT and SELECT on the audit, are all that the service needs."""
    url = own_server.database()
    with opened(url):
        pass
    for statement in (
        "CREATE ROLE plain LOGIN",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO plain",
        "REVOKE UPDATE, DELETE ON audit FROM plain",
    ):
        own_server.psql(statement, "test1")
    with writing(own_server.url("test1", "plain"), key) as (database, writer):
        writer.submit(registering("one"), described("one")).result()
        assert audit.check(database, key, [], without_checkpoints=True).rows == 1
