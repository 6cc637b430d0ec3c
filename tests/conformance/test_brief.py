"""A short command by a standby ends for whoever started it when it says so, not when the kernel has cleaned up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import brief
import pytest
from standbys import Runtime, waited

COMMAND = [sys.executable, str(Path(__file__).with_name("brief.py"))]


def ended(runtime: Runtime, how: str) -> int:
    """Run the command; give how it ends."""
    return subprocess.run([*COMMAND, how], env=runtime.environ(), stdin=subprocess.DEVNULL, check=False).returncode


@pytest.fixture(name="standing")
def _standing(runtime: Runtime) -> Runtime:
    """Give a runtime directory with a standby of the command."""
    assert ended(runtime, "0") == 0
    assert waited(runtime.forked), "no standby came"
    return runtime


def test_the_end_is_told_before_the_process_is_gone(standing: Runtime) -> None:
    """The front has the code while the process that ran still ends; then the standby waits as before."""
    standbys, begun = standing.standbys(), time.monotonic()
    assert ended(standing, "7") == 7
    assert time.monotonic() - begun < brief.LINGERS_SECONDS
    assert len(standing.plugins()) == 1
    assert waited(standing.is_quiet)
    assert standing.standbys() == standbys


def test_several_end_at_the_same_time(standing: Runtime) -> None:
    """Each front has the code of its own command."""
    running = [
        subprocess.Popen([*COMMAND, str(code)], env=standing.environ(), stdin=subprocess.DEVNULL)
        for code in range(1, 9)
    ]
    assert [one.wait() for one in running] == list(range(1, 9))
    assert waited(standing.is_quiet)


def test_who_dies_without_a_word_is_noticed(standing: Runtime) -> None:
    """What is killed before it says its end ends its front by the same signal."""
    assert ended(standing, "killed") == -9
    assert waited(standing.is_quiet)
