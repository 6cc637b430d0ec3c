"""The task definition of one deploy. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_ecs import fargate, names
from teamconfig import units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.order import Order, Request
    from teamconfig.model import Ecs
    from teamconfig.model.ecs import EcsSidecar, EcsVolume, Firelens

ARCHITECTURES = {"amd64": "X86_64", "x86_64": "X86_64", "arm64": "ARM64", "aarch64": "ARM64"}

ROUTER = "log-router"
"""Name of FireLens's container."""


def size(order: Order) -> fargate.Size:
    """Give what a task gets of cpu and memory.

    Args:
        order: What is to be deployed.

    Returns:
        One of Fargate's pairs, or what the standards say where machines are one's own.

    Raises:
        OptionError: Fargate sells none that large.
    """
    cpu, memory = order.standards.cpu or "250m", order.standards.memory or "512Mi"
    return fargate.exact(cpu, memory) if order.standards.launch_type == "EC2" else fargate.size(cpu, memory)


def plan(order: Order) -> Request:
    """Plan the task definition.

    Args:
        order: What is to be deployed.

    Returns:
        Parameters of RegisterTaskDefinition.

    Raises:
        OptionError: Fargate sells no task that large.
    """
    standards = order.standards
    wanted = size(order)
    chosen = standards.architecture or order.architecture or "x86_64"
    request: Request = {
        "family": names.family(order.identity),
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["EC2" if standards.launch_type == "EC2" else "FARGATE"],
        "cpu": str(wanted.cpu),
        "memory": str(wanted.memory),
        "runtimePlatform": {
            "cpuArchitecture": ARCHITECTURES.get(chosen.lower(), "X86_64"),
            "operatingSystemFamily": "LINUX",
        },
        "executionRoleArn": order.role(standards.execution_role or ""),
        "containerDefinitions": [
            _app(order),
            *(_sidecar(order, each) for each in standards.sidecars),
            *([_router(order, standards.firelens)] if standards.firelens and routed(standards) else ()),
        ],
        "tags": [{"key": key, "value": value} for key, value in order.tags.items()],
    }
    if standards.volumes:
        request["volumes"] = [_volume(each) for each in standards.volumes]
    if standards.task_role:
        request["taskRoleArn"] = order.role(standards.task_role)
    return request


def routed(standards: Ecs) -> bool:
    """Tell whether the containers' logs go through a router, FireLens."""
    return bool(standards.firelens and standards.firelens.image)


def _volume(wanted: EcsVolume) -> Request:
    """Plan a file system; an access point brings a directory of its own."""
    efs: Request = {"fileSystemId": wanted.file_system or "", "transitEncryption": "ENABLED"}
    if wanted.access_point:
        efs["authorizationConfig"] = {"accessPointId": wanted.access_point}
    else:
        efs["rootDirectory"] = wanted.root_directory or "/"
    if wanted.iam:
        efs["authorizationConfig"] = {**efs.get("authorizationConfig", {}), "iam": "ENABLED"}
    return {"name": wanted.name or "", "efsVolumeConfiguration": efs}


def variables(order: Order) -> dict[str, str]:
    """Give the app's environment variables, without the secret ones."""
    given = {**order.variables, **(order.standards.env or {}), **order.environment}
    return given | ({"PORT": str(order.port)} if order.port else {})


def _app(order: Order) -> Request:
    standards = order.standards
    planned = _container(order, names.container(order.identity.app), order.image, variables(order), standards.secrets)
    planned["essential"] = True
    if order.port:
        planned["portMappings"] = [{"containerPort": order.port, "protocol": "tcp"}]
    if standards.command:
        planned["entryPoint"] = list(standards.command)
    if standards.args:
        planned["command"] = list(standards.args)
    if standards.volumes:
        planned["mountPoints"] = [
            {"sourceVolume": each.name, "containerPath": each.mount_path, "readOnly": bool(each.read_only)}
            for each in standards.volumes
        ]
    grace = units.parse_duration(standards.termination_grace or "30s").total_seconds()
    return planned | {"stopTimeout": int(grace), "linuxParameters": {"initProcessEnabled": True}}


def _sidecar(order: Order, wanted: EcsSidecar) -> Request:
    planned = _container(order, wanted.name or "", wanted.image or "", wanted.env or {}, wanted.secrets)
    planned["essential"] = wanted.essential is not False
    if wanted.port:
        planned["portMappings"] = [{"containerPort": wanted.port, "protocol": "tcp"}]
    if wanted.command:
        planned["command"] = list(wanted.command)
    return planned


def _router(order: Order, wanted: Firelens) -> Request:
    """Plan FireLens's container; the task ends when it does, so that no log is lost unseen."""
    options = {"enable-ecs-log-metadata": "true"}
    if wanted.config:
        kind = "s3" if wanted.config.startswith("arn:") else "file"
        options |= {"config-file-type": kind, "config-file-value": wanted.config}
    return {
        "name": ROUTER,
        "image": wanted.image or "",
        "essential": True,
        "firelensConfiguration": {"type": wanted.kind or "fluentbit", "options": options},
        "logConfiguration": _awslogs(order),
        "user": "0",
    }


def _awslogs(order: Order) -> Request:
    options = {
        "awslogs-group": order.standards.log_group or "",
        "awslogs-region": order.region,
        "awslogs-stream-prefix": order.name,
    }
    return {"logDriver": "awslogs", "options": options}


def _log(order: Order) -> Request:
    """Plan where a container's log goes."""
    router = order.standards.firelens
    if router is None or not routed(order.standards):
        return _awslogs(order)
    planned: Request = {"logDriver": "awsfirelens", "options": dict(router.options or {})}
    if router.secrets:
        planned["secretOptions"] = _secrets(router.secrets)
    return planned


def _secrets(wanted: Mapping[str, str]) -> list[Request]:
    return [{"name": key, "valueFrom": arn} for key, arn in wanted.items()]


def _container(
    order: Order, name: str, image: str, env: Mapping[str, str], secrets: Mapping[str, str] | None
) -> dict[str, Any]:
    planned: dict[str, Any] = {
        "name": name,
        "image": image,
        "environment": [{"name": key, "value": value} for key, value in env.items()],
        "logConfiguration": _log(order),
    }
    if routed(order.standards):
        planned["dependsOn"] = [{"containerName": ROUTER, "condition": "START"}]
    if secrets:
        planned["secrets"] = _secrets(secrets)
    return planned
