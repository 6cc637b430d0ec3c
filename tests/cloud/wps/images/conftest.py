"""Two real registries for the tests of `wps image`, one of them behind a proxy that a test can let misbehave.

`world` starts each command plainly; `warm` has a standby for it; `each` is both, one after the other.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "imagemover"))
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "conformance"))

from imageworld import World
from standbys import Runtime, waited

from testservers import faultproxy, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = itertools.count()


@pytest.fixture(scope="session")
def image_registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[registry.Registry, registry.Registry]]:
    """Give the run's registries."""
    root = tmp_path_factory.mktemp("registries")
    with registry.start(root / "near") as near, registry.start(root / "far") as far:
        yield near, far


@pytest.fixture
def world(image_registries: tuple[registry.Registry, registry.Registry], tmp_path: Path) -> Iterator[World]:
    """Give a world in which nothing goes wrong yet."""
    near, far = image_registries
    with faultproxy.start(far.port) as proxy:
        yield World(near, far, proxy, tmp_path, f"team/n{next(_NUMBER)}")


@pytest.fixture
def warm(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give a world whose commands a standby runs."""
    runtime = Runtime(tmp_path_factory.mktemp("run") / "user")
    world.runtime = runtime
    world.done("copy", "--help")
    assert waited(runtime.forked), "no standby came"
    yield world
    runtime.end()


@pytest.fixture(params=["plain", "standby"])
def each(request: pytest.FixtureRequest) -> World:
    """Give a world of each kind."""
    given: World = request.getfixturevalue("world" if request.param == "plain" else "warm")
    return given
