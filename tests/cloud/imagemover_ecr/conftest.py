"""ECR on loopback with two accounts and two regions, for the run."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "imagemover"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from ecrworld import FAR, NEAR, OURS, THEIRS, World

from imagemover.ecr import hosts
from testservers import ecr, registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.ecr.hosts import Host

_NUMBER = itertools.count()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ecr.Ecr, registry.Registry]]:
    """Give the run's ECR, and a registry that is none."""
    root = tmp_path_factory.mktemp("ecr")
    with (
        ecr.start(root / "ecr", regions=(NEAR, FAR), accounts=(OURS, THEIRS)) as server,
        registry.start(root / "plain") as plain,
    ):
        yield server, plain


@pytest.fixture
def world(servers: tuple[ecr.Ecr, registry.Registry], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Give a world in which nothing goes wrong yet, and a process that is the first account."""
    server, plain = servers
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in server.environment(OURS).items():
        monkeypatch.setenv(name, value)
    server.quirks = ecr.Quirks()
    made = World(server, plain, f"team/n{next(_NUMBER)}")
    yield made
    for one in made.opened:
        one.close()
    server.settle()


@pytest.fixture
def near() -> Host:
    """Give the first account's registry in the first region."""
    return hosts.build(OURS, NEAR)


@pytest.fixture
def far() -> Host:
    """Give the first account's registry in the second region."""
    return hosts.build(OURS, FAR)


@pytest.fixture
def theirs() -> Host:
    """Give the second account's registry in the first region."""
    return hosts.build(THEIRS, NEAR)
