"""What a database's own error means for the caller.

Owns the step from errors of the drivers to the typed errors of this package,
and the texts that people read. Never shows a statement or its values.
"""

from __future__ import annotations

import sqlite3

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from teamconfig.errors import Problem
from teamconfig.state.errors import DamagedError, ReadOnlyError, StateError, UnavailableError

_RETRY = "try again in a few seconds; if it lasts, ask who runs the service"


def translate(error: BaseException, where: str, *, unknown: bool = False) -> StateError:
    """Say what an error of a database means.

    Args:
        error: As SQLAlchemy or a driver raised it.
        where: Name of the database, without password.
        unknown: Whether a commit was sent and not answered.

    Returns:
        The error to be raised from it.
    """
    if isinstance(error, StateError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _sqlite(cause, where, unknown=unknown)
    if isinstance(cause, psycopg.Error):
        return _postgresql(cause, where, unknown=unknown)
    return _away(f"{type(cause).__name__} when it was used", where, unknown=unknown)


def is_about_database(error: BaseException) -> bool:
    """Tell whether an error is the database's state, not the fault of the one statement.

    Args:
        error: As SQLAlchemy or a driver raised it.

    Returns:
        Whether everything else in the transaction fails with it.
    """
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return isinstance(error, OSError)
    if getattr(error.orig, "sqlite_errorname", "") == "SQLITE_ERROR":
        return False
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _sqlite(error: sqlite3.Error, where: str, *, unknown: bool) -> StateError:
    name = getattr(error, "sqlite_errorname", "") or ""
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(where, f"SQLite says: {error}")
    if name.startswith("SQLITE_READONLY"):
        return read_only(where, f"SQLite says: {error}")
    if name.startswith("SQLITE_FULL"):
        return _full(where, unknown=unknown)
    if name.startswith("SQLITE_CANTOPEN"):
        return read_only(where, "the file cannot be opened for writing")
    if name == "SQLITE_ERROR" or not isinstance(error, sqlite3.OperationalError):
        return _refused(where, f"SQLite says {name or type(error).__name__}")
    return _away(f"SQLite says {name or type(error).__name__}", where, unknown=unknown)


def _postgresql(error: psycopg.Error, where: str, *, unknown: bool) -> StateError:
    state = error.sqlstate or ""
    if state == "53100":
        return _full(where, unknown=unknown)
    if state == "42501":
        return UnavailableError(
            Problem(
                "the change cannot be made",
                "the database does not let the service write, so there would be no audit of it",
                "ask who runs the service to give its role INSERT and SELECT on all tables",
                where,
            ),
            "audit_refused",
        )
    if state == "25006":
        return read_only(where, "the server takes no writes: it may be a standby")
    if state.startswith(("22", "23", "42")) or isinstance(error, psycopg.DataError):
        return _refused(where, f"PostgreSQL says {state or type(error).__name__}")
    return _away(_POSTGRESQL.get(state, "the server does not answer"), where, unknown=unknown)


_POSTGRESQL = {
    "57P01": "the server is shutting down",
    "57P02": "the server has crashed",
    "57P03": "the server is starting",
    "55P03": "another process holds the audit's lock for too long",
    "57014": "a statement took too long",
    "53300": "the server takes no more connections",
    "28P01": "the server does not accept the password",
    "28000": "the server does not accept the user",
    "3D000": "there is no such database",
}


def _away(why: str, where: str, *, unknown: bool) -> UnavailableError:
    what = "the database is not available"
    if unknown:
        what += "; the change may have been made"
    return UnavailableError(Problem(what, why, _RETRY, where), "database_away", unknown=unknown)


def _refused(where: str, why: str) -> StateError:
    problem = Problem("the database does not take the change", why, "this is a bug, please report it", where)
    return StateError(problem, "database_refused")


def _full(where: str, *, unknown: bool) -> UnavailableError:
    fix = "ask who runs the service to make room; changes go on by themselves then"
    problem = Problem("the change cannot be made", "the database's disk is full", fix, where)
    return UnavailableError(problem, "disk_full", unknown=unknown)


def damaged(where: str, why: str) -> DamagedError:
    """Build the error of a database that is not as it was left.

    Args:
        where: Name of the database.
        why: What is wrong with it.

    Returns:
        The error, to be raised by the caller.
    """
    fix = "bring back a backup, or move the file and those beside it away to begin anew"
    return DamagedError(Problem("the database is damaged", why, fix, where), "database_damaged")


def read_only(where: str, why: str) -> ReadOnlyError:
    """Build the error of a database that cannot be written.

    Args:
        where: Name of the database.
        why: What keeps it from being written.

    Returns:
        The error, to be raised by the caller.
    """
    fix = "give the service the right to write the file and its directory, or name the primary server"
    return ReadOnlyError(Problem("the database cannot be written", why, fix, where), "database_read_only")
