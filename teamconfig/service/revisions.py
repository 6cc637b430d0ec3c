"""The revision of the standards that is served: taken whole or refused whole, the old one kept meanwhile.

Follows a directory or a git ref from a thread of its own. Owns no rule of its
own on what a good revision is: `reading.tree`, `policy.rows` and
`policy.changes` do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from teamconfig import StandardsError, reading
from teamconfig.errors import Problem
from teamconfig.service.telemetry import LOG
from teamconfig.store import directory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from teamconfig.store.history import History
    from teamconfig.tree import Tree


@dataclass(frozen=True, slots=True)
class Revision:
    """A revision that is served.

    Args:
        tree: Read and valid.
        files: What it was read from.
        name: As in the tree.
        commit: Full name in git; empty for a directory.
        serial: Rises with each one taken.
        since: When it was taken, seconds since 1970.
    """

    tree: Tree
    files: Mapping[str, bytes]
    name: str
    commit: str
    serial: int
    since: float


@dataclass(frozen=True, slots=True)
class Refused:
    """A revision that is not served.

    Args:
        name: Of the revision; empty if not even that could be learnt.
        problems: Why.
    """

    name: str
    problems: tuple[Problem, ...]


class Source(Protocol):
    """Where revisions come from."""

    def newest(self) -> str:
        """Name the newest one, cheaply if nothing has changed."""

    def files(self, name: str) -> Mapping[str, bytes]:
        """Read one."""


class Directory:
    """A directory, whose content is its revision.

    Args:
        path: Of org.yaml's directory.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read: dict[str, dict[str, bytes]] = {}

    def newest(self) -> str:
        """Read it all: there is no cheaper way to see a change that is whole."""
        files = directory.read(self.path)
        name = directory.revision(files)
        self._read = {name: files}
        return name

    def files(self, name: str) -> Mapping[str, bytes]:
        """Give what `newest` has read."""
        return self._read[name]


Check = Callable[["Revision | None", "Tree", str], list[Problem]]
"""Judges a new revision by the old one: takes the old one, the new tree, and its commit."""


class Revisions:
    """Follows a source and holds what is served.

    Args:
        source: A directory or a history.
        check: What else a revision must pass; may raise StandardsError.
        origin: Where it is, for people.
        serial: Gives the serial for the revision of this name; kept in the database, so that all replicas agree.
        now: The clock, seconds since 1970.
    """

    def __init__(
        self,
        source: Source | History,
        check: Check,
        origin: str,
        serial: Callable[[str, str], int],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._check = check
        self._origin = origin
        self._serial = serial
        self._now = now
        self._stop = threading.Event()
        self._wake = threading.Event()
        self.current: Revision | None = None
        self.refused: Refused | None = None

    def look(self) -> bool:
        """Look once for a newer revision, and take or refuse it; the log tells what is new.

        Returns:
            Whether another one is served than before.
        """
        before = self.refused
        taken = self._look()
        if taken and self.current is not None:
            LOG.info("revision taken", extra={"revision": self.current.name, "serial": self.current.serial})
        elif self.refused is not None and self.refused != before:
            problems = [str(problem) for problem in self.refused.problems]
            LOG.warning("revision refused", extra={"revision": self.refused.name, "problems": problems})
        return taken

    def _look(self) -> bool:
        name = ""
        try:
            commit = self._source.newest()
            name = commit if ":" in commit else f"git:{commit[:12]}"
            if self.current is not None and name == self.current.name:
                self.refused = None
                return False
            if self.refused is not None and name == self.refused.name:
                return False
            files = self._source.files(commit)
            tree = reading.tree(files, revision=name, origin=self._origin)
            problems = self._check(self.current, tree, commit)
            if problems:
                self.refused = Refused(name, tuple(problems))
                return False
        except StandardsError as err:
            self.refused = Refused(name, err.problems)
            return False
        except OSError as err:
            why = (err.strerror or "the operating system refuses").lower()
            problem = Problem(f"standards {self._origin} cannot be read", why, "see to that", str(err.filename or ""))
            self.refused = Refused(name, (problem,))
            return False
        known = "" if ":" in commit else commit
        self.current = Revision(tree, files, name, known, self._serial(name, known), self._now())
        self.refused = None
        return True

    def resume(self, name: str, commit: str) -> bool:
        """Serve the revision that was served last, when the newest one is refused right after the start.

        Args:
            name: Of the revision.
            commit: Full name in git; a directory has no revision but its present one.

        Returns:
            Whether it is served.
        """
        if self.current is not None or not commit:
            return False
        try:
            files = self._source.files(commit)
            tree = reading.tree(files, revision=name, origin=self._origin)
        except (StandardsError, OSError):
            return False  # it is told what is wrong with the newest one
        self.current = Revision(tree, files, name, commit, self._serial(name, commit), self._now())
        return True

    def follow(self, seconds: float, changed: Callable[[], None]) -> threading.Thread:
        """Look again and again, from a thread of its own.

        Args:
            seconds: Between two looks.
            changed: Called after each look.

        Returns:
            The thread, running until `close`.
        """

        def run() -> None:
            while not self._stop.is_set():
                self._wake.wait(seconds)
                self._wake.clear()
                if not self._stop.is_set():
                    self.look()
                    changed()

        thread = threading.Thread(target=run, name="revisions", daemon=True)
        thread.start()
        return thread

    def hurry(self) -> None:
        """Look now: the repository has told of a push."""
        self._wake.set()

    def close(self) -> None:
        """Stop following."""
        self._stop.set()
        self._wake.set()
