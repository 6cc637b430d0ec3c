"""Tasks: run one, follow it to its end, stop it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from team_ecs import diagnose, messages, taskplan
from team_ecs.cloud import Cloud
from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
from team_ecs.place import Place, region
from team_ecs.tasklogs import Reader
from waypaas_sdk.errors import CloudBusyError, MissingError, StateError
from waypaas_sdk.plaintext import clean_log
from waypaas_sdk.resources import Category, Creation, Resource
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.taskoptions import TaskOptions
    from waypaas_sdk.arguments import TaskLaunchInfo
    from waypaas_sdk.call import Call
    from waypaas_sdk.terminal import TerminalUI

PLATFORM = "ecs"
FIRST_PAUSE, LAST_PAUSE, LONGER = 1.0, 5.0, 1.3
LATE_SECONDS = 5.0
"""How long the end of a log may take to arrive after the task has ended."""


def start(options: TaskOptions, task: TaskLaunchInfo, call: Call) -> Result:
    """Run a task.

    Args:
        options: Of the runner profile.
        task: What to run.
        call: The running call.

    Returns:
        What `watch` and `stop` need.

    Raises:
        OptionError: The runner profile is not complete.
        StateError: ECS has no room for it.
        PluginError: It could not be run; then nothing of it is left.
    """
    taskplan.check(options, task.environment)
    options = replace(options, region=region(options.region))
    cloud = Cloud(Place(options.region or "", "", options.cluster or ""), call)
    roles = f"arn:{cloud.partition()}:iam::{cloud.place.account}:role/"
    name = f"waypoint-task-{os.urandom(8).hex()}"
    message = team_ecs_pb2.Task(name=name, place=messages.place_to_proto(cloud.place))
    message.log_group, message.startup_seconds = taskplan.log_group(options), taskplan.startup_seconds(options)
    with Creation() as creation:
        for kind, category in (
            ("Secret", Category.CONFIG),
            ("TaskDefinition", Category.CONFIG),
            ("Task", Category.INSTANCE),
        ):
            if kind == "Secret" and not task.environment:
                continue
            resource = Resource(name, kind, PLATFORM, category, {"cluster": cloud.place.cluster})
            creation.made(resource, undo=partial(_remove, cloud.again(), message, kind))
            _make(cloud, kind, message, task, options, roles)
    return Result(message, resources=creation.resources)


def _make(
    cloud: Cloud, kind: str, message: team_ecs_pb2.Task, task: TaskLaunchInfo, options: TaskOptions, roles: str
) -> None:
    name = message.name
    if kind == "Secret":
        message.secret_arn = name
        planned = taskplan.secret(name, task, options)
        message.secret_arn = str(cloud.ask("secretsmanager", "CreateSecret", **planned)["ARN"])
    elif kind == "TaskDefinition":
        planned = taskplan.definition(name, task, options, roles, message.secret_arn)
        registered = cloud.ask("ecs", "RegisterTaskDefinition", **planned)
        message.task_definition_arn = registered["taskDefinition"]["taskDefinitionArn"]
    else:
        answer = cloud.ask("ecs", "RunTask", **taskplan.run(name, options, message.task_definition_arn))
        if not answer.get("tasks"):
            said = "; ".join(str(each.get("reason", "")) for each in answer.get("failures", ()))
            raise StateError(f"ECS does not run task {name}", why=said, fix=diagnose.NO_ROOM[1])
        message.task_arn = answer["tasks"][0]["taskArn"]


def stop(task: team_ecs_pb2.Task, call: Call) -> None:
    """Stop a task, and remove its secret and definition; gone already is fine.

    Args:
        task: As stored.
        call: The running call.

    Raises:
        PluginError: Something is left.
    """
    cloud = _cloud(task, call)
    for kind in ("Task", "TaskDefinition", "Secret"):
        with suppress(MissingError):
            _remove(cloud, task, kind)


def _cloud(task: team_ecs_pb2.Task, call: Call) -> Cloud:
    return messages.cloud(task.place, "deploy", team_ecs_pb2.Identity(), call)


def _remove(cloud: Cloud, task: team_ecs_pb2.Task, kind: str) -> None:
    """Remove a part, also where the answer that named it never came."""
    cluster = cloud.place.cluster
    if kind == "Task":
        started = cloud.pages("ecs", "ListTasks", "taskArns", cluster=cluster, startedBy=task.name)
        for arn in {*started, *filter(None, [task.task_arn])}:
            with suppress(MissingError):
                cloud.ask("ecs", "StopTask", cluster=cluster, task=arn, reason="Waypoint stopped it")
    elif kind == "TaskDefinition":
        arns = cloud.pages("ecs", "ListTaskDefinitions", "taskDefinitionArns", familyPrefix=task.name, status="ACTIVE")
        for arn in arns:
            cloud.ask("ecs", "DeregisterTaskDefinition", taskDefinition=arn)
    elif task.secret_arn:
        cloud.ask("secretsmanager", "DeleteSecret", SecretId=task.secret_arn, ForceDeleteWithoutRecovery=True)


def watch(task: team_ecs_pb2.Task, ui: TerminalUI, call: Call) -> int:
    """Show a task's log until it ends.

    Args:
        task: As stored.
        ui: Gets the log.
        call: The running call.

    Returns:
        The exit code of the task's container.

    Raises:
        MissingError: The task is not there any more.
        StateError: It cannot start, or did not in time; says why.
        PluginError: AWS cannot be asked.
    """
    cloud = _cloud(task, call)
    reader = Reader(cloud, task.log_group, f"{task.name}/")
    begun, pause = time.monotonic(), FIRST_PAUSE
    since = int((time.time() - 3600) * 1000)
    while True:
        found = _look(cloud, task)
        status = str(found.get("lastStatus", ""))
        if status in {"RUNNING", "DEPROVISIONING", "STOPPING", "STOPPED"}:
            _show(reader, since, ui)
        if status == "STOPPED":
            return _ended(reader, since, ui, call, found, task)
        if status != "RUNNING" and time.monotonic() - begun > task.startup_seconds:
            raise StateError(
                f"task {task.name} did not start within {task.startup_seconds} s",
                why=f"it is {status or 'not known'}",
                fix="see the task in AWS's console, or raise the option startup_timeout",
                where=f"cluster {cloud.place.cluster}",
            )
        call.sleep(pause)
        pause = min(pause * LONGER, LAST_PAUSE)


def _look(cloud: Cloud, task: team_ecs_pb2.Task) -> dict[str, Any]:
    answer = cloud.ask("ecs", "DescribeTasks", cluster=cloud.place.cluster, tasks=[task.task_arn])
    if not answer.get("tasks"):
        raise MissingError(f"task {task.name} is not there any more", fix="start it again")
    found: dict[str, Any] = answer["tasks"][0]
    return found


def _ended(
    reader: Reader, since: int, ui: TerminalUI, call: Call, found: Mapping[str, Any], task: team_ecs_pb2.Task
) -> int:
    codes = [each.get("exitCode") for each in found.get("containers", ()) if each.get("name") == taskplan.CONTAINER]
    code = next((code for code in codes if code is not None), None)
    if code is None:
        failure = diagnose.failure({}, [found])
        why = failure.why if failure else str(found.get("stoppedReason", "it says no reason"))
        fix = failure.fix if failure else "see the task in AWS's console"
        raise StateError(f"task {task.name} ended without having run", why=why, fix=fix)
    # The last lines come late.
    deadline = time.monotonic() + LATE_SECONDS
    while time.monotonic() < deadline:
        call.sleep(FIRST_PAUSE)
        if not _show(reader, since, ui):
            break
    return int(code)


def _show(reader: Reader, since: int, ui: TerminalUI) -> int:
    """Show what has come of the log; count its lines."""
    try:
        lines = reader.lines(since)
    except (MissingError, CloudBusyError):
        return 0  # the group is made with the first line, or the next look reads on
    for line in lines:
        ui.raw(f"{clean_log(line.text)}\n".encode())
    return len(lines)
