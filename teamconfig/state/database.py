"""The database: opened safely, brought up to date, read by many, written by one.

Owns connections and what they are set to. Knows no table.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, exc, make_url, text
from sqlalchemy.pool import QueuePool

from teamconfig.errors import Problem
from teamconfig.state import migrate
from teamconfig.state.errors import StateError
from teamconfig.state.faults import damaged, read_only, translate
from teamconfig.state.sqlitefile import APPLICATION_ID, SqliteFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, Connection, Engine

UPGRADE_LOCK = 0x57505332
"""Advisory lock of PostgreSQL that is held while tables are made."""

CONNECT_SECONDS = 2
STATEMENT_MILLISECONDS = 2000

_USED = "waypaas_used"
_FRESH_SECONDS = 0.5

DIRTY = "waypaas_dirty"
"""Key of a connection's `info`: whether a statement has changed rows since the key was taken away."""


class Database:
    """An open database. Made by `open`.

    Args:
        url: Where it is.
        file: The lock of an SQLite file.
    """

    def __init__(self, url: URL, file: SqliteFile | None) -> None:
        self._file = file
        self.name = file.path if file else url.render_as_string(hide_password=True)
        self.dialect = url.get_backend_name()
        self._writer = _engine(url, writes=True)
        self._readers = _engine(url, writes=False)
        self._raw: Any = None
        event.listen(self._writer, "connect", self._remember)

    def __repr__(self) -> str:
        return f"Database({self.name!r})"

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that may write; commits at the end, rolls back on an error.

        Errors of the driver come out as they are, see `faults.translate`.

        Yields:
            Its connection.
        """
        with self._writer.begin() as connection:
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that can only read; any thread may, at any time.

        Yields:
            Its connection.

        Raises:
            UnavailableError: The database is away.
            DamagedError: The database is not as it was left.
        """
        try:
            with self._readers.connect() as connection:
                yield connection
        except (exc.DBAPIError, exc.TimeoutError) as error:
            raise translate(error, self.name) from error

    def abort(self) -> None:
        """Break the writing connection to a server that does not answer, so that the thread that waits wakes up."""
        with contextlib.suppress(Exception):  # whatever it is, it is broken already
            descriptor = os.dup(self._raw.pgconn.socket)
            with socket.socket(fileno=descriptor) as ours:
                ours.shutdown(socket.SHUT_RDWR)

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            UnavailableError: It is away.
        """
        with self.reading() as connection:
            connection.execute(text("SELECT 1"))

    def upgrade(self) -> None:
        """Bring the tables up to date; several processes may do it at once.

        Raises:
            TooNewError: A newer version has been here.
            UnavailableError: The database is away.
            DamagedError: The tables are not as they were left.
            ReadOnlyError: The database cannot be written.
        """
        try:
            with self.writing() as connection:
                if self.dialect == "postgresql":
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
                    connection.execute(text("SET LOCAL lock_timeout = 0"))
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})"))
                else:
                    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
                migrate.upgrade(connection, self.name)
        except exc.SQLAlchemyError as error:
            raise translate(error, self.name) from error
        if self._file:
            self._file.remember()

    def _remember(self, connection: Any, _record: Any) -> None:
        self._raw = connection

    def close(self) -> None:
        """Close all connections, and let other processes have an SQLite file."""
        self._writer.dispose()
        self._readers.dispose()
        if self._file:
            self._file.close()


def open(url: str) -> Database:  # noqa: A001  # read as database.open
    """Open a database; `Database.upgrade` comes next.

    Args:
        url: `sqlite:///PATH`, or `postgresql+psycopg://...`.

    Returns:
        The database.

    Raises:
        StateError: The URL is neither.
        UnavailableError: The server does not answer.
        InUseError: Another process has the SQLite file.
        DamagedError: The SQLite file is truncated, garbage, gone, or of another program.
        ReadOnlyError: It cannot be written.
    """
    where = _parse(url)
    file = SqliteFile(where.database or "") if where.get_backend_name() == "sqlite" else None
    database = None
    try:
        database = Database(where, file)
        with database.writing() as connection:
            _check_sqlite(connection, file) if file else _check_postgresql(connection, database.name)
    except BaseException as error:
        if database:
            database.close()
        elif file:
            file.close()
        if isinstance(error, exc.SQLAlchemyError):
            raise translate(error, file.path if file else where.render_as_string(hide_password=True)) from error
        raise
    return database


def _parse(url: str) -> URL:
    try:
        where = make_url(url)
    except exc.ArgumentError:
        where = None
    if where is not None and where.drivername in {"postgresql+psycopg", "postgresql"} and where.database:
        return where.set(drivername="postgresql+psycopg")
    if where is not None and where.drivername == "sqlite" and where.database and where.database != ":memory:":
        return where
    raise StateError(
        Problem(
            "the database's URL is not understood",
            "it is neither SQLite's nor PostgreSQL's, or names no database",
            "write sqlite:////var/lib/waypaas/state.db, or postgresql+psycopg://USER@HOST/DATABASE",
            "",
        ),
        "database_url",
    )


def _engine(url: URL, *, writes: bool) -> Engine:
    size: dict[str, Any] = {"pool_size": 1, "max_overflow": 0} if writes else {"pool_size": 8}
    size["hide_parameters"] = True  # errors may be shown, values not
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, poolclass=QueuePool, **size, pool_timeout=CONNECT_SECONDS)
        event.listen(engine, "connect", _on_sqlite_writer if writes else _on_sqlite_reader)
        event.listen(engine, "begin", _begin_immediate if writes else _begin)
    else:
        engine = create_engine(
            url,
            pool_pre_ping=not writes,
            **size,
            pool_timeout=CONNECT_SECONDS,
            connect_args={
                "connect_timeout": CONNECT_SECONDS,
                "tcp_user_timeout": STATEMENT_MILLISECONDS,
                "application_name": "waypaas",
                "options": " ".join(f"-c {setting}" for setting in _settings(writes=writes)),
            },
        )
        if writes:
            event.listen(engine, "checkin", _note_end)
            event.listen(engine, "checkout", partial(_ping, engine))
    if writes:
        event.listen(engine, "after_cursor_execute", _note_change)
    return engine


def _note_end(_connection: Any, record: Any) -> None:
    record.info[_USED] = time.monotonic()


def _ping(engine: Engine, connection: Any, record: Any, _proxy: Any) -> None:
    """Ask for a sign of life before a transaction, but not if the last one has just ended well."""
    if time.monotonic() - record.info.get(_USED, 0.0) < _FRESH_SECONDS:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        if engine.dialect.is_disconnect(error, connection, None):
            raise exc.DisconnectionError from error  # the pool makes another connection
        raise


def _settings(*, writes: bool) -> list[str]:
    timeouts = [
        f"statement_timeout={STATEMENT_MILLISECONDS}",
        f"lock_timeout={STATEMENT_MILLISECONDS}",
        f"idle_in_transaction_session_timeout={5 * STATEMENT_MILLISECONDS}",
    ]
    return [*timeouts, "synchronous_commit=on" if writes else "default_transaction_read_only=on"]


def _on_sqlite_writer(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun by our own words, below
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 1000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _on_sqlite_reader(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("query_only = ON", "busy_timeout = 1000"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _note_change(
    connection: Connection, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: object
) -> None:
    """Remember that a statement changed rows: what comes after it cannot be taken back alone."""
    compiled = context.compiled
    if compiled is not None and getattr(compiled.statement, "is_select", False):
        return
    if cursor.rowcount != 0:
        connection.info[DIRTY] = True


def _check_sqlite(connection: Connection, file: SqliteFile) -> None:
    owner = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
    if owner != APPLICATION_ID and file.made:
        raise damaged(file.path, "the file is an SQLite database of another program")
    found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if found != "ok":
        raise damaged(file.path, f"SQLite says: {' '.join(str(found).split())}")


def _check_postgresql(connection: Connection, name: str) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        problem = Problem(
            "the database cannot be used", f"its encoding is {encoding}", "make it with the encoding UTF8", name
        )
        raise StateError(problem, "database_encoding")
    if connection.execute(text("SHOW transaction_read_only")).scalar_one() == "on":
        raise read_only(name, "the server takes no writes: it may be a standby")
