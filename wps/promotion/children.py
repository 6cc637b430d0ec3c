"""Runs the command line of Waypoint as a child process: its output shown, its end made sure of, one run at a time.

Owns the process, the lock that its plugins inherit, and its end. What is run is `waypoint`'s matter.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from teamconfig import errors
from wps import terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

VARIABLE = "WAYPOINT_BIN"

_TELLS = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
_WAIT_SECONDS = 300.0
_GRACE_SECONDS = 20.0
_BEAT_SECONDS = 10.0
_IDLE_SECONDS = 40.0
"""Waypoint's local mode hangs now and then when its work is done: for so long it has no plugins, or only spins."""

_LOOK_SECONDS = 8.0
_SPINNING = 0.1
"""Part of a processor that only a Waypoint takes that spins; one that waits for a plugin takes a hundredth."""


class HungError(Exception):
    """A Waypoint did not end by itself, although its plugins do nothing: what it has done is for others to look."""


class Children:
    """Commands in one directory.

    Args:
        folder: Where they run.
        beat: Called now and then while a command runs; what it raises ends the command.
        stdout: Where their output goes: None for ours, or a file descriptor.
        works_here: Whether all work is done by plugins that are children of the command, as in Waypoint's local mode.
        environ: What they get besides our own environment.
    """

    def __init__(
        self,
        folder: Path,
        beat: Callable[[], None],
        stdout: int | None = None,
        *,
        works_here: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._environ = dict(environ or {})
        self._works_here = works_here
        self._folder = folder
        self._beat = beat
        self._stdout = stdout
        self._lock: int | None = None

    @contextmanager
    def alone(self, lock: Path) -> Iterator[None]:
        """Make sure that no command of an earlier run is still at work: a killed run leaves its last one behind.

        The lock is inherited by each command, and by the plugins that it starts, so it is free when all have ended.

        Args:
            lock: A file for it.

        Yields:
            Nothing.

        Raises:
            StandardsError: It is still at work after five minutes (kind state).
        """
        lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait_for_lock(lock)
            yield
        finally:
            os.close(self._lock)
            self._lock = None

    def _wait_for_lock(self, lock: Path) -> None:
        deadline = time.monotonic() + _WAIT_SECONDS
        told = False
        while True:
            try:
                fcntl.flock(self._lock or 0, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as err:
                if time.monotonic() > deadline:
                    what, why = "a Waypoint of an earlier run is still at work", f"it holds {lock}"
                    raise errors.state(what, why, "end it, or wait for it, and run this again", str(lock)) from err
                if not told:
                    terminal.note("waiting for a Waypoint that another run has left at work, or is at work with")
                    told = True
                self._beat()
                time.sleep(0.5)
            else:
                return

    def run(self, command: list[str], wanted: str = "") -> tuple[int, bool]:
        """Run a command to its end, with its output shown.

        Args:
            command: Program and arguments.
            wanted: A word that its output shall have; empty for none.

        Returns:
            Its exit code, and whether the word was there.

        Raises:
            HungError: It hung, and was ended.
        """
        held = () if self._lock is None else (self._lock,)
        sys.stdout.flush()
        child = subprocess.Popen(  # noqa: S603  # a fixed program, no shell
            command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if wanted else self._stdout,
            pass_fds=held, process_group=0, env=os.environ | self._environ,
        )  # fmt: skip
        reader = _Reader(child.stdout, self._stdout, wanted)
        reader.start()
        try:
            code = self._wait(child)
        except BaseException:
            end(child)
            raise
        finally:
            reader.join(_GRACE_SECONDS)
        return code, reader.found

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        beaten = worked = time.monotonic()
        watch = _Watch(child.pid)
        while True:
            try:
                return child.wait(timeout=0.5)
            except subprocess.TimeoutExpired as err:
                now = time.monotonic()
                if now - beaten > _BEAT_SECONDS:
                    beaten = now
                    self._beat()
                if not self._works_here or watch.is_at_work():
                    worked = now
                elif now - worked > _IDLE_SECONDS:
                    raise HungError from err


class _Reader(threading.Thread):
    """Passes output on, and looks for a word in it.

    Args:
        pipe: The output; None if it goes elsewhere.
        target: File descriptor that it is passed on to; None for ours.
        wanted: The word.
    """

    def __init__(self, pipe: IO[bytes] | None, target: int | None, wanted: str) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._target = sys.stdout.fileno() if target is None else target
        self._wanted = wanted.encode()
        self.found = not wanted

    def run(self) -> None:
        """Read to the end."""
        if self._pipe is None:
            return
        with self._pipe:
            for line in self._pipe:
                self.found = self.found or self._wanted in line
                os.write(self._target, line)


def program() -> str:
    """Find the command line of Waypoint.

    Returns:
        Its path.

    Raises:
        StandardsError: It is not there (kind missing).
    """
    named = os.environ.get(VARIABLE, "")
    found = shutil.which(named or "waypoint")
    if found is None:
        what = f"there is no {named}" if named else "there is no waypoint on the PATH"
        fix = f"install Waypoint 0.11.4, or set {VARIABLE} to its program"
        raise errors.missing(what, "a release is deployed by Waypoint itself", fix, VARIABLE if named else "PATH")
    return str(Path(found).absolute())


class _Watch:
    """Tells whether a command may still be at work: it has plugins, and does not spin beside them.

    When a job is done, Waypoint's local mode sometimes never sees its end. It then sends itself news of the job without
    pause, often beside a plugin that has answered and waits for the next call. A Waypoint that waits for a plugin takes
    next to no processor time; so it spins where it takes much, and its plugins stay and take none.

    Args:
        pid: Of the command.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._looked = time.monotonic()
        self._spent = _spent([pid])
        self._plugins: list[int] = []
        self._plugins_spent = 0.0
        self._spins = False

    def is_at_work(self) -> bool:
        """Look.

        Returns:
            Whether it may be; True where the system does not say.
        """
        if not _TELLS.exists():
            return True
        try:
            tasks = Path(f"/proc/{self._pid}/task").glob("*/children")
            plugins = sorted(int(pid) for one in tasks for pid in one.read_text().split())
        except OSError:
            return True  # it has just ended
        seconds = time.monotonic() - self._looked
        if seconds > _LOOK_SECONDS:
            self._look(plugins, seconds)
        return bool(plugins) and not self._spins

    def _look(self, plugins: list[int], seconds: float) -> None:
        spent, plugins_spent = _spent([self._pid]), _spent(plugins)
        own, theirs = spent - self._spent, plugins_spent - self._plugins_spent
        self._spins = plugins == self._plugins and own > seconds * _SPINNING > 5 * theirs
        self._looked += seconds
        self._spent, self._plugins, self._plugins_spent = spent, plugins, plugins_spent


def _spent(pids: list[int]) -> float:
    """Give the seconds of processor time that processes have taken; one that has ended counts none."""
    found = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            after_name = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            found += int(after_name[11]) + int(after_name[12])
    return found / os.sysconf("SC_CLK_TCK")


def end(child: subprocess.Popen[bytes]) -> None:
    """End a command as Ctrl-C does, and by force if it hangs, as Waypoint's local mode does now and then.

    Args:
        child: The leader of a process group of its own.
    """
    for number, seconds in ((signal.SIGINT, _GRACE_SECONDS), (signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0)):
        try:
            os.killpg(child.pid, number)
            child.wait(timeout=seconds)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return
