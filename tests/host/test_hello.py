"""examples/00-hello-plugin, as its waypoint.hcl says, through the real Waypoint command line."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import build
import pytest

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "00-hello-plugin"
MOST_LINES = 60


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a copy of the example."""
    return Path(shutil.copytree(EXAMPLE, tmp_path / "hello"))


def waypoint(directory: Path, *arguments: str) -> str:
    """Run waypoint in the example; give its output."""
    home = directory.parent / "home"
    environ = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home)}
    environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environ["PATH"]])
    command = [build.waypoint(), *arguments]
    done = subprocess.run(command, cwd=directory, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_example_is_small() -> None:
    """The whole plugin is at most 60 lines."""
    assert len((EXAMPLE / "waypoint-plugin-hello").read_text().splitlines()) <= MOST_LINES


def test_the_example_greets(directory: Path) -> None:
    """The plugin is found beside waypoint.hcl, deploys with its option, reports its status and is destroyed."""
    waypoint(directory, "init")
    assert "Greeted web" in waypoint(directory, "up", "-plain")
    (greeting,) = directory.rglob("web.txt")
    assert greeting.read_text() == "Good morning, world!\n"
    assert "READY" in waypoint(directory, "status", "-app", "web")
    waypoint(directory, "destroy", "-auto-approve")
    assert not greeting.exists()
