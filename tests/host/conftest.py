"""The real Waypoint, a real cluster, and a project between them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from project import Project

from testbed.fixture import Bed, ensure

if TYPE_CHECKING:
    from collections.abc import Iterator

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@pytest.fixture(autouse=True)
def standby(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let plugins start as users' do, by a standby; it ends soon after the test."""
    monkeypatch.delenv("WAYPAAS_STANDBY", raising=False)
    monkeypatch.setenv("WAYPAAS_STANDBY_SECONDS", "5")


@pytest.fixture(scope="session")
def bed() -> Bed:
    """Give the running test bed."""
    return ensure()


@pytest.fixture
def namespace(bed: Bed) -> Iterator[str]:
    """Give a fresh namespace on the real node, in which the restricted Pod Security Standard is enforced."""
    with bed.namespace("real", RESTRICTED) as name:
        yield name


@pytest.fixture
def project(bed: Bed, namespace: str, tmp_path: Path) -> Project:
    """Give a project of its own whose app goes to the fresh namespace."""
    made = Project(tmp_path, bed.kubeconfig)
    made.change('use "team-k8s" {}', f'use "team-k8s" {{ namespace = "{namespace}" }}')
    finished = made.waypoint("init")
    assert finished.code == 0, finished.output
    return made
