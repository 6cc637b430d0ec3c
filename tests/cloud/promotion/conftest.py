"""Four real registries, the real Waypoint, and an app between them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "team_ecr"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "imagemover"))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "host"))

from shop import Shop

from testservers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def promotion_registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[registry.Registry]]:
    """Give the registry of builds, and those of dev, staging and production."""
    root = tmp_path_factory.mktemp("registries")
    with (
        registry.start(root / "builds") as builds,
        registry.start(root / "dev") as dev,
        registry.start(root / "staging") as staging,
        registry.start(root / "production") as production,
    ):
        yield [builds, dev, staging, production]


@pytest.fixture
def shop(tmp_path: Path, promotion_registries: list[registry.Registry]) -> Shop:
    """Give an app of its own."""
    builds, *others = promotion_registries
    return Shop(tmp_path, builds, others)
