"""Two real registries for the run, each behind a proxy that a test can let misbehave."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import moverimages
from pace import POLICY

from imagemover import copying
from imagemover.jobs import Job, Target
from imagemover.patience import Patience
from imagemover.registry import Registry
from testservers import faultproxy, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.patience import Policy
    from imagemover.repository import Repository
    from imagemover.results import Result

_NUMBER = itertools.count()


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[registry.Registry, registry.Registry]]:
    """Give the run's registries: the one images come from, the one they go to."""
    root = tmp_path_factory.mktemp("registries")
    with registry.start(root / "a") as near, registry.start(root / "b") as far:
        yield near, far


@dataclass
class World:
    """What a test has.

    Args:
        source: The registry that images come from.
        destination: The registry that they go to.
        reads: The proxy before the source.
        writes: The proxy before the destination.
        path: A repository that nobody else uses.
        opened: Our clients, closed after the test.
    """

    source: registry.Registry
    destination: registry.Registry
    reads: faultproxy.Proxy
    writes: faultproxy.Proxy
    path: str
    opened: list[Registry] = field(default_factory=list)

    def client(self, host: str, patience: Patience, **options: Any) -> Registry:
        """Give a client of a registry."""
        self.opened.append(Registry(host, patience=patience, **options))
        return self.opened[-1]

    def push(self, image: moverimages.Image, tag: str = "v1") -> None:
        """Put an image into the source, past the proxy."""
        moverimages.push(self.source, self.path, image, tag)

    def places(self, patience: Patience, **options: Any) -> tuple[Repository, Repository]:
        """Give source and destination, through the proxies."""
        near = self.client(self.reads.host, patience)
        far = self.client(self.writes.host, patience, **options)
        return near.repository(self.path), far.repository(self.path)

    def copy(self, name: str = "v1", tag: str = "v1", policy: Policy = POLICY, **options: Any) -> Result:
        """Copy the image through the proxies."""
        patience = Patience(policy)
        near, far = self.places(patience)
        job = Job(near, name, (Target(far, (tag,)),))
        return copying.copy([job], copying.Options(**options), patience)

    def assert_complete(self, image: moverimages.Image, tag: str = "v1") -> None:
        """Hold the destination's files against an image."""
        moverimages.assert_complete(self.destination, self.path, image, tag)


@pytest.fixture
def world(registries: tuple[registry.Registry, registry.Registry]) -> Iterator[World]:
    """Give a world in which nothing goes wrong yet."""
    near, far = registries
    with faultproxy.start(near.port) as reads, faultproxy.start(far.port) as writes:
        made = World(near, far, reads, writes, f"test/n{next(_NUMBER)}")
        yield made
        for one in made.opened:
            one.close()
