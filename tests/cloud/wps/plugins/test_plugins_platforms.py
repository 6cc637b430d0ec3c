"""One set for several platforms: each machine gets the binaries of its own, and only those."""

from __future__ import annotations

import datetime as dt
import platform
import sys
from typing import TYPE_CHECKING

import pytest

from testservers import registry
from wps.pluginset import sources, syncing
from wps.pluginset.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from pluginworld import World

PLATFORMS = {
    "linux/amd64": ("linux", "x86_64"),
    "linux/arm64": ("linux", "aarch64"),
    "darwin/arm64": ("darwin", "arm64"),
}


@pytest.mark.parametrize("kind", ["directory", "registry"])
def test_each_machine_gets_its_own(empty: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """From a directory and from a registry's index, each platform has its own binary, fetched alone."""
    files = {name: empty.program("team-k8s", f"for {name}", name) for name in PLATFORMS}
    with registry.start(tmp_path / "registry") as server:
        place = str(empty.tree) if kind == "directory" else f"oci://{server.host}/plugins"
        empty.publish(to=place)
        for name, (system, machine) in PLATFORMS.items():
            monkeypatch.setattr(sys, "platform", system)
            monkeypatch.setattr(platform, "machine", lambda machine=machine: machine)
            here = Store({"HOME": str(tmp_path / name)})
            with sources.opened(place, ("127.0.0.1",)) as source:
                done = syncing.sync(syncing.Pin(place, (empty.public,)), source, here, dt.datetime.now(dt.UTC))
            assert done.fetched_bytes == files[name].stat().st_size
            assert (here.links / "waypoint-plugin-team-k8s").read_text() == files[name].read_text()
