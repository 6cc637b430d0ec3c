"""Wait for a rollout: steady state and healthy targets, or the first certain failure."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from team_ecs import diagnose
from waypaas_sdk.errors import CloudBusyError, PluginError, StateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_ecs.cloud import Cloud
    from waypaas_sdk.call import Call

LOG_LINES = 10
FIRST_PAUSE, LAST_PAUSE, LONGER = 1.0, 5.0, 1.3
"""Seconds between two looks, growing: AWS permits far more, but others share the account's rate."""


def wait(
    cloud: Cloud,
    call: Call,
    name: str,
    target_group_arn: str,
    log_group: str,
    seconds: float,
    tell: Callable[[str], None],
) -> None:
    """Wait until all tasks run and are well.

    Args:
        cloud: Has the service.
        call: The running call; ends the wait when cancelled.
        name: Of the service.
        target_group_arn: Empty for a worker.
        log_group: That the tasks write to, each container to NAME/CONTAINER/TASK.
        seconds: At most.
        tell: Told each time that something changed.

    Raises:
        StateError: It will not succeed, or did not in time; says reason, exit code and last log lines.
        PluginError: AWS cannot be asked.
        CancelledError: The call was cancelled.
    """
    deadline, pause, said = time.monotonic() + seconds, FIRST_PAUSE, ""
    while True:
        try:
            state = look(cloud, name, target_group_arn, log_group)
        except CloudBusyError as busy:
            if time.monotonic() > deadline:
                raise
            text = f"{busy.what}, trying again"
        else:
            if state.done:
                return
            text = state.text
        if text != said:
            tell(text)
            said = text
        if time.monotonic() > deadline:
            raise StateError(
                f"service {name} was not steady and healthy within {seconds:g} s",
                why=text,
                fix="see why, or raise the option rollout_timeout",
                where=f"ECS service {name}",
            )
        call.sleep(pause)
        pause = min(pause * LONGER, LAST_PAUSE)


def look(cloud: Cloud, name: str, target_group_arn: str, log_group: str) -> diagnose.Progress:
    """Look once how the rollout is.

    Args:
        cloud: Has the service.
        name: Of the service.
        target_group_arn: Empty for a worker.
        log_group: Of the tasks.

    Returns:
        How far it is.

    Raises:
        StateError: It will not succeed.
        PluginError: AWS cannot be asked.
    """
    service = cloud.service(name)
    if service is None:
        raise StateError(
            f"service {name} is gone", why="somebody has removed it while it was being deployed", fix="deploy again"
        )
    state = diagnose.progress(service, None)
    if state.done and target_group_arn:
        state = diagnose.progress(service, cloud.health(target_group_arn))
    if not state.done:
        failed = diagnose.failure(service, cloud.tasks(name, "STOPPED"))
        if failed is not None:
            raise _told(cloud, name, failed, log_group)
    return state


def _told(cloud: Cloud, name: str, failed: diagnose.Failure, log_group: str) -> StateError:
    lines = last_lines(cloud, name, failed, log_group) if failed.task else []
    why = failed.why + "".join(f"\n    | {line}" for line in lines)
    return StateError(
        f"service {name} does not start: {failed.what}", why=why, fix=failed.fix, where=f"ECS service {name}"
    )


def last_lines(cloud: Cloud, name: str, failed: diagnose.Failure, log_group: str) -> list[str]:
    """Read the end of a container's log; what cannot be read is no further failure.

    Args:
        cloud: Where it is.
        name: Of the service.
        failed: Names task and container.
        log_group: That it was written to.

    Returns:
        At most LOG_LINES lines.
    """
    stream = f"{name}/{failed.container}/{failed.task.rpartition('/')[2]}"
    try:
        answer: dict[str, Any] = cloud.ask(
            "logs", "GetLogEvents", logGroupName=log_group, logStreamName=stream, limit=LOG_LINES, startFromHead=False
        )
    except PluginError as err:
        return [f"(its log cannot be read: {err.what})"]
    return [str(event.get("message", "")).rstrip() for event in answer.get("events", ())]
