"""Waypoint 0.11.4 itself runs what was built and synced, while every Python of the machine is hidden from it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "host"))

import build
from pluginbuild import BUILD_SECONDS, NAME, ROOT

if TYPE_CHECKING:
    from pluginworld import World

SECONDS = 150

pytestmark = pytest.mark.timeout(2 * BUILD_SECONDS)  # the binary is built first


def hidden() -> str:
    """Give a script that hides every Python, where mounts are one's own."""
    folders = {sys.prefix, sys.base_prefix} - {"/usr"}
    programs = [path for path in Path("/usr/bin").glob("python3*") if not path.is_symlink()]
    return "; ".join(
        [
            *(f"mount -t tmpfs tmpfs {shlex.quote(folder)}" for folder in sorted(folders)),
            *(f"mount --bind /dev/null {path}" for path in programs),
        ]
    )


def waypoint(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real Waypoint in the checkout."""
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    script = f'{hidden()}; if python3 -c "" 2>/dev/null; then echo "there is a Python"; exit 9; fi; exec "$@"'
    command = ["unshare", *mapped, "--mount", "sh", "-c", script, "sh", str(build.waypoint()), *arguments]
    return subprocess.run(
        command, cwd=world.app, env=world.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, timeout=SECONDS,
    )  # fmt: skip


@pytest.mark.flaky(reruns=1, only_rerun="TimeoutExpired")  # Waypoint's local mode hangs now and then
def test_waypoint_runs_what_was_synced(empty: World, built: dict[str, Any]) -> None:
    """Waypoint builds by the synced plugin, holds it against the checksum in its file, and refuses a changed one."""
    target = next(empty.built.iterdir()) / NAME
    shutil.copy(built["path"], target)
    shutil.copy(ROOT / "examples/01-minimal/waypoint.hcl", empty.app / "waypoint.hcl")
    (empty.app / ".waypaas.toml").write_text(f'standards = "{ROOT / "examples/standards"}"\n')
    empty.publish()
    told = empty.synced("--write-stanza")
    assert told["shadows"] == []
    assert built["sha256"] in (empty.app / "waypoint.hcl").read_text()
    done = waypoint(empty, "init")
    assert done.returncode == 0, done.stdout
    done = waypoint(empty, "build", "-plain")
    assert done.returncode == 0, done.stdout
    assert "Created artifact v1" in done.stdout
    with (empty.links / NAME).resolve().open("ab") as file:
        file.write(b"more")
    done = waypoint(empty, "build", "-plain")
    assert done.returncode != 0
    assert "checksum mismatch" in done.stdout
