"""What a deploy judges without asking anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from team_k8s import deploying

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIMEOUT = 600
WAITED = deploying.ABANDONED_SECONDS + TIMEOUT


def deployment(reason: str, revision: str) -> dict[str, Any]:
    """Make a Deployment whose rollout stands so."""
    annotations = {"deployment.kubernetes.io/revision": revision} if revision else {}
    conditions = [{"type": "Progressing", "reason": reason}] if reason else []
    return {
        "metadata": {"name": "web-v1", "creationTimestamp": "2026-01-02T03:04:05Z", "annotations": annotations},
        "spec": {"progressDeadlineSeconds": TIMEOUT},
        "status": {"conditions": conditions},
    }


@pytest.mark.parametrize(
    ("reason", "revision", "age", "abandoned"),
    [
        ("ProgressDeadlineExceeded", "1", WAITED + 1, True),
        ("ProgressDeadlineExceeded", "1", WAITED - 1, False),
        ("ProgressDeadlineExceeded", "2", WAITED * 100, False),
        ("ReplicaSetUpdated", "1", WAITED * 100, False),
        ("NewReplicaSetAvailable", "1", WAITED * 100, False),
        ("DeploymentPaused", "1", WAITED * 100, False),
        ("", "", WAITED * 100, False),
    ],
)
def test_behaviour_10_abandoned(reason: str, revision: str, age: float, abandoned: bool) -> None:  # noqa: FBT001
    """Only a deploy that never got ready, and is older than its own timeout by far, counts as abandoned."""
    assert deploying.is_abandoned(deployment(reason, revision), CREATED + timedelta(seconds=age)) is abandoned
