"""Opening a database: tables as declared, files as they were left, and a plain reason where not."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import exc, insert, text

from teamconfig.identity.principal import Principal
from teamconfig.state import audit, projects
from teamconfig.state import database as databases
from teamconfig.state.errors import (
    DamagedError,
    InUseError,
    ReadOnlyError,
    StateError,
    TooNewError,
    UnavailableError,
)
from teamconfig.state.tables import META, METADATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.state.database import Database
    from testservers.postgres import Postgres


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Give an SQLite database with 400 projects, closed."""
    path = tmp_path / "state.db"
    with opened(path) as database, database.writing() as tx:
        for number in range(400):
            projects.register(tx, f"p{number}", team="t", remote=f"r{number}", by=Principal("i", "s"), now=1.0)
    return path


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Database]:
    """Open an SQLite database with its tables for a while."""
    database = databases.open(f"sqlite:///{path}")
    try:
        database.upgrade()
        yield database
    finally:
        database.close()


def test_migrations_make_the_declared_tables(database: Database) -> None:
    """What the migrations make is what the code declares, and a second run changes nothing."""
    database.upgrade()
    with database.writing() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_several_may_upgrade_at_once(server: Postgres) -> None:
    """Replicas that start together on an empty PostgreSQL all find it ready."""
    url = server.database()
    several = [databases.open(url) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda database: database.upgrade(), several))
    for database in several:
        with database.reading() as tx:
            assert audit.head(tx).sequence == 0
        database.close()


def test_a_newer_database_is_refused(url: str) -> None:
    """A database that a newer version has used is left alone."""
    database = databases.open(url)
    database.upgrade()
    with database.writing() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = 'r9999'"))
    with pytest.raises(TooNewError, match="r9999"):
        database.upgrade()
    database.close()


def test_readers_cannot_write(database: Database) -> None:
    """A reading connection takes no change."""
    with pytest.raises(StateError), database.reading() as tx:
        tx.execute(insert(META), {"name": "x", "value": "y"})


def test_audit_rows_are_not_changed_by_statements(database: Database) -> None:
    """The database itself refuses to change or remove audit rows."""
    row = {column.name: "0" if column.type.python_type is str else 1 for column in audit.AUDIT.columns}
    with database.writing() as tx:
        tx.execute(insert(audit.AUDIT), row)
    for statement in ("UPDATE audit SET name = 'x'", "DELETE FROM audit"):
        with pytest.raises(exc.DBAPIError, match="never changed"), database.writing() as tx:
            tx.execute(text(statement))


def test_errors_show_no_values(database: Database) -> None:
    """An error of a statement does not show what the statement carried."""
    secret = "canary-4711"
    with pytest.raises(exc.IntegrityError) as caught, database.writing() as tx:  # noqa: PT012  # as above
        tx.execute(insert(META), {"name": secret, "value": "y"})
        tx.execute(insert(META), {"name": "y", "value": None})
    assert secret not in str(caught.value)


def test_files_are_for_the_service_alone(made: Path) -> None:
    """The file, and all that SQLite puts beside it, cannot be read by others, even if it could before."""
    made.chmod(0o644)
    before = os.umask(0)
    try:
        with opened(made) as database, database.writing() as tx:
            projects.register(tx, "new", team="t", remote="r", by=Principal("i", "s"), now=1.0)
            modes = {path.name: path.stat().st_mode & 0o777 for path in made.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600, "state.db.lock": 0o600}


def test_every_commit_is_on_disk(made: Path) -> None:
    """SQLite is set to write ahead and to wait for the disk."""
    with opened(made) as database, database.writing() as tx:
        assert tx.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert tx.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert tx.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_second_process_is_refused(made: Path) -> None:
    """A second process on one SQLite file is told who has it, and gets it once the first has ended."""
    program = "import sys; from teamconfig.state import database; database.open(sys.argv[1]).upgrade()"
    command = [sys.executable, "-c", program, f"sqlite:///{made}"]
    with opened(made):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert f"InUseError: the database is in use\n  process {os.getpid()} has it" in done.stderr
        with pytest.raises(InUseError):
            databases.open(f"sqlite:///{made}")
    assert subprocess.run(command, check=False).returncode == 0


