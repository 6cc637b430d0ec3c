"""How a rollout is judged: certain failures at once, others not before they are, and progress in words."""

from __future__ import annotations

from typing import Any

import pytest

from team_ecs import diagnose

RUNNING: dict[str, Any] = {
    "desiredCount": 2,
    "runningCount": 2,
    "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
}
STARTING: dict[str, Any] = {
    "desiredCount": 2,
    "runningCount": 1,
    "deployments": [{"status": "PRIMARY", "rolloutState": "IN_PROGRESS"}],
}


def target(state: str, **about: str) -> dict[str, Any]:
    """Give a target as AWS tells it."""
    return {"Target": {"Id": "10.0.0.1"}, "TargetHealth": {"State": state, **about}}


def exited(code: int, reason: str = "Essential container in task exited") -> dict[str, Any]:
    """Give a task whose app has ended."""
    containers = [{"name": "proxy", "exitCode": 0}, {"name": "web", "exitCode": code}]
    about = {"stopCode": "EssentialContainerExited", "stoppedReason": reason, "containers": containers}
    return {"taskArn": "arn:aws:ecs:eu-west-1:1:task/c/abc", **about}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("CannotPullContainerError: pull image manifest has been retried 1 time(s): not found", "cannot be pulled"),
        ("ResourceInitializationError: unable to pull secrets or registry auth", "a secret"),
        ("CannotStartContainerError: exec: /app: no such file", "cannot be started"),
    ],
)
def test_behaviour_20_what_never_starts_is_certain_at_once(text: str, what: str) -> None:
    """One stopped task whose reason will not go away by waiting ends the rollout, with AWS's own words."""
    for task in ({"stoppedReason": text}, {"stoppedReason": "x", "containers": [{"reason": text}]}):
        found = diagnose.failure(STARTING, [task])
        assert found is not None
        assert what in found.what
        assert found.why == text


def test_behaviour_20_an_app_that_ends_twice_does_not_start() -> None:
    """One end may be an app that waited for something; the second is certain, with its exit code and container."""
    assert diagnose.failure(STARTING, [exited(3)]) is None
    found = diagnose.failure(STARTING, [exited(3), exited(3)])
    assert found is not None
    assert "container web ended with exit code 3" in found.why
    assert (found.task, found.container) == ("arn:aws:ecs:eu-west-1:1:task/c/abc", "web")


def test_behaviour_20_failed_health_checks() -> None:
    """Two tasks that the load balancer had replaced are certain."""
    sick = {
        "stoppedReason": "Task failed ELB health checks in (target-group x)",
        "stopCode": "ServiceSchedulerInitiated",
    }
    assert diagnose.failure(STARTING, [sick]) is None
    found = diagnose.failure(STARTING, [sick, sick])
    assert found is not None
    assert "unwell" in found.what


def test_behaviour_20_no_room() -> None:
    """An event that no task could be placed is certain."""
    text = "(service web) was unable to place a task. Reason: Capacity is unavailable at this time."
    found = diagnose.failure(STARTING | {"events": [{"message": text}]}, [])
    assert found is not None
    assert (found.what, found.why) == ("there is no room for the tasks", text)


def test_behaviour_20_the_circuit_breaker_has_the_last_word() -> None:
    """A deployment that ECS gave up is a failure, with its reason and the last task's."""
    given_up = {"status": "PRIMARY", "rolloutState": "FAILED", "rolloutStateReason": "tasks failed to start."}
    found = diagnose.failure(STARTING | {"deployments": [given_up]}, [exited(1)])
    assert found is not None
    assert "tasks failed to start." in found.why
    assert "exit code 1" in found.why


def test_scaling_in_is_no_failure() -> None:
    """Tasks that were stopped by somebody, or by scaling, do not count as failures."""
    stopped = {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity initiated by deployment x"}
    assert diagnose.failure(RUNNING, [stopped] * 5) is None


@pytest.mark.parametrize(
    ("service", "targets", "done", "text"),
    [
        (STARTING, None, False, "1 of 2 tasks run"),
        (RUNNING, None, True, "all 2 tasks run and are healthy"),
        (RUNNING, [target("healthy"), target("initial")], False, "all 2 tasks run, 1 are healthy behind"),
        (RUNNING, [], False, "all 2 tasks run, 0 are healthy behind"),
        (RUNNING, [target("healthy")] * 2, True, "all 2 tasks run and are healthy"),
        (RUNNING | {"deployments": STARTING["deployments"]}, None, False, "waiting for steady state"),
        (RUNNING | {"deployments": RUNNING["deployments"] * 2}, None, False, "waiting for steady state"),
        ({"desiredCount": 0, "runningCount": 0}, [], True, "all 0 tasks"),
    ],
)
def test_behaviour_20_steady_and_healthy(
    service: dict[str, Any], targets: list[dict[str, Any]] | None, *, done: bool, text: str
) -> None:
    """A rollout is done when ECS says steady, all tasks run, and as many targets are healthy."""
    state = diagnose.progress(service, targets)
    assert state.done is done
    assert text in state.text


def test_targets_that_are_not_well() -> None:
    """Each that is not well is named with AWS's reason; those that are leaving do not matter."""
    targets = [target("healthy"), target("draining"), target("unhealthy", Description="Health checks failed with 500")]
    assert diagnose.unwell(targets) == ["10.0.0.1 is unhealthy: Health checks failed with 500"]
