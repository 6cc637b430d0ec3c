"""Start-up of our plugin against Go plugins built on waypoint-plugin-sdk, alternating in one run.

python bench/startup/startup.py [--rounds 30] [--max-ratio 2.5]

The peer is Waypoint's builtin kubernetes plugin, which does what team-k8s does and
brings its cloud client along; an empty Go plugin is measured beside it as the floor.
All are started by a probe that uses Waypoint's own client code. Prints medians,
minima and ratios; exit code 1 if a median's ratio to the peer is above --max-ratio.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "host"))

from build import waypoint  # tests/host/build.py

HERE = Path(__file__).resolve().parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "bench"
MEASURES = ("spawn to handshake", "spawn to dispensed")


def build() -> None:
    """Build the Go plugin and the probe."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in ("peer", "probe"):
        command = ["go", "build", "-ldflags", "-s -w", "-o", CACHE / name, f"./{name}"]
        subprocess.run(command, cwd=HERE, env=os.environ | {"GOFLAGS": "-mod=mod"}, check=True)


def measure(command: list[str]) -> tuple[float, float]:
    """Start a plugin once.

    Args:
        command: The plugin and its arguments.

    Returns:
        Milliseconds to the handshake, and to the dispensed platform.
    """
    done = subprocess.run([CACHE / "probe", *command], capture_output=True, text=True, check=True)
    handshake, dispensed = (int(part) / 1e6 for part in done.stdout.split())
    return handshake, dispensed


def main() -> int:
    """Measure, and print the table.

    Returns:
        Exit code.
    """
    parser = argparse.ArgumentParser(description="Start-up of our plugin against one in Go.")
    default = Path(sys.executable).parent / "waypoint-plugin-team-k8s"
    parser.add_argument("--plugin", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--max-ratio", type=float, default=0.0, help="fail above it; 0 never fails")
    arguments = parser.parse_args()
    build()
    plugins = {
        "ours": [str(arguments.plugin)],
        "builtin": [str(waypoint()), "plugin", "kubernetes"],
        "empty Go": [str(CACHE / "peer")],
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in plugins}
    for command in plugins.values():
        measure(command)  # fills the disk cache
    for _ in range(arguments.rounds):
        for name, command in plugins.items():
            taken[name].append(measure(command))
    worst = 0.0
    for index, what in enumerate(MEASURES):
        print(f"{what} (ms, {arguments.rounds} rounds, alternating)")
        columns = {name: [pair[index] for pair in pairs] for name, pairs in taken.items()}
        for name, values in columns.items():
            ratio = statistics.median(columns["ours"]) / statistics.median(values)
            row = f"median {statistics.median(values):6.0f}   min {min(values):6.0f}"
            print(f"  {name:10} {row}" + ("" if name == "ours" else f"   ours / this {ratio:5.2f}"))
            worst = max(worst, ratio) if name == "builtin" else worst
    if arguments.max_ratio and worst > arguments.max_ratio:
        print(f"the ratio {worst:.2f} is above {arguments.max_ratio:g}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
