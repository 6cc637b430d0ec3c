"""Commands as child processes: their output, their end, and what they leave at work."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from wps.promotion import children
from wps.promotion.children import Children, HungError

if TYPE_CHECKING:
    from pathlib import Path


def made(folder: Path, *, works_here: bool = False) -> Children:
    """Give what runs commands."""
    return Children(folder, lambda: None, works_here=works_here)


def test_output_goes_on_and_is_looked_through(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A command's output is shown as it is, its exit code given, and the wanted word found or not."""
    command = ["sh", "-c", "echo one sha256:ab; exit 3"]
    assert made(tmp_path).run(command, "sha256:ab") == (3, True)
    assert made(tmp_path).run(command, "sha256:cd") == (3, False)
    assert made(tmp_path).run(command) == (3, True)
    assert capfd.readouterr().out == "one sha256:ab\n" * 3


def test_a_command_without_children_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all work is done by children, a command that has had none for a while is ended; one that has is not."""
    monkeypatch.setattr(children, "_IDLE_SECONDS", 1.0)
    began = time.monotonic()
    with pytest.raises(HungError):
        made(tmp_path, works_here=True).run(["sleep", "60"])
    assert time.monotonic() - began < 20
    assert made(tmp_path, works_here=True).run(["sh", "-c", "sleep 3; true"]) == (0, True)
    assert made(tmp_path).run(["sleep", "3"]) == (0, True)


def test_a_command_that_spins_beside_idle_children_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that takes the processor while its children take none is ended; one that waits for them is not."""
    monkeypatch.setattr(children, "_IDLE_SECONDS", 1.0)
    monkeypatch.setattr(children, "_LOOK_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(HungError):
        made(tmp_path, works_here=True).run(["sh", "-c", "sleep 60 & while :; do :; done"])
    assert time.monotonic() - began < 20
    busy = "timeout 4 sh -c 'while :; do :; done'"
    assert made(tmp_path, works_here=True).run(["sh", "-c", f"{busy} & {busy}; wait; true"]) == (0, True)
    assert made(tmp_path, works_here=True).run(["sh", "-c", "sleep 4 & wait; true"]) == (0, True)


def test_what_a_killed_run_left_is_waited_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The lock is held by a command and all that it starts, so the next run begins when the last of them has ended."""
    lock = tmp_path / "state" / "lock"
    first = made(tmp_path)
    with first.alone(lock):
        first.run(["sh", "-c", "(sleep 3; echo done > left) > /dev/null 2>&1 &"])
    with made(tmp_path).alone(lock):
        assert (tmp_path / "left").read_text() == "done\n"
    assert "waiting for a Waypoint" in capfd.readouterr().err
    assert lock.stat().st_mode & 0o777 == 0o600


def test_a_claim_that_is_lost_ends_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the beat raises ends the command with all that is in its process group."""
    monkeypatch.setattr(children, "_BEAT_SECONDS", 0.2)

    def lost() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError):
        Children(tmp_path, lost).run(["sh", "-c", "echo $$ > pid; sleep 60; true"])
    with pytest.raises(ProcessLookupError):
        os.killpg(int((tmp_path / "pid").read_text()), 0)


def test_a_command_that_ignores_ctrl_c_is_ended_by_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Waypoint's local mode does not always end by Ctrl-C: then it is killed."""
    monkeypatch.setattr(children, "_GRACE_SECONDS", 0.5)
    command = ["sh", "-c", "trap '' INT TERM; echo up; while :; do sleep 0.1; done"]
    child = subprocess.Popen(command, cwd=tmp_path, process_group=0, stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        children.end(child)
        assert child.wait(timeout=5) == -9
