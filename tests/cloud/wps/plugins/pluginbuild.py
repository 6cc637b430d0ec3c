"""Builds the real binary of team-k8s for the tests, from a copy of the sources that nobody edits meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from pluginworld import PROGRAM

ROOT = Path(__file__).resolve().parents[4]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas"
NAME = "waypoint-plugin-team-k8s"
BUILD_SECONDS = 600


def copy_sources(folder: Path) -> None:
    """Copy what git knows, and what it would."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)


def build(sources: Path, out: Path, home: Path) -> dict[str, Any]:
    """Build team-k8s; give what was told about it."""
    search = os.pathsep.join([os.environ["PATH"], str(CACHE / "uv/bin"), str(CACHE / "go/bin")])
    command = [str(PROGRAM), "plugins", "build", "team-k8s", "--out", str(out), "--source", str(sources), "--json"]
    done = subprocess.run(
        command, cwd=home, env=os.environ | {"PATH": search}, capture_output=True, text=True, check=False,
        timeout=BUILD_SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (told,) = json.loads(done.stdout)["binaries"]
    return {**told, "path": Path(told["path"])}
