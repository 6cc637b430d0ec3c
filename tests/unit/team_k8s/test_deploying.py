"""What a deploy judges without asking anybody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from team_k8s import deploying, names

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TIMEOUT = 600
WAITED = deploying.ABANDONED_SECONDS + TIMEOUT


def deployment(state: str) -> dict[str, Any]:
    """Make a Deployment of a deploy in a state."""
    annotations = {names.STATE_ANNOTATION: state} if state else {}
    return {
        "metadata": {"name": "web-v1", "creationTimestamp": "2026-01-02T03:04:05Z", "annotations": annotations},
        "spec": {"progressDeadlineSeconds": TIMEOUT},
    }


@pytest.mark.parametrize(
    ("state", "age", "abandoned"),
    [
        (names.DEPLOYING, WAITED + 1, True),
        (names.DEPLOYING, WAITED - 1, False),
        (names.DEPLOYED, WAITED * 100, False),
        ("", WAITED * 100, False),
    ],
)
def test_behaviour_10_abandoned(state: str, age: float, abandoned: bool) -> None:  # noqa: FBT001  # a table's column
    """Only a deploy that never ended, and is older than its own timeout by far, counts as abandoned."""
    assert deploying.is_abandoned(deployment(state), CREATED + timedelta(seconds=age)) is abandoned
