"""Unpacked versions: old ones are removed when a new one is unpacked, but none that runs."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from pluginbuild import BUILD_SECONDS, NAME

from waypaas_sdk.testing.host import PluginHost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(2 * BUILD_SECONDS)  # the first build may fetch packages


def version(home: Path, number: int, *, name: str = NAME, hours: float = 0.0) -> Path:
    """Make what an older version has unpacked, and was last started some hours ago."""
    folder = home / ".cache/waypaas/plugins" / f"{number:064x}"
    (folder / "programs").mkdir(parents=True, mode=0o700)
    for one in (folder.parent, folder):
        one.chmod(0o700)
    (folder / "programs" / name).touch()
    os.utime(folder, (time.time() - hours * 3600,) * 2)
    return folder


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a version as a plugin does that runs from it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def is_held(folder: Path) -> bool:
    """Tell whether somebody holds a version."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def start(binary: Path, home: Path) -> Path:
    """Start a binary by hand, which ends at once; give what it has unpacked to."""
    before = set((home / ".cache/waypaas/plugins").glob("*"))
    done = subprocess.run(
        [binary], env={"PATH": os.defpath, "HOME": str(home)}, capture_output=True, text=True, check=False, timeout=120
    )
    assert "on Kubernetes" in done.stderr
    (new,) = set((home / ".cache/waypaas/plugins").glob("*")) - before
    return new


def test_old_versions_are_removed(built: dict[str, Any], tmp_path: Path) -> None:
    """A new version leaves two older ones, and every one that runs, was started lately, or is another plugin's."""
    running, oldest, older = (version(tmp_path, number, hours=50 - number) for number in range(3))
    stay = [version(tmp_path, number, hours=40 - number) for number in (10, 11)]
    other = version(tmp_path, 20, name="waypoint-plugin-team-ecs", hours=99)
    with held(running):
        new = start(built["path"], tmp_path)
    assert set(new.parent.iterdir()) == {new, running, *stay, other}
    assert not oldest.exists()
    assert not older.exists()


def test_lately_started_versions_stay(built: dict[str, Any], tmp_path: Path) -> None:
    """However many there are, a version that was started within the hour stays."""
    lately = {version(tmp_path, number) for number in range(5)}
    new = start(built["path"], tmp_path)
    assert set(new.parent.iterdir()) == {new, *lately}


def test_a_plugin_holds_its_version(built: dict[str, Any], tmp_path: Path) -> None:
    """While a plugin runs, its version is held, and a start makes it young again; at its end it is free."""
    new = start(built["path"], tmp_path)
    os.utime(new, (0, 0))
    assert not is_held(new)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    with PluginHost([str(built["path"])], environ=environ) as host:
        assert host.ask("platform", "ConfigStruct").struct.fields
        assert is_held(new)
        assert time.time() - new.stat().st_mtime < 100
    deadline = time.monotonic() + 10
    while is_held(new) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_held(new)
