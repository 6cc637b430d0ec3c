"""Three real registries: one that builds come from, and one for each of two environments."""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "imagemover"))

import moverimages
from workshop import Workshop

from testservers import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

_NUMBER = itertools.count(1)


@dataclass
class Company:
    """A workshop, and where its images live.

    Args:
        shop: The app.
        builds: The registry that builders push to.
        dev: That of dev.
        staging: That of staging.
        path: Of the app's repository.
        image: What the builder makes.
    """

    shop: Workshop
    builds: registry.Registry
    dev: registry.Registry
    staging: registry.Registry
    path: str
    image: moverimages.Image

    def standards(self, **more: object) -> None:
        """Write the standards of both environments; what is given here holds in dev."""
        options = {"image": f"{self.builds.host}/{self.path}"}
        common = {"url": self.dev.host, "repository": self.path, "builder": "testbuilder", "builder_options": options}
        self.shop.environment("dev", **(common | more))
        self.shop.environment("staging", url=self.staging.host, repository=self.path)


@pytest.fixture(scope="session")
def registries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[registry.Registry]]:
    """Give the run's registries."""
    root = tmp_path_factory.mktemp("registries")
    with registry.start(root / "a") as one, registry.start(root / "b") as two, registry.start(root / "c") as three:
        yield [one, two, three]


@pytest.fixture
def company(registries: list[registry.Registry], tmp_path: Path) -> Company:
    """Give a company whose builder has made an image of its own."""
    number = next(_NUMBER)
    made = Company(Workshop(tmp_path), *registries, f"shop/web{number}", moverimages.plain(900 + number))
    moverimages.push(made.builds, made.path, made.image)
    made.standards()
    return made