def test_a_lock_that_is_about_to_go_is_waited_for(made: Path) -> None:
    """What a killed process was about to start holds its lock for a moment, which refuses no start behind it."""
    program = "import fcntl, sys, time; fcntl.flock(open(sys.argv[1]), 2); print(flush=True); time.sleep(0.3)"
    with subprocess.Popen([sys.executable, "-c", program, f"{made}.lock"], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with opened(made):
            assert holder.wait(10) == 0


@pytest.mark.parametrize("kept", [0, 1, 15, 16, 50, 100, 1000, 4096, 5000, 8192, 40960, -1, -4096])
def test_a_truncated_file_is_refused(made: Path, kept: int) -> None:
    """A file that was cut anywhere is refused as damaged, and stays as it is."""
    os.truncate(made, kept if kept >= 0 else made.stat().st_size + kept)
    before = made.read_bytes()
    with pytest.raises(DamagedError) as caught:
        databases.open(f"sqlite:///{made}")
    assert str(made) in str(caught.value)
    assert made.read_bytes() == before


@pytest.mark.parametrize("garbage", [b"\0" * 8192, b"not a database\n" * 600, b"SQLite format 3\0" + b"\xa5" * 8176])
def test_garbage_is_refused(made: Path, garbage: bytes) -> None:
    """A file that is something else is refused as damaged, also on a machine that never had another."""
    made.write_bytes(garbage)
    with pytest.raises(DamagedError):
        databases.open(f"sqlite:///{made}")
    (made.parent / "state.db.lock").unlink()
    with pytest.raises(DamagedError):
        databases.open(f"sqlite:///{made}")
    assert made.read_bytes() == garbage


def test_overwritten_pages_are_refused(made: Path) -> None:
    """A file with garbage in its middle is refused as damaged."""
    with made.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 3 * 4096)
    with pytest.raises(DamagedError, match="damaged"):
        databases.open(f"sqlite:///{made}")


def test_a_missing_file_is_not_made_anew(made: Path) -> None:
    """Where a database was, no empty one is made in its place; a backup in its place is taken."""
    backup = made.read_bytes()
    made.unlink()
    with pytest.raises(DamagedError, match="damaged") as caught:
        databases.open(f"sqlite:///{made}")
    assert "gone" in str(caught.value)
    assert not made.exists()
    made.write_bytes(backup)
    with opened(made) as database, database.reading() as tx:
        assert projects.find(tx, "p399") is not None


def test_an_empty_file_is_not_filled(tmp_path: Path) -> None:
    """An empty file of which nothing is known is not taken for a new database."""
    (tmp_path / "state.db").touch()
    for _ in range(2):
        with pytest.raises(DamagedError) as caught:
            databases.open(f"sqlite:///{tmp_path}/state.db")
        assert "empty" in str(caught.value)


def test_a_crash_before_the_tables_are_made_is_no_damage(tmp_path: Path) -> None:
    """A service that was killed between making the file and making its tables can start again."""
    path = tmp_path / "state.db"
    program = "import os, sys; from teamconfig.state import sqlitefile; sqlitefile.SqliteFile(sys.argv[1]); "
    done = subprocess.run([sys.executable, "-c", f"{program} os.kill(os.getpid(), 9)", path], check=False)
    assert done.returncode == -9
    assert path.stat().st_size == 0
    with opened(path):
        pass


@pytest.mark.parametrize("table", ["", "CREATE TABLE things (name TEXT)"])
def test_a_crash_after_the_first_page(table: str, tmp_path: Path) -> None:
    """A service that was killed when SQLite had written its first page can start again; with a table it is not ours."""
    path = tmp_path / "state.db"
    (tmp_path / "state.db.lock").write_text("123 making\n")
    with contextlib.closing(sqlite3.connect(path)) as begun:
        begun.execute("PRAGMA journal_mode = WAL")
        begun.execute(table)
        begun.commit()
    if table:
        with pytest.raises(DamagedError, match="another program"):
            databases.open(f"sqlite:///{path}")
    else:
        with opened(path):
            pass


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """An SQLite file of another program is left alone."""
    path = tmp_path / "other.db"
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE things (name TEXT)")
        other.commit()
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(DamagedError) as caught:
            databases.open(f"sqlite:///{path}")
        assert "another program" in str(caught.value)
    assert path.read_bytes() == before


def test_a_read_only_place_is_refused(made: Path, tmp_path: Path) -> None:
    """A file system that takes no writes is refused with the reason."""
    place = tmp_path / "mount"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "waypaas-test", place], check=True)
    try:
        shutil.copy(made, place)
        (place / "state.db.lock").touch()
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        with pytest.raises(ReadOnlyError) as caught:
            databases.open(f"sqlite:///{place}/state.db")
        assert "cannot be" in str(caught.value)
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    """A directory that is not there is named, not made."""
    with pytest.raises(ReadOnlyError) as caught:
        databases.open(f"sqlite:///{tmp_path}/nowhere/state.db")
    assert "nowhere" in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "mysql://x/y", "sqlite://", "sqlite:///:memory:", "postgresql+psycopg://host", "state.db"]
)
def test_another_kind_of_url_is_refused(url: str) -> None:
    """A URL of no database that the service can use is refused with one that it can."""
    with pytest.raises(StateError) as caught:
        databases.open(url)
    assert "sqlite:///" in str(caught.value)


def test_an_absent_server_is_told_without_its_password() -> None:
    """A server that does not answer is told of within seconds, and the text shows no password."""
    with pytest.raises(UnavailableError) as caught:
        databases.open("postgresql+psycopg://user:canary-4711@127.0.0.1:1/state")
    assert "127.0.0.1" in str(caught.value)
    assert "canary-4711" not in f"{caught.value!r} {caught.value}"


def test_another_encoding_is_refused(server: Postgres) -> None:
    """A PostgreSQL database that cannot keep every text is refused."""
    server.database()
    server.psql("CREATE DATABASE latin OWNER waypaas ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StateError) as caught:
        databases.open(server.url("latin"))
    assert "UTF8" in str(caught.value)
