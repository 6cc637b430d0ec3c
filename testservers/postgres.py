"""A real PostgreSQL 15 from the machine's Debian package, on a unix socket, for as long as a test needs it.

Owns its directory and its processes. Installs the package if it is missing.
`stop`, `kill`, `freeze` and `start` are for tests of what happens then.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from testservers.installing import Program, ServerError, debian_packages, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BIN = Path("/usr/lib/postgresql/15/bin")
ACCOUNT = "postgres"
READY_SECONDS = 60
OWNER = "waypaas"
"""Role of the service: no superuser, owns its databases."""


class Postgres:
    """A server with a directory of its own.

    Args:
        directory: Empty, and reachable for the account that the server runs under.
        settings: Lines for postgresql.conf.
        segment_megabytes: Size of a file of the write-ahead log; a power of two.
    """

    def __init__(self, directory: Path, settings: Sequence[str] = (), *, segment_megabytes: int = 16) -> None:
        self.directory = directory
        self.data = directory / "data"
        self.log = directory / "log"
        self._program: Program | None = None
        self._count = 0
        if os.geteuid() == 0:
            shutil.chown(directory, ACCOUNT, ACCOUNT)
        form = ["-A", "trust", "-U", ACCOUNT, "-E", "UTF8", "--locale=C", f"--wal-segsize={segment_megabytes}"]
        _as_owner([BIN / "initdb", "--no-sync", "-D", self.data, *form])
        mine = [f"unix_socket_directories = '{directory}'", "listen_addresses = ''", "logging_collector = off"]
        with (self.data / "postgresql.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in (*mine, *settings))

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            ServerError: It ended, or does not answer.
        """
        self._program = Program("PostgreSQL", _as_account([BIN / "postgres", "-D", self.data]), self.log, cwd=Path("/"))
        self._program.wait_until(self._answers, READY_SECONDS)

    def stop(self) -> None:
        """End it in good order; nothing if it does not run."""
        self._signal([self._leader()], signal.SIGINT)
        self._wait()

    def kill(self) -> None:
        """End it and all its children at once, as the kernel does when memory is out."""
        leader = self._leader()
        if not leader:
            return
        self._signal([leader], signal.SIGSTOP)  # no child is born between the look and the kill
        children = _children(leader)
        self._signal([leader, *children], signal.SIGKILL)
        self._wait()
        until = time.monotonic() + READY_SECONDS
        while any(_runs(child) for child in children) and time.monotonic() < until:
            time.sleep(0.01)  # what still dies holds the shared memory that the next one wants

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Keep it and its children from running; connections stay open and silent."""
        leader = self._leader()
        everyone = [leader, *_children(leader)]
        self._signal(everyone, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(everyone, signal.SIGCONT)

    def is_running(self) -> bool:
        """Tell whether its first process is there.

        Returns:
            Whether it is.
        """
        return self._leader() != 0

    def database(self) -> str:
        """Make an empty database that the role of the service owns.

        Returns:
            Its URL, as that role.
        """
        self._count += 1
        name = f"test{self._count}"
        if self._count == 1:
            self.psql(f"CREATE ROLE {OWNER} LOGIN")
        self.psql(f"CREATE DATABASE {name} OWNER {OWNER}")
        return self.url(name)

    def url(self, name: str, role: str = OWNER) -> str:
        """Give the URL of a database.

        Args:
            name: Of the database.
            role: To connect as.

        Returns:
            As SQLAlchemy takes it.
        """
        return f"postgresql+psycopg://{role}@/{name}?host={self.directory}"

    def psql(self, statement: str, name: str = "postgres") -> str:
        """Run a statement as superuser.

        Args:
            statement: SQL.
            name: Of the database.

        Returns:
            What it answers, without headings.

        Raises:
            ServerError: It failed.
        """
        where = ["-h", str(self.directory), "-U", ACCOUNT, "-d", name]
        return _as_owner([BIN / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *where, "-c", statement])

    def _leader(self) -> int:
        """Give the id of the first process; 0 if none runs."""
        if self._program is None or self._program.process.poll() is not None:
            return 0
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def _wait(self) -> None:
        if self._program is not None:
            self._program.process.wait(READY_SECONDS)

    def _answers(self) -> bool:
        try:
            self.psql("SELECT 1")
        except ServerError:
            return False
        return True

    @staticmethod
    def _signal(processes: list[int], number: signal.Signals) -> None:
        for process in processes:
            if process:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, number)


@contextlib.contextmanager
def postgres(
    directory: Path | None = None, settings: Sequence[str] = (), *, segment_megabytes: int = 16
) -> Iterator[Postgres]:
    """Run a server until the end of the block, then remove what it left.

    Args:
        directory: For everything of it; None for a new one.
        settings: Lines for postgresql.conf.
        segment_megabytes: As of Postgres.

    Yields:
        The server, started.

    Raises:
        ServerError: It cannot be installed, made or started.
    """
    debian_packages({str(BIN / "postgres"): "postgresql-15"})
    with contextlib.ExitStack() as stack:
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="waypaas-pg-", dir="/tmp")))
        server = Postgres(directory, settings, segment_megabytes=segment_megabytes)
        stack.callback(server.kill)  # its directory goes with it: nothing is worth a last write
        server.start()
        yield server


def _as_account(command: Sequence[str | Path]) -> list[str]:
    """Give the command as the account that the server runs under: it refuses to run as root."""
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    account = pwd.getpwnam(ACCOUNT)
    return [
        "setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
        "--",
        *words,
    ]


def _as_owner(command: Sequence[str | Path]) -> str:
    return run(_as_account(command), cwd=Path("/")).strip()


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _children(process: int) -> list[int]:
    """List the children of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == process:
                    found.append(int(entry.name))
    return found
