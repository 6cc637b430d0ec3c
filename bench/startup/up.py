"""Whole `waypoint up` commands whose plugin does nothing: all that is left is starts and RPCs.

Two projects that differ in one word: the platform is a Python plugin of ten lines, or the
empty Go plugin. Both build with Waypoint's own docker-ref, which builds nothing either.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE = """project = "up"

app "web" {{
  build {{
    use "docker-ref" {{
      image = "world"
      tag   = "v1"
    }}
  }}
  deploy {{
    use "{name}" {{}}
  }}
}}
"""

PLUGIN = """#!{python}
from waypaas_sdk import standby

standby.enter()

from google.protobuf.empty_pb2 import Empty
from waypaas_sdk import component, serve

class Nothing(component.Platform):
    def deploy(self) -> Empty:
        "Deploy nothing."
        return Empty()

serve.serve(Nothing)
"""

HANG_SECONDS = 60.0
"""Now and then Waypoint's local mode hangs when its work is done; that round is left out."""


def _project(directory: Path, name: str) -> Path:
    directory.mkdir()
    (directory / "waypoint.hcl").write_text(FILE.format(name=name))
    return directory


def _run(waypoint: Path, directory: Path, environ: dict[str, str], *words: str) -> float | None:
    begun = time.monotonic()
    try:
        done = subprocess.run(
            [waypoint, *words],
            cwd=directory,
            env=environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    if done.returncode:
        raise SystemExit(f"waypoint {words[0]} failed:\n{done.stdout}{done.stderr}")
    return time.monotonic() - begun


def compare(waypoint: Path, peer: Path, rounds: int, scratch: Path) -> None:
    """Measure, and print the table.

    Args:
        waypoint: Its binary.
        peer: The empty Go plugin.
        rounds: How many, alternating.
        scratch: An empty directory that lives longer; also the runtime directory of the standbys.
    """
    home = {"HOME": str(scratch / "home"), "XDG_CONFIG_HOME": str(scratch / "home" / ".config")}
    environ = os.environ | home | {"XDG_RUNTIME_DIR": str(scratch), "WAYPAAS_STANDBY": "on"}
    (scratch / "home").mkdir()
    python, golang = _project(scratch / "python", "nothing"), _project(scratch / "go", "peer")
    program = python / "waypoint-plugin-nothing"
    program.write_text(PLUGIN.format(python=sys.executable))
    program.chmod(0o755)
    (golang / "waypoint-plugin-peer").symlink_to(peer)
    kinds = {
        "ours, warm": (python, environ),
        "ours, plain": (python, environ | {"WAYPAAS_STANDBY": "off"}),
        "empty Go": (golang, environ),
    }
    for directory, own in kinds.values():
        _run(waypoint, directory, own, "init")
        _run(waypoint, directory, own, "up", "-plain")
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, (directory, own) in kinds.items():
            seconds = _run(waypoint, directory, own, "up", "-plain")
            if seconds is not None:
                taken[name].append(seconds)
    print(f"a whole `waypoint up` with a plugin that does nothing (s, {rounds} rounds, alternating)")
    floor = statistics.median(taken["empty Go"])
    for name, values in taken.items():
        middle = statistics.median(values)
        print(f"  {name:11} median {middle:5.2f}   min {min(values):5.2f}   to empty Go {middle / floor:5.2f}")
