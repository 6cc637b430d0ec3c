"""The state's databases as tests get them: SQLite in a directory, and a real PostgreSQL."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig.releases.embedded import EmbeddedLedger
from teamconfig.state import database as databases
from teamconfig.state.writer import Writer
from tests.cloud.state.ledgerkit import Kept, by_writer
from tests.unit.releases import made
from testservers.postgres import Postgres, postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from teamconfig.releases.store import Store
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


@pytest.fixture
def shared(writer: Writer) -> Kept:
    """Give a service's ledger, on which many threads may come at once."""
    return Kept(by_writer(writer))


@pytest.fixture(params=["sqlite", "postgresql", "embedded"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    """Give a ledger of each kind."""
    with contextlib.ExitStack() as stack:
        if request.param == "embedded":
            ledger = EmbeddedLedger(tmp_path / "ledger")
            stack.callback(ledger.close)
            ledger._keys = dict(made.trusted())  # signed by the tests' key

            def inside(change: Callable[[Store], Any]) -> Any:
                with ledger._writing() as (store, _):
                    return change(store)

            yield Kept(inside)
            return
        url = f"sqlite:///{tmp_path}/ledger.db"
        if request.param == "postgresql":
            url = request.getfixturevalue("server").database()
        opened = databases.open(url)
        stack.callback(opened.close)
        opened.upgrade()
        running = Writer(opened, KEY)
        stack.callback(running.close)
        yield Kept(by_writer(running))
