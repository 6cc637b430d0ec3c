"""A short command by a standby ends for whoever started it when it says so, not when the kernel has cleaned up."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from standbys import Runtime, waited

COMMAND = [sys.executable, str(Path(__file__).with_name("brief.py"))]


def run(runtime: Runtime, *arguments: str) -> tuple[int, str, float]:
    """Run the command; give how it ends, what it prints, and how long that takes."""
    begun = time.monotonic()
    done = subprocess.run(
        [*COMMAND, *arguments], env=runtime.environ(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, time.monotonic() - begun


@pytest.fixture(name="standing")
def _standing(runtime: Runtime) -> Runtime:
    """Give a runtime directory with a standby of the command."""
    assert run(runtime, "0")[0] == 0
    assert waited(runtime.forked), "no standby came"
    return runtime


def test_the_end_is_told_before_the_process_is_gone(standing: Runtime) -> None:
    """The front has the code, and who reads its output the end of it, however long the process takes to end."""
    standbys = standing.standbys()
    code, printed, seconds = run(standing, "7", "30")
    assert (code, printed) == (7, "done\n")
    assert seconds < 15
    assert waited(standing.is_quiet, 10), "what has told its end lives on"
    assert standing.standbys() == standbys


def test_nothing_runs_behind_a_told_end(standing: Runtime) -> None:
    """A command of which a thread is left tells nothing, and its front waits for it to be gone."""
    code, _, seconds = run(standing, "7", "1", "threads")
    assert code == 7
    assert seconds > 1
    assert waited(standing.is_quiet)


def test_several_end_at_the_same_time(standing: Runtime) -> None:
    """Each front has the code of its own command."""
    codes, environ = list(range(1, 9)), standing.environ()
    running = [subprocess.Popen([*COMMAND, str(code)], env=environ, stdin=subprocess.DEVNULL) for code in codes]
    assert [one.wait() for one in running] == codes
    assert waited(standing.is_quiet)


def test_who_dies_without_a_word_is_noticed(standing: Runtime) -> None:
    """What is killed before it says its end ends its front by the same signal."""
    assert run(standing, "killed")[0] == -9
    assert waited(standing.is_quiet)
