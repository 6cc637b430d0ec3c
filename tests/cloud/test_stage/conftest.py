"""A deployment that answers, and an app whose releases are gated."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import gateserver
import golanebuild
from gateserver import Answer
from gateworld import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def golane() -> Path:
    """Give the program of the Go plugin."""
    return golanebuild.golane()


@pytest.fixture
def world(tmp_path: Path, golane: Path) -> World:
    """Give an app with standards that demand no test."""
    return World(tmp_path, golane)


@pytest.fixture
def server() -> Iterator[gateserver.Deployment]:
    """Give a deployment that is well at /healthz, slow at /slow, and fails at /broken."""
    answers = {
        "healthz": Answer(body={"status": "up"}), "slow": Answer(delay=0.4), "broken": Answer(500, "out of order"),
        "hangs": Answer(delay=30.0), "late": Answer(body="late", failures=1),
        "openapi.json": Answer(body=gateserver.DOCUMENT),
    }  # fmt: skip
    with gateserver.started(**answers) as made:
        yield made
