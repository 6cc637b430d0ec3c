"""A world for each test of `wps plugins`, and a binary that is built once for all that need a real one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "conformance"))

import pluginbuild
from pluginworld import World


@pytest.fixture
def empty(tmp_path: Path) -> World:
    """Give a world in which nothing is published."""
    return World(tmp_path)


@pytest.fixture
def world(empty: World) -> World:
    """Give a world in which set 1 is published and installed: team-ecs and team-k8s, which print "one"."""
    empty.make(team_k8s="one", team_ecs="one")
    assert empty.publish()["serial"] == 1
    assert empty.synced()["changed"] is True
    return empty


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the sources."""
    folder = tmp_path_factory.mktemp("sources")
    pluginbuild.copy_sources(folder)
    return folder


@pytest.fixture(scope="session")
def built(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give the real binary of team-k8s."""
    folder = tmp_path_factory.mktemp("built")
    return pluginbuild.build(sources, folder / "out", folder)
