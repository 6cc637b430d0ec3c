"""Status, judged from what AWS says."""

from __future__ import annotations

from typing import Any

import pytest

from team_ecs import status
from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment, Place
from waypaas_sdk.health import Health

DEPLOYMENT = Deployment(name="web-1-v1", place=Place(region="eu-west-1", cluster="payments-dev"))


def service(running: int, pending: int = 0) -> dict[str, Any]:
    """Give a service that shall have two tasks."""
    return {"serviceArn": "arn:s", "desiredCount": 2, "runningCount": running, "pendingCount": pending}


def targets(*states: str) -> list[dict[str, Any]]:
    """Give targets in some states."""
    return [{"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": state}} for state in states]


@pytest.mark.parametrize(
    ("found", "behind", "health"),
    [
        (service(2), targets("healthy", "healthy"), Health.READY),
        (service(2), None, Health.READY),
        (service(2), targets("healthy", "unhealthy"), Health.PARTIAL),
        (service(1, 1), targets("healthy"), Health.PARTIAL),
        (service(2), targets("unhealthy", "unhealthy"), Health.ALIVE),
        (service(2), [], Health.ALIVE),
        (service(0, 2), [], Health.ALIVE),
        (service(0), [], Health.DOWN),
    ],
)
def test_behaviour_17_health(found: dict[str, Any], behind: list[dict[str, Any]] | None, health: Health) -> None:
    """The health follows the tasks that run and the targets that are healthy, whichever are fewer."""
    assert status.report(found, [], behind, DEPLOYMENT).health is health


def test_behaviour_17_tasks_are_parts_of_the_service() -> None:
    """Each task is shown with its own health and belongs to the service that was declared."""
    tasks = [
        {"taskArn": "arn:t/1", "lastStatus": "RUNNING"},
        {"taskArn": "arn:t/2", "lastStatus": "PENDING"},
        {"taskArn": "arn:t/3", "lastStatus": "RUNNING", "healthStatus": "UNHEALTHY"},
    ]
    whole, *parts = status.report(service(2), tasks, None, DEPLOYMENT).resources
    assert [part.health for part in parts] == [Health.READY, Health.ALIVE, Health.DOWN]
    assert {part.parent for part in parts} == {whole.id}
    assert {part.declared for part in parts} == {"web-1-v1"}
    assert all(part.url.startswith("https://eu-west-1.console.aws") for part in (whole, *parts))
