"""Many starts in a row by one standby: what is left of them?

python bench/startup/soak.py [--starts 1000] [--plugin PROGRAM]

Each start is a whole life: handshake, one call, shutdown. Prints the processes,
descriptors, files and memory after each tenth; exit code 1 if anything but the one
standby and its socket is left, or the standby's memory has grown by more than a
hundredth of a MiB per start.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "conformance"))

from standbys import Runtime, is_front, waited  # tests/conformance/standbys.py

PROGRAM = Path(sys.executable).parent / "waypoint-plugin-team-k8s"
MOST_GROWTH_MIB = 0.01


def resident_mib(pid: int) -> float:
    """Tell a process's resident memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def start(runtime: Runtime, program: Path, sockets: Path) -> tuple[float, bool]:
    """Start a plugin, ask it something, and end it.

    Args:
        runtime: Of its standby.
        program: The plugin.
        sockets: Where it makes its own.

    Returns:
        Milliseconds from spawn to the answer, and whether it came from the standby.
    """
    begun = time.perf_counter()
    with runtime.host([str(program)], PLUGIN_UNIX_SOCKET_DIR=str(sockets)) as host:
        host.ask("platform", "IsDestroyer", seconds=30)
        return (time.perf_counter() - begun) * 1e3, is_front(host.plugin.pid)


def soak(runtime: Runtime, program: Path, sockets: Path, starts: int) -> bool:
    """Start, count, and print.

    Args:
        runtime: Warm.
        program: The plugin.
        sockets: Where plugins make their own.
        starts: How many.

    Returns:
        Whether nothing is left.
    """
    (standby,) = runtime.standbys()  # it stays the same one while none of the files that it has loaded is written
    waited(runtime.forked)
    before, descriptors = resident_mib(standby), len(os.listdir(f"/proc/{standby}/fd"))
    taken, plain = [], 0
    for number in range(1, starts + 1):
        milliseconds, front = start(runtime, program, sockets)
        taken.append(milliseconds)
        plain += not front
        if runtime.standbys() != [standby]:
            raise SystemExit(f"start {number}: the standby was replaced; was one of its files written?")
        if number % max(starts // 10, 1) == 0:
            left = len(runtime.processes()), len(list(sockets.iterdir())), len(list(runtime.directory.iterdir()))
            print(
                f"{number:5} starts, {plain} without the standby: median {statistics.median(taken):5.0f} ms; processes"
                f" {left[0]}, sockets of plugins {left[1]}, files of the standby {left[2]}, its descriptors"
                f" {len(os.listdir(f'/proc/{standby}/fd'))}, its memory {resident_mib(standby):.1f} MiB",
                flush=True,
            )
    grown = resident_mib(standby) - before
    same = (
        waited(lambda: runtime.is_quiet() and len(runtime.forked()) == 1)
        and len(os.listdir(f"/proc/{standby}/fd")) == descriptors
        and runtime.standbys() == [standby]
    )
    return same and not list(sockets.iterdir()) and grown < MOST_GROWTH_MIB * starts


def main() -> int:
    """Soak.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description="Many starts in a row by one standby.")
    parser.add_argument("--plugin", type=Path, default=PROGRAM)
    parser.add_argument("--starts", type=int, default=1000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        runtime = Runtime(Path(scratch) / "run")
        sockets = Path(scratch) / "s"
        sockets.mkdir()
        try:
            runtime.warm([str(arguments.plugin)])
            clean = soak(runtime, arguments.plugin, sockets, arguments.starts)
        finally:
            runtime.end()
    print("nothing is left" if clean else "something is left")
    return 0 if clean else 1


if __name__ == "__main__":
    raise SystemExit(main())
