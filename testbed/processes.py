"""Processes that outlive the command which started them, and are only ever stopped by who started them.

A process is known by its id and its start time: ids are used again.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from testbed.shell import TestbedError, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence

STOP_SECONDS = 10.0
"""How long a process may take to end by itself."""


@dataclass(frozen=True)
class Process:
    """One that we started.

    Args:
        pid: Its id.
        started: Its start time, in clock ticks since boot.
    """

    pid: int
    started: int

    def alive(self) -> bool:
        """Tell whether it still runs."""
        return started(self.pid) == self.started

    def stop(self, sig: int = signal.SIGTERM) -> None:
        """End it, and kill it if it does not end.

        Args:
            sig: To begin with.
        """
        if not self.alive():
            return
        os.kill(self.pid, sig)
        try:
            wait_until(f"process {self.pid} to end", lambda: not self.alive(), STOP_SECONDS)
        except TestbedError:
            os.kill(self.pid, signal.SIGKILL)
            wait_until(f"process {self.pid} to die", lambda: not self.alive(), STOP_SECONDS)


def started(pid: int) -> int:
    """Give the start time of a process, 0 if it does not run or is only waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def start(command: Sequence[object], log: Path, *, netns: str = "", environ: dict[str, str] | None = None) -> Process:
    """Start a process in a session of its own.

    Args:
        command: Program and arguments.
        log: Gets its output.
        netns: Name of the network namespace to run it in; the present one if empty.
        environ: Added to its environment.

    Returns:
        The process.
    """
    inside = ["nsenter", f"--net=/run/netns/{netns}"] if netns else []
    argv = [*inside, *(str(part) for part in command)]
    append = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    # Not by Popen, which wants its children waited for: these outlive us.
    pid = os.posix_spawnp(
        argv[0],
        argv,
        os.environ | (environ or {}),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), append, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return Process(pid, started(pid))


def descendants(pid: int) -> list[int]:
    """Give the ids of all processes below one, deepest first."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    for child in parents.get(pid, []):
        found += [*descendants(child), child]
    return found
