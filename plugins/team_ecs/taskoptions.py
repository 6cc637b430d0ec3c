"""The options of the task launcher, which a runner profile sets."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option


@dataclass(kw_only=True)
class TaskOptions:
    """Where and how tasks run."""

    region: str | None = option("string", "AWS region.", default="AWS_REGION", example="eu-west-1")
    cluster: str | None = option("string", "Cluster; must exist.", example="waypoint")
    subnets: list[str] | None = option("list", "Subnets of the tasks.", example='["subnet-0a1b", "subnet-2c3d"]')
    security_groups: list[str] | None = option("list", "Security groups of the tasks.", example='["sg-0a1b"]')
    assign_public_ip: bool | None = option("bool", "Give tasks a public address.", default="false")
    execution_role: str | None = option(
        "string", "Role that pulls the image, writes logs and reads the task's secret.", example="waypoint-execution"
    )
    task_role: str | None = option("string", "Role of the task itself.", default="none", example="waypoint-runner")
    launch_type: str | None = option(
        "enum", "Where tasks run.", choices=("FARGATE", "FARGATE_SPOT", "EC2"), default="FARGATE"
    )
    architecture: str | None = option(
        "enum", "Processor of the tasks.", choices=("x86_64", "arm64"), default="x86_64", example="arm64"
    )
    cpu: str | None = option("cpu", "CPU of a task; rounded up to what Fargate sells.", default="500m", example="500m")
    memory: str | None = option(
        "memory", "Memory of a task; rounded up to what Fargate sells.", default="1Gi", example="1Gi"
    )
    log_group: str | None = option(
        "string", "CloudWatch log group; must exist.", default="/ecs/waypoint", example="/ecs/waypoint"
    )
    tags: dict[str, str] | None = option("map", "Tags of the task and its secret.", example='{"cost-center": "1234"}')
    startup_timeout: str | None = option(
        "duration", "How long the task may take to start.", default="5m", bounds=("1s", "1h"), example="5m"
    )
