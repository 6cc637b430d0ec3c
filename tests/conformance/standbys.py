"""A runtime directory of a test's own, and the processes that its standbys are."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from waypaas_sdk.testing.host import PluginHost

if TYPE_CHECKING:
    from collections.abc import Callable

WARM = [sys.executable, str(Path(__file__).with_name("warm.py"))]
"""Starts the plugin that a standby may be."""

ROLE = b"WAYPAAS_STANDBY_ROLE=1"


def waited(condition: Callable[[], object], seconds: float = 20.0) -> bool:
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_front(pid: int) -> bool:
    """Tell whether a process is a front: it has a plugin's program, and no grpc."""
    return "cygrpc" not in Path(f"/proc/{pid}/maps").read_text()


class Runtime:
    """A runtime directory, and what lives by it.

    Args:
        path: Made, for this user only.
    """

    def __init__(self, path: Path) -> None:
        path.mkdir(mode=0o700)
        self.path = path
        self.directory = path / f"waypaas-standby-{os.getuid()}"

    def environ(self, **more: str) -> dict[str, str]:
        """Give the environment of a host that uses it."""
        own = {name: value for name, value in os.environ.items() if name != "WAYPAAS_STANDBY"}
        return own | {"XDG_RUNTIME_DIR": str(self.path), "WAYPAAS_STANDBY_SECONDS": "60"} | more

    def host(self, command: list[str] | None = None, **more: str) -> PluginHost:
        """Start a plugin."""
        return PluginHost(command or WARM, environ=self.environ(**more))

    def sockets(self) -> list[str]:
        """List the sockets of standbys."""
        return sorted(path.name for path in self.directory.glob("*") if path.is_socket())

    def warm(self, command: list[str] | None = None, **more: str) -> None:
        """Start a plugin plainly, so that there is a standby for the next."""
        before = self.sockets()
        with self.host(command, **more) as host:
            assert not is_front(host.plugin.pid)
            assert waited(lambda: len(self.sockets()) > len(before)), "no standby came"

    def processes(self) -> dict[int, bytes]:
        """Give the processes that live by it, with their environments: fronts, standbys and plugins."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                environ = entry.read_bytes()
                state = entry.with_name("stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if f"XDG_RUNTIME_DIR={self.path}".encode() in environ.split(b"\0") and state != "Z":
                found[int(entry.parent.name)] = environ
        return found

    def standbys(self) -> list[int]:
        """List the standbys: those in their role whose parent is not."""
        role = {pid for pid, environ in self.processes().items() if ROLE in environ.split(b"\0")}
        return [pid for pid in role if _parent(pid) not in role]

    def forked(self) -> list[int]:
        """List what standbys have forked, the one that waits for the next start too."""
        standbys = self.standbys()
        return [pid for pid in self.processes() if _parent(pid) in standbys]

    def plugins(self) -> list[int]:
        """List the plugins that standbys have forked and that have a front: they have left the standby's session."""
        return [pid for pid in self.forked() if os.getsid(pid) == pid]

    def is_quiet(self) -> bool:
        """Tell whether standbys wait, and nothing else lives."""
        waiting = {*self.standbys(), *self.forked()}
        return set(self.processes()) == waiting and not self.plugins()

    def end(self) -> None:
        """End every process that lives by it."""
        assert waited(lambda: not self._kill())

    def _kill(self) -> dict[int, bytes]:
        living = self.processes()
        for pid in living:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return living


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
