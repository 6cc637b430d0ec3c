"""Registers projects as fast as it can, and writes the name of each to a file once it is acknowledged.

python load.py URL KEY_IN_HEX RUN FILE DIRECTORY_OF_CHECKPOINTS
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TYPE_CHECKING

from teamconfig.identity.principal import Principal
from teamconfig.state import database as databases
from teamconfig.state import projects
from teamconfig.state.checkpoints import Checkpointer, Sink
from teamconfig.state.errors import BusyError, RefusedError, UnavailableError
from teamconfig.state.events import Event
from teamconfig.state.signers import HmacSigner
from teamconfig.state.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from sqlalchemy import Connection

    from teamconfig.state.database import Database

IN_FLIGHT = 64
SOMEBODY = Principal("https://issuer.example", "load", "Load")


def main() -> None:
    """Work until killed."""
    url, key, run, file, checkpoints = sys.argv[1:]
    database = patiently(url)
    database.upgrade()
    sink = Sink(checkpoints, HmacSigner(bytes.fromhex(key)))
    checkpointer = Checkpointer(sink, rows=50, seconds=0.2)
    writer = Writer(database, bytes.fromhex(key), newest=sink.newest(), on_commit=checkpointer.note)
    acknowledged = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    room = threading.Semaphore(IN_FLIGHT)
    number = 0
    while True:
        room.acquire()
        number += 1
        name = f"{run}-{number}"
        try:
            future = writer.submit(change(name, is_refused=number % 7 == 0), event(name))
        except BusyError:
            room.release()
            time.sleep(0.01)
            continue
        future.add_done_callback(done(name, acknowledged, room))


def patiently(url: str) -> Database:
    """Open the database, as soon as it can be opened."""
    while True:
        try:
            return databases.open(url)
        except UnavailableError:
            time.sleep(0.1)


def change(name: str, *, is_refused: bool) -> Callable[[Connection], None]:
    """Give the change that registers a project, or is refused after it did so."""

    def register(tx: Connection) -> None:
        projects.register(tx, name, team=f"team-{name}", remote="git.example/x", by=SOMEBODY, now=time.time())
        if is_refused:
            projects.register(tx, name, team="others", remote="git.example/x", by=SOMEBODY, now=time.time())

    return register


def event(name: str) -> Callable[[object], Event]:
    """Give the audit row of a change."""

    def describe(result: object) -> Event:
        outcome = "denied" if isinstance(result, RefusedError) else "allowed"
        return Event(time=time.time(), principal=SOMEBODY, action="register", outcome=outcome, request_id=name)

    return describe


def done(name: str, acknowledged: int, room: threading.Semaphore) -> Callable[[Future[None]], None]:
    """Give what keeps an acknowledged change's name; "-" before it where it was refused."""

    def note(future: Future[None]) -> None:
        error = future.exception()
        if error is None:
            os.write(acknowledged, f"{name}\n".encode())
        elif isinstance(error, RefusedError):
            os.write(acknowledged, f"-{name}\n".encode())
        room.release()

    return note


if __name__ == "__main__":
    main()
