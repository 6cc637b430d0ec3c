"""Start-up of our plugin against Go plugins built on waypoint-plugin-sdk, alternating in one run.

python bench/startup/startup.py [--rounds 30] [--max-ratio 1.0] [--up 0]

Ours is measured with a warm standby and without one. The peer is Waypoint's builtin
kubernetes plugin, which does what team-k8s does and brings its cloud client along; an
empty Go plugin is measured beside it as the floor. All are started by a probe that uses
Waypoint's own client code. With --up, whole `waypoint up` commands follow (`up.py`).
Prints medians, minima and ratios, and the memory; exit code 1 if the ratio of the
medians, with a standby to the builtin's, is above --max-ratio in any line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "host"))

import up
from build import waypoint  # tests/host/build.py

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "bench"
MEASURES = {
    "handshake": "spawn to handshake",
    "first": "spawn to first answered RPC",
    "dispensed": "spawn to dispensed platform with options (11 RPCs)",
}
OURS, PLAIN, PEER = "ours, warm", "ours, plain", "builtin"
WARM_SECONDS = 30.0
"""No standby takes so long to come."""

Taken = dict[str, list[dict[str, float]]]


def build() -> None:
    """Build the Go plugin and the probe."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("peer", "probe"):
        command = ["go", "build", "-ldflags", "-s -w", "-o", str(CACHE / name), f"./{name}"]
        subprocess.run(command, cwd=HERE, env=os.environ | {"GOFLAGS": "-mod=mod"}, check=True)


def measure(command: list[str], environ: dict[str, str]) -> dict[str, float]:
    """Start a plugin once.

    Args:
        command: The plugin and its arguments.
        environ: Its environment.

    Returns:
        Milliseconds by measure, and the memory in MiB.
    """
    done = subprocess.run([CACHE / "probe", *command], env=environ, capture_output=True, text=True, check=True)
    taken = json.loads(done.stdout)
    return {name: taken[name] / 1e6 for name in MEASURES} | {name: taken[name] / 1024 for name in ("spawned", "all")}


def warmed(command: list[str], environ: dict[str, str]) -> None:
    """Start the plugin until a standby waits.

    Args:
        command: The plugin and its arguments.
        environ: Its environment; XDG_RUNTIME_DIR is nobody else's.

    Raises:
        SystemExit: None comes.
    """
    deadline = time.monotonic() + WARM_SECONDS
    measure(command, environ)
    while not any(path.is_socket() for path in Path(environ["XDG_RUNTIME_DIR"]).glob("waypaas-standby-*/*")):
        if time.monotonic() > deadline:
            raise SystemExit("no standby comes")
        time.sleep(0.05)


def report(taken: Taken, rounds: int) -> float:
    """Print the table.

    Args:
        taken: By plugin, one entry per round.
        rounds: How many.

    Returns:
        The worst ratio of the medians, ours with a standby to the peer's.
    """
    worst = 0.0
    for measure_name, what in MEASURES.items():
        print(f"{what} (ms, {rounds} rounds, alternating)")
        columns = {name: [one[measure_name] for one in all_taken] for name, all_taken in taken.items()}
        peer = statistics.median(columns[PEER])
        for name, values in columns.items():
            middle = statistics.median(values)
            print(f"  {name:11} median {middle:6.1f}   min {min(values):6.1f}   to builtin {middle / peer:5.2f}")
        worst = max(worst, statistics.median(columns[OURS]) / peer)
    print("memory (PSS, MiB) of the process that was spawned, and of all processes of its program")
    for name, all_taken in taken.items():
        spawned, everything = (statistics.median(one[part] for one in all_taken) for part in ("spawned", "all"))
        print(f"  {name:11} {spawned:6.1f}" + (f"   with plugin and standby {everything:6.1f}" if name == OURS else ""))
    return worst


def main() -> int:
    """Measure, and print the tables.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description="Start-up of our plugin against one in Go.")
    default = Path(sys.executable).parent / "waypoint-plugin-team-k8s"
    parser.add_argument("--plugin", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--up", type=int, default=0, metavar="ROUNDS", help="of whole `waypoint up` commands")
    parser.add_argument("--max-ratio", type=float, default=0.0, help="fail above it; 0 never fails")
    arguments = parser.parse_args()
    build()
    ours = [str(arguments.plugin)]
    with tempfile.TemporaryDirectory() as runtime:
        warm = os.environ | {"XDG_RUNTIME_DIR": runtime, "WAYPAAS_STANDBY": "on"}
        plain = os.environ | {"WAYPAAS_STANDBY": "off"}
        plugins = {
            OURS: (ours, warm),
            PLAIN: (ours, plain),
            PEER: ([str(waypoint()), "plugin", "kubernetes"], plain),
            "empty Go": ([str(CACHE / "peer")], plain),
        }
        for command, environ in plugins.values():
            measure(command, environ)  # fills the disk cache
        warmed(ours, warm)
        taken: Taken = {name: [] for name in plugins}
        for _ in range(arguments.rounds):
            for name, (command, environ) in plugins.items():
                taken[name].append(measure(command, environ))
        worst = report(taken, arguments.rounds)
        if arguments.up:
            up.compare(waypoint(), CACHE / "peer", arguments.up, Path(runtime))
    if arguments.max_ratio and worst > arguments.max_ratio:
        print(f"the ratio {worst:.2f} is above {arguments.max_ratio:g}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
