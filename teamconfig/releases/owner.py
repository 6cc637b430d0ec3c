"""Which process holds the claim of a promotion, and whether it still lives: a killed one need not be waited for.

Owns the name of a process. Tells only of processes on this machine since it
was started; of any other it knows nothing, and says so by False.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_SPACE = Path("/proc/self/ns/pid")
_PARTS = 4
_STARTED = 19  # fields of /proc/PID/stat behind the name: the 22nd of all is the time of its start


def current() -> str:
    """Name this process.

    Returns:
        "HOST/BOOT/PID/START", the same for as long as it lives, and of no other process ever.
    """
    pid = os.getpid()
    return f"{platform.node() or 'localhost'}/{_boot()}/{pid}/{_started(pid)}"


def is_gone(owner: str) -> bool:
    """Tell whether a process is known to have ended.

    Args:
        owner: As `current` named it, there.

    Returns:
        True if it ran on this machine since it was started, and does not any more; False if it lives, or nobody knows.
    """
    parts = owner.rsplit("/", _PARTS - 1)
    host, boot = platform.node() or "localhost", _boot()
    if len(parts) != _PARTS or parts[:2] != [host, boot] or not boot or not parts[2].isdecimal():
        return False
    return _started(int(parts[2])) != parts[3]


def _boot() -> str:
    """Name the start of this machine, and the space in which its process ids count; empty if nobody can tell."""
    try:
        return f"{_BOOT.read_text('ascii').strip()}:{_SPACE.readlink().name.partition(':')[2]}"
    except (OSError, ValueError):
        return ""


def _started(pid: int) -> str:
    """Tell when a process was started, in the kernel's ticks; empty if there is none, or only its remains."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] in {"Z", "X"} else after_name[_STARTED]
