"""An app on fake nodes or the real one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from app import App

from testbed.fixture import Bed, ensure

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def bed() -> Bed:
    """Give the running test bed."""
    return ensure()


@pytest.fixture
def app(bed: Bed, tmp_path: Path) -> Iterator[App]:
    """Give an app whose pods go to fake nodes, where any image is ready at once or fails as its name says."""
    with bed.namespace("fake") as namespace:
        made = App(bed, namespace, tmp_path)
        yield made
        made.host.close()


@pytest.fixture
def real_app(bed: Bed, tmp_path: Path) -> Iterator[App]:
    """Give an app whose pods really run."""
    with bed.namespace("real", {"pod-security.kubernetes.io/enforce": "restricted"}) as namespace:
        made = App(bed, namespace, tmp_path)
        yield made
        made.host.close()
