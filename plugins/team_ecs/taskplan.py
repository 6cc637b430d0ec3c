"""What a task of Waypoint's asks of AWS: a secret with its environment, a definition, and to be run. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from team_ecs import fargate
from teamconfig import units
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.order import Request
    from team_ecs.taskoptions import TaskOptions
    from waypaas_sdk.arguments import TaskLaunchInfo

CONTAINER = "task"
TASK_TAG = "waypaas:task"
VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


def check(options: TaskOptions, environment: Mapping[str, str]) -> None:
    """Refuse options that ECS cannot run a task by.

    Args:
        options: Of the runner profile.
        environment: Of the task.

    Raises:
        OptionError: All problems at once.
    """
    needed = {
        "cluster": options.cluster,
        "subnets": options.subnets,
        "security_groups": options.security_groups,
        "execution_role": options.execution_role,
    }
    problems = [
        OptionError(f"{name} is not set", why="ECS runs no task without it", fix="set it in the runner profile")
        for name, value in needed.items()
        if not value
    ]
    wrong = sorted(name for name in environment if not VARIABLE.fullmatch(name))
    if wrong:
        problems.append(OptionError(f"the task's environment has names that ECS refuses: {', '.join(wrong)}"))
    if options.launch_type != "EC2":
        try:
            _size(options)
        except OptionError as err:
            problems.append(err)
    if problems:
        raise OptionError.join(problems)


def _size(options: TaskOptions) -> fargate.Size:
    cpu, memory = options.cpu or "500m", options.memory or "1Gi"
    return fargate.exact(cpu, memory) if options.launch_type == "EC2" else fargate.size(cpu, memory)


def tags(name: str, options: TaskOptions) -> dict[str, str]:
    """Give the tags of everything of a task: nothing without them is touched."""
    return {**(options.tags or {}), TASK_TAG: name}


def secret(name: str, task: TaskLaunchInfo, options: TaskOptions) -> Request:
    """Plan the secret with the task's environment.

    Args:
        name: Of the task.
        task: What to run.
        options: Of the runner profile.

    Returns:
        Parameters of CreateSecret.
    """
    return {
        "Name": name,
        "ClientRequestToken": f"{name}-secret",
        "SecretString": json.dumps(dict(task.environment)),
        "Tags": [{"Key": key, "Value": value} for key, value in tags(name, options).items()],
    }


def definition(name: str, task: TaskLaunchInfo, options: TaskOptions, roles: str, secret_arn: str) -> Request:
    """Plan the task definition.

    Args:
        name: Of the task, and of its family.
        task: What to run.
        options: Of the runner profile.
        roles: Prefix of the ARNs of the account's roles.
        secret_arn: Of its environment; "" where that is empty.

    Returns:
        Parameters of RegisterTaskDefinition.
    """
    size = _size(options)
    log = {
        "awslogs-group": log_group(options),
        "awslogs-region": options.region or "",
        "awslogs-stream-prefix": name,
    }
    container: Request = {
        "name": CONTAINER,
        "image": task.image,
        "essential": True,
        "memory": size.memory,
        "secrets": [{"name": key, "valueFrom": f"{secret_arn}:{key}::"} for key in task.environment],
        "logConfiguration": {"logDriver": "awslogs", "options": log},
    }
    optional: Request = {"entryPoint": list(task.entrypoint), "command": list(task.arguments)}
    request: Request = {
        "family": name,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["EC2" if options.launch_type == "EC2" else "FARGATE"],
        "cpu": str(size.cpu),
        "memory": str(size.memory),
        "runtimePlatform": {
            "cpuArchitecture": "ARM64" if options.architecture == "arm64" else "X86_64",
            "operatingSystemFamily": "LINUX",
        },
        "executionRoleArn": _role(options.execution_role or "", roles),
        "containerDefinitions": [container | {key: value for key, value in optional.items() if value}],
        "tags": [{"key": key, "value": value} for key, value in tags(name, options).items()],
    }
    return request | ({"taskRoleArn": _role(options.task_role, roles)} if options.task_role else {})


def run(name: str, options: TaskOptions, task_definition: str) -> Request:
    """Plan the run.

    Args:
        name: Of the task; asked for again by the same name, ECS runs no second one.
        options: Of the runner profile.
        task_definition: Its ARN.

    Returns:
        Parameters of RunTask.
    """
    request: Request = {
        "cluster": options.cluster,
        "taskDefinition": task_definition,
        "count": 1,
        "startedBy": name,
        "clientToken": name,
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(options.subnets or ()),
                "securityGroups": list(options.security_groups or ()),
                "assignPublicIp": "ENABLED" if options.assign_public_ip else "DISABLED",
            }
        },
        "tags": [{"key": key, "value": value} for key, value in tags(name, options).items()],
    }
    if options.launch_type == "FARGATE_SPOT":
        return request | {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    return request | {"launchType": options.launch_type or "FARGATE"}


def log_group(options: TaskOptions) -> str:
    """Give the log group of the tasks."""
    return options.log_group or "/ecs/waypoint"


def startup_seconds(options: TaskOptions) -> int:
    """Give how long a task may take to start."""
    return int(units.parse_duration(options.startup_timeout or "5m").total_seconds())


def _role(name: str, roles: str) -> str:
    return name if name.startswith("arn:") else f"{roles}{name}"
