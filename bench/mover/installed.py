"""`wps` as its users have it: installed, on the distribution's interpreter, with a standby or without.

The interpreter that runs the benchmark may be one that was built without optimization, as a developer's often is; the
peers are built as they are released.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from peers import CACHE, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST = (3, 11)
WAIT_SECONDS = 20.0
TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


def wps() -> str:
    """Install this tree into the cache.

    Returns:
        Path of the program.
    """
    room = CACHE / "installed"
    quiet = ["uv", "-q"]
    own = {"UV_PROJECT_ENVIRONMENT": str(room), "VIRTUAL_ENV": str(room)}
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | own
    subprocess.run([*quiet, "venv", "--clear", "--python", _interpreter(), str(room)], check=True, env=environ)
    wanted = ["--frozen", "--no-dev", "--all-extras", "--no-editable", "--reinstall-package", "waypaas"]
    subprocess.run([*quiet, "sync", "--compile-bytecode", *wanted], check=True, env=environ, cwd=ROOT)
    return str(room / "bin/wps")


def _interpreter() -> str:
    """Give the distribution's interpreter if it is new enough, else the one that runs this."""
    found = shutil.which("python3", path="/usr/bin")
    if found is None:
        return sys.executable
    told = subprocess.run([found, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, check=True)
    return found if tuple(map(int, told.stdout.split())) >= OLDEST else sys.executable


class Standby:
    """A standby of `wps image` that lives as long as the benchmark.

    Args:
        program: `wps`.
        runtime: Directory for its socket.
    """

    def __init__(self, program: str, runtime: Path) -> None:
        self.environ = {"XDG_RUNTIME_DIR": str(runtime), "WAYPAAS_STANDBY_SECONDS": "3600"}
        self._program = program

    def start(self) -> None:
        """Start it, and wait until it has a process ready.

        Raises:
            SystemExit: It does not start.
        """
        asked = [self._program, "image", "copy", "--help"]
        subprocess.run(asked, check=True, env=os.environ | self.environ, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + WAIT_SECONDS
        while not any(map(_children, self._found())):
            if time.monotonic() > deadline:
                sys.exit("no standby of wps image has started: is WAYPAAS_STANDBY=off?")
            time.sleep(0.05)

    def _found(self) -> list[int]:
        """List those that there are: one makes room for another when a file that it has loaded is changed."""
        found = []
        mark = f"XDG_RUNTIME_DIR={self.environ['XDG_RUNTIME_DIR']}".encode()
        for one in Path("/proc").glob("[0-9]*"):
            try:
                # Its command line is that of a program without arguments, in a session of its own.
                words = (one / "cmdline").read_bytes().split(b"\0")
                is_alone = words[1:] == [self._program.encode(), b""] and os.getsid(int(one.name)) == int(one.name)
                if is_alone and mark in (one / "environ").read_bytes().split(b"\0"):
                    found.append(int(one.name))
            except OSError:
                continue
        return found

    def cpu_seconds(self) -> float:
        """Tell what it and the commands that it ran have cost; a command that runs is not counted yet.

        Returns:
            Seconds of a processor, in steps of a kernel's tick.
        """
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in self._found()]
        return sum(sum(map(int, words[11:15])) for words in stats) * TICK_SECONDS

    def end(self) -> None:
        """End it."""
        for pid in self._found():
            os.kill(pid, signal.SIGTERM)


def _children(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/task/{pid}/children").read_text())
    except OSError:
        return False


@contextmanager
def standby(program: str, runtime: Path) -> Iterator[Standby]:
    """Have a standby.

    Args:
        program: `wps`.
        runtime: Directory for its socket, of this user alone.

    Yields:
        The standby.
    """
    runtime.mkdir(mode=0o700)
    one = Standby(program, runtime)
    try:
        one.start()
        yield one
    finally:
        one.end()
