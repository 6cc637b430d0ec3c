"""Signed checkpoints of the audit, in a second place: who cuts the audit's end off is found by them.

Owns one file, `audit-checkpoints.jsonl`, to which lines are only added, and
the thread that adds them. What a checkpoint proves is `chain`'s.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from base64 import b64decode, b64encode
from dataclasses import asdict
from typing import TYPE_CHECKING

from teamconfig.errors import Problem
from teamconfig.state.chain import Checkpoint, canonical
from teamconfig.state.errors import StateError

if TYPE_CHECKING:
    from teamconfig.state.signers import Signer

NAME = "audit-checkpoints.jsonl"
ROWS = 1000
SECONDS = 60.0
LOOK_SECONDS = 5.0
"""How often the file is looked for while nothing is to be added."""

_VERSION = b"waypaas checkpoint 1\n"


class CheckpointError(StateError):
    """The checkpoints cannot be read, or are not what was written."""


class Sink:
    """The file of checkpoints in a directory that is not the database's.

    Args:
        directory: Must be there; best on another machine's disk.
        signer: Of the checkpoints.
    """

    def __init__(self, directory: str, signer: Signer) -> None:
        self.path = os.path.join(directory, NAME)
        self._signer = signer
        self._known: tuple[int, int] | None = None  # inode and size as we left them

    def append(self, checkpoint: Checkpoint) -> None:
        """Add a checkpoint, on disk when this returns.

        Args:
            checkpoint: What to add.

        Raises:
            OSError: It cannot be written.
        """
        body = asdict(checkpoint)
        signature = b64encode(self._signer.sign(_payload(checkpoint))).decode()
        line = canonical({**body, "signature": signature}).encode() + b"\n"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(self.path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _mend(descriptor)
            before = os.fstat(descriptor).st_size
            if os.write(descriptor, line) != len(line):
                raise OSError(f"the line was not written whole to {self.path}")
            os.fsync(descriptor)
            status = os.fstat(descriptor)
            is_new = self._known is None or self._known[0] != status.st_ino
            self._known = status.st_ino, before + len(line)  # not what is there now: it may have been cut since
        finally:
            os.close(descriptor)
        if is_new:
            directory = os.open(os.path.dirname(self.path), os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def look(self) -> str:
        """Say what became of the file since it was last written.

        Returns:
            Empty if it is there and has all that we know of, else what is wrong.
        """
        if self._known is None:
            return ""
        try:
            status = os.stat(self.path)
        except OSError as error:
            return f"the checkpoints in {self.path} vanished: {error.strerror}"
        if status.st_ino != self._known[0]:
            return f"the checkpoints in {self.path} vanished: another file is in their place"
        if status.st_size < self._known[1]:
            return f"the checkpoints in {self.path} were cut off"
        return ""

    def read(self) -> list[Checkpoint]:
        """Read all checkpoints.

        Returns:
            In the order that they were added; empty if there is no file.

        Raises:
            CheckpointError: The file cannot be read, or a line is not what was written.
        """
        try:
            with open(self.path, "rb") as file:
                content = file.read()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._broken(f"the file cannot be read: {error.strerror}") from error
        lines = content.split(b"\n")[:-1]  # what follows the last line's end was never whole
        return [self._parse(line, number) for number, line in enumerate(lines, 1)]

    def newest(self) -> Checkpoint | None:
        """Give the checkpoint of the latest row.

        Returns:
            It, or None if there is none.

        Raises:
            CheckpointError: As of `read`.
        """
        return max(self.read(), key=lambda found: found.sequence, default=None)

    def _parse(self, line: bytes, number: int) -> Checkpoint:
        try:
            body = json.loads(line)
            signature = b64decode(body.pop("signature"), validate=True)
            checkpoint = Checkpoint(**body)
            good = self._signer.is_signed(_payload(checkpoint), signature)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise self._broken(f"line {number} is no checkpoint") from error
        if not good:
            raise self._broken(f"line {number} is not signed by this service")
        return checkpoint

    def _broken(self, why: str) -> CheckpointError:
        fix = "bring back the file as it was, and find out who changed it"
        problem = Problem("the audit's checkpoints cannot be used", why, fix, self.path)
        return CheckpointError(problem, "checkpoints_broken")


class Checkpointer:
    """Adds a checkpoint after so many rows or so many seconds; give its `note` to the writer.

    Args:
        sink: Where to.
        rows: At the latest after so many rows.
        seconds: At the latest after so many seconds.
    """

    def __init__(self, sink: Sink, *, rows: int = ROWS, seconds: float = SECONDS) -> None:
        self._sink = sink
        self._rows = rows
        self._seconds = seconds
        self._head: Checkpoint | None = None
        self._written = Checkpoint(0, "", 0, 0)
        self._written_at = float("-inf")
        self._vanished = ""
        self._failed = ""
        self._is_closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="state-checkpoints", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """What is wrong; empty if all is well. That checkpoints vanished is said until the service starts anew."""
        return self._vanished or self._failed

    def note(self, head: Checkpoint) -> None:
        """Take the audit's new end; never waits for the file.

        Args:
            head: As the writer gives it.
        """
        with self._changed:
            is_first = self._head is None
            self._head = head
            if is_first or head.sequence - self._written.sequence >= self._rows:
                self._changed.notify()

    def close(self) -> None:
        """Add a last checkpoint, then end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._is_closing and not self._is_due():
                    self._changed.wait(min(LOOK_SECONDS, self._seconds))
                closing, due, head = self._is_closing, self._is_due(), self._head
            self._vanished = self._vanished or self._sink.look()
            if head is not None and head.sequence > self._written.sequence and (due or closing):
                self._write(head)
            if closing:
                return

    def _is_due(self) -> bool:
        if self._head is None or self._head.sequence <= self._written.sequence:
            return False
        age = time.monotonic() - self._written_at
        if self._failed and age < 1:
            return False
        return self._head.sequence - self._written.sequence >= self._rows or age >= self._seconds

    def _write(self, head: Checkpoint) -> None:
        try:
            self._sink.append(head)
        except OSError as error:
            self._failed = f"no checkpoint can be added to {self._sink.path}: {error.strerror or error}"
        else:
            self._failed = ""
            self._written = head
        self._written_at = time.monotonic()


def _payload(checkpoint: Checkpoint) -> bytes:
    return _VERSION + canonical(asdict(checkpoint)).encode()


def _mend(descriptor: int) -> None:
    """Take away a line that a crash left without its end."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, 4096, max(0, size - 4096))
    if tail and not tail.endswith(b"\n"):
        os.ftruncate(descriptor, size - len(tail) + tail.rfind(b"\n") + 1)
