"""Directories for work in between: what killed processes have left goes, what somebody uses stays."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

import pytest

from wps.pluginset import scratch

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "waypaas-build-"
KILLED = f"""\
import os, signal
from wps.pluginset import scratch
with scratch.folder("{PREFIX}") as made:
    (made / "big").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the place for temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def aged(path: Path) -> Path:
    """Make a directory look two hours old."""
    path.mkdir(exist_ok=True)
    os.utime(path, (path.stat().st_mtime - 7200,) * 2)
    return path


def test_what_a_killed_process_has_left_is_removed(place: Path) -> None:
    """A directory whose process was killed is removed by the next, once it is not young any more."""
    subprocess.run([sys.executable, "-c", KILLED], check=False, timeout=60)
    (left,) = place.iterdir()
    with scratch.folder(PREFIX) as young:
        assert {left, young} == set(place.iterdir())
    with scratch.folder(PREFIX), scratch.folder(PREFIX):
        aged(left)
        with scratch.folder(PREFIX):
            assert not left.exists()
    assert list(place.iterdir()) == []


def test_what_is_used_or_is_not_ours_stays(place: Path) -> None:
    """An old directory that somebody holds stays, and so do one of another name, a file and a link."""
    used, other, file, link = (place / name for name in (f"{PREFIX}a", "other", f"{PREFIX}file", f"{PREFIX}link"))
    file.write_text("")
    os.utime(file, (0, 0))
    aged(other)
    link.symlink_to(other)
    os.utime(link, (0, 0), follow_symlinks=False)
    handle = os.open(aged(used), os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with scratch.folder(PREFIX):
            pass
        assert {used, other, file, link} == set(place.iterdir())
    finally:
        os.close(handle)
    with scratch.folder(PREFIX):
        assert not used.exists()
