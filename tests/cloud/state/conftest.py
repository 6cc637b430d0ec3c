"""The state's databases as tests get them: SQLite in a directory, and a real PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig.state import database as databases
from teamconfig.state.writer import Writer
from testservers.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.state.database import Database

KEY = b"k" * 32


@pytest.fixture(scope="session")
def key() -> bytes:
    """Give the key of the audit's chain."""
    return KEY


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """Run PostgreSQL for the tests that leave it as it is."""
    with postgres() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/state.db"
    running: Postgres = request.getfixturevalue("server")
    return running.database()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Give an open database with its tables."""
    opened = databases.open(url)
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    """Give the writer of a database."""
    running = Writer(database, KEY)
    yield running
    running.close()
