"""The README's commands, run word for word where a reader would run them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_HERE = {"make test": "this is the run of it"}
"""Commands that the README shows and these tests do not run, each with its reason."""

HUNG = "waypoint did not end within"
"""Waypoint's own local mode hangs now and then when its work is done: that, and nothing else, is tried once more."""


def commands() -> list[str]:
    """Give each command of each shell block of the README, without its comment."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    lines = [line.partition("  #")[0].partition(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and line not in NOT_HERE]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("command", commands())
def test_command(command: str) -> None:
    """The command does in the repository what the README says that it does, and succeeds."""
    environ = os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    for _ in range(2):
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
        )
        if HUNG not in done.stderr:
            break
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


def test_the_readme_shows_the_example() -> None:
    """The file that the README calls the whole of what a developer writes is that of examples/01-minimal."""
    (shown,) = re.findall(r"```hcl\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    example = (ROOT / "examples" / "01-minimal" / "waypoint.hcl").read_text()
    assert shown.split() == [word for line in example.splitlines() if not line.startswith("#") for word in line.split()]
