"""The file of an SQLite database before it is opened: one process, 0600, and never empty where one was.

Owns the lock file beside it, which also remembers that a database was made.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time

from teamconfig.errors import Problem
from teamconfig.state.errors import InUseError
from teamconfig.state.faults import damaged, read_only

MAGIC = b"SQLite format 3\0"
MADE = "made"
HEADER_BYTES = 108
"""Of the file, and of its first page, which lists the tables."""

MOMENT_SECONDS = 1.0
"""How long a lock is waited for: a process that was killed while it started another leaves it to that one, which
drops it as it begins its own program."""

LOOK_SECONDS = 0.02
"""Between looks at the lock."""

LEAF = 13
"""Kind of a page of a table that has no pages below it."""

APPLICATION_ID = 0x57505331
"""What SQLite's header says of whose file it is: "WPS1"."""


class SqliteFile:
    """A database file that this process alone has.

    Args:
        path: Of the database; its directory must be there.

    Raises:
        InUseError: Another process, or another part of this one, has it.
        DamagedError: It is empty or no database, or it is gone and was there before.
        ReadOnlyError: It, or its directory, cannot be written.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        try:
            self._lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise read_only(self.path, f"the lock file beside it cannot be made: {error.strerror}") from error
        try:
            self._take()
        except BaseException:
            os.close(self._lock)
            raise

    def _take(self) -> None:
        if not self._locked():
            raise InUseError(
                Problem(
                    "the database is in use",
                    f"process {self._note().partition(' ')[0] or 'unknown'} has it, and SQLite is for one process",
                    "stop the other process, or use PostgreSQL for several",
                    self.path,
                ),
                "database_in_use",
            )
        self.made = self._note().endswith(MADE)
        self._check()
        self._write(f"{os.getpid()} {MADE if self.made else 'making'}")

    def _locked(self) -> bool:
        """Take the lock; False if somebody keeps it."""
        until = time.monotonic() + MOMENT_SECONDS
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    return False
                time.sleep(LOOK_SECONDS)
            else:
                return True

    def _check(self) -> None:
        """Refuse what is not a database; make the file if none was ever there."""
        begun = self._note() != ""
        try:
            with open(self.path, "rb") as file:
                begin = file.read(HEADER_BYTES)
        except FileNotFoundError:
            if self.made or os.path.exists(f"{self.path}-wal"):
                raise damaged(self.path, "the file is gone, and there was one before") from None
            self._create()
            return
        except OSError as error:
            raise read_only(self.path, f"the file cannot be read: {error.strerror}") from error
        if begin == b"" and (self.made or not begun):
            raise damaged(self.path, "the file is empty")
        if begin:
            self._check_header(begin, begun=begun)
        self.made = self.made or not begun
        with contextlib.suppress(PermissionError):
            os.chmod(self.path, 0o600)

    def _check_header(self, begin: bytes, *, begun: bool) -> None:
        """Refuse a file by its first bytes, before SQLite touches it; a first start that was cut off may go on."""
        if not begin.startswith(MAGIC) or len(begin) < HEADER_BYTES:
            raise damaged(self.path, "the file does not begin as an SQLite database does")
        with contextlib.suppress(FileNotFoundError):
            if os.path.getsize(f"{self.path}-wal"):
                return  # a crash left changes beside the file: it is whole only together with them
        size = os.path.getsize(self.path)
        page = int.from_bytes(begin[16:18]) or 1
        page = 65536 if page == 1 else page
        if size % page or size < page * int.from_bytes(begin[28:32]):
            raise damaged(self.path, "the file is cut off")
        owner = int.from_bytes(begin[68:72])
        unfinished = owner == 0 and not self.made and begun and _has_no_tables(begin)
        if owner != APPLICATION_ID and not unfinished:
            raise damaged(self.path, "the file is an SQLite database of another program")

    def _create(self) -> None:
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise read_only(self.path, f"the file cannot be made: {error.strerror}") from error

    def remember(self) -> None:
        """Keep for all time that there is a database: from now on it may not be missing or empty."""
        if not self.made:
            self.made = True
            self._write(f"{os.getpid()} {MADE}")
            directory = os.open(os.path.dirname(self.path), os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def close(self) -> None:
        """Let other processes have it."""
        os.close(self._lock)

    def _note(self) -> str:
        return os.pread(self._lock, 64, 0).decode("ascii", "replace").strip()

    def _write(self, text: str) -> None:
        line = f"{text}\n".encode()
        try:
            os.pwrite(self._lock, line, 0)
            os.ftruncate(self._lock, len(line))
            os.fsync(self._lock)
        except OSError as error:
            raise read_only(self.path, f"the lock file beside it cannot be written: {error.strerror}") from error


def _has_no_tables(begin: bytes) -> bool:
    return begin[100] == LEAF and not any(begin[103:105])
