"""Section `ecs`: how an app runs on AWS ECS. Also the HCL options of the plugin team-ecs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from teamconfig.model import shapes
from teamconfig.model.option import option

_ZONE = shapes.Shape(r"[A-Z0-9]{4,32}", "the id of a hosted zone, as Z0123456789ABC", 32)
_FILE_SYSTEM = shapes.Shape(r"fs-[0-9a-f]{8,40}", "the id of a file system, as fs-0a1b2c3d", 43)
_ACCESS_POINT = shapes.Shape(r"fsap-[0-9a-f]{8,40}", "the id of an access point, as fsap-0a1b2c3d", 45)
_PERCENT = shapes.Shape(r"[1-9][0-9]?", "a whole number from 1 to 99", 2)


@dataclass(kw_only=True)
class HealthCheck:
    """How the load balancer asks a task whether it is well."""

    protocol: str | None = option(
        "enum", "What it asks by; TCP only behind a network load balancer.", choices=("HTTP", "TCP"),
        default="HTTP; TCP behind a network load balancer",
    )  # fmt: skip
    path: str | None = option("string", "Path of the HTTP request.", preset="/", example="/healthz")
    period: str | None = option("duration", "How often to ask.", preset="10s", bounds=("5s", "300s"))
    timeout: str | None = option("duration", "How long an answer may take.", preset="5s", bounds=("2s", "120s"))
    healthy_threshold: int | None = option(
        "int", "Successes in a row until a task counts as well.", preset=2, bounds=(2, 10)
    )
    unhealthy_threshold: int | None = option(
        "int", "Failures in a row until it counts as unwell.", preset=3, bounds=(2, 10)
    )
    codes: str | None = option("string", "HTTP status codes that count as well.", preset="200-399")
    grace: str | None = option(
        "duration", "How long a new task may fail the check without being replaced.", preset="60s", bounds=("0s", "2h")
    )


@dataclass(kw_only=True)
class LoadBalancer:
    """The load balancer: a shared one, of which an app gets a rule of its own, never the default action; or its own."""

    own: str | None = option(
        "enum", "Make a load balancer for this app in this workspace alone, used rather than a shared one.",
        choices=("application", "network"), default="none: a shared one", example="application",
    )  # fmt: skip
    subnets: list[str] | None = option(
        "list", "Subnets of the app's own.", default="those of the tasks", example='["subnet-4e5f", "subnet-6a7b"]'
    )
    security_groups: list[str] | None = option("list", "Security groups of the app's own.", example='["sg-4e5f"]')
    listener_arn: str | None = option(
        "string", "Listener that the rule is added to.",
        example="arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shared/1/2",
    )  # fmt: skip
    network_arn: str | None = option(
        "string", "Network load balancer, used rather than `listener_arn`: the app gets listeners of its own on it.",
        example="arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shared/1",
    )  # fmt: skip
    listen_port: int | None = option(
        "int", "Port of the app's own listener, on a network load balancer or its own.", bounds=(1, 65535),
        default="network: that of the app; application: 443 with a certificate, 80 without", example="443",
    )  # fmt: skip
    certificate_arn: str | None = option(
        "string", "Certificate of ACM by which that listener ends TLS.", default="none: no TLS",
        example="arn:aws:acm:eu-west-1:111122223333:certificate/1",
    )  # fmt: skip
    hosted_zone: str | None = option(
        "string", "Hosted zone of Route 53 that gets an alias record of the app's host.", default="none",
        example="Z0123456789ABCDEFGHIJ", shape=_ZONE,
    )  # fmt: skip
    internal: bool | None = option("bool", "Not reachable from the internet.", preset=True)
    priority: int | None = option(
        "int", "Priority of the rule.", bounds=(1, 50000), default="the first from 1000 that is free", example="100"
    )
    drain: str | None = option(
        "duration", "How long a task that ends may finish its requests.", preset="30s", bounds=("0s", "1h")
    )


@dataclass(kw_only=True)
class EcsAutoscale:
    """Target tracking, made as soon as `max_count` is set."""

    min_count: int | None = option("int", "Fewest tasks.", bounds=(0, 5000), default="count", example="2")
    max_count: int | None = option(
        "int", "Most tasks. Setting it turns autoscaling on.", bounds=(1, 5000), example="10"
    )
    cpu_percent: int | None = option(
        "int", "Average CPU use to hold.", unit="percent", bounds=(1, 100), default="75", example="75"
    )
    memory_percent: int | None = option(
        "int", "Average memory use to hold.", unit="percent", bounds=(1, 100), example="80"
    )
    requests_per_task: int | None = option(
        "int", "Requests per minute of each task to hold.", bounds=(1, 1000000), example="600"
    )


@dataclass(kw_only=True)
class EcsSidecar:
    """A container beside the app's, in the same task; what the task has of cpu and memory is for all of them."""

    required: ClassVar[tuple[str, ...]] = ("name", "image")
    unique: ClassVar[tuple[str, ...]] = ("name",)

    name: str | None = option("string", "Name.", example="proxy", shape=shapes.LABEL)
    image: str | None = option("string", "Image with tag or digest.", example="registry.example/proxy:1.4")
    command: list[str] | None = option("list", "Arguments, instead of the image's.", example='["--upstream=3000"]')
    port: int | None = option("int", "Port that it listens on.", bounds=(1, 65535), default="none", example="8443")
    env: dict[str, str] | None = option(
        "map", "Environment variables.", example='{"MODE": "strict"}', key_shape=shapes.ENV_NAME
    )
    secrets: dict[str, str] | None = option(
        "map", "Environment variables from Secrets Manager or Parameter Store, by ARN.",
        example='{"TOKEN": "arn:aws:ssm:eu-west-1:111122223333:parameter/web/token"}', key_shape=shapes.ENV_NAME,
    )  # fmt: skip
    essential: bool | None = option("bool", "The task ends when it does.", default="true")


@dataclass(kw_only=True)
class EcsVolume:
    """A file system of EFS in the app's container; its traffic is always encrypted."""

    required: ClassVar[tuple[str, ...]] = ("name", "file_system", "mount_path")
    unique: ClassVar[tuple[str, ...]] = ("name",)

    name: str | None = option("string", "Name.", example="uploads", shape=shapes.LABEL)
    file_system: str | None = option("string", "File system.", example="fs-0a1b2c3d", shape=_FILE_SYSTEM)
    access_point: str | None = option(
        "string", "Access point, which says directory and user.", default="none", example="fsap-0a1b2c3d",
        shape=_ACCESS_POINT,
    )  # fmt: skip
    root_directory: str | None = option("string", "Directory of the file system.", default="/", example="/web")
    mount_path: str | None = option("string", "Where it is in the container.", example="/var/uploads")
    read_only: bool | None = option("bool", "The app may not write to it.", default="false")
    iam: bool | None = option("bool", "The task's role decides who may mount it.", default="false")


@dataclass(kw_only=True)
class Firelens:
    """A log router beside the app; made as soon as `image` is set. Its own log goes to `log_group`."""

    image: str | None = option("string", "Image of Fluent Bit or Fluentd.", example="registry.example/fluent-bit:2.32")
    kind: str | None = option("enum", "Which of the two.", choices=("fluentbit", "fluentd"), default="fluentbit")
    options: dict[str, str] | None = option(
        "map", "Where it sends the containers' logs, in its own words.",
        example='{"Name": "http", "Host": "logs.acme.example"}',
    )  # fmt: skip
    secrets: dict[str, str] | None = option(
        "map", "As options, from Secrets Manager or Parameter Store, by ARN.",
        example='{"apikey": "arn:aws:ssm:eu-west-1:111122223333:parameter/logs/key"}',
    )  # fmt: skip
    config: str | None = option(
        "string", "Configuration: a path in its image, or the ARN of an object in S3.", default="none",
        example="/fluent-bit/configs/parse-json.conf",
    )  # fmt: skip


@dataclass(kw_only=True)
class Canary:
    """A release by steps; one that goes back to an older deployment is made at once."""

    steps: list[str] | None = option(
        "list", "Percent of the requests that the new deployment gets, before it gets all.",
        default="none: all at once", example='["10", "50"]', shape=_PERCENT,
    )  # fmt: skip
    bake: str | None = option(
        "duration", "How long each step lasts; unhealthy tasks meanwhile undo the release.", preset="1m",
        bounds=("1s", "24h"),
    )  # fmt: skip


@dataclass(kw_only=True)
class Ecs:
    """How an app runs on AWS ECS."""

    region: str | None = option("string", "AWS region.", default="AWS_REGION", example="eu-west-1")
    account: str | None = option(
        "string", "AWS account; a deploy to another one is refused.", default="that of the credentials",
        example="111122223333",
    )  # fmt: skip
    cluster: str | None = option("string", "Cluster; must exist.", example="payments-dev", template=True)
    launch_type: str | None = option(
        "enum", "Where tasks run.", choices=("FARGATE", "FARGATE_SPOT", "EC2"), preset="FARGATE"
    )
    capacity_provider: str | None = option(
        "string", "Capacity provider of the cluster, instead of what launch_type alone chooses.", default="none",
        example="payments-spot", template=True,
    )  # fmt: skip
    architecture: str | None = option(
        "enum", "Processor of the tasks.", choices=("x86_64", "arm64"), default="the image's", example="arm64"
    )
    subnets: list[str] | None = option("list", "Subnets of the tasks.", example='["subnet-0a1b", "subnet-2c3d"]')
    subnet_tags: dict[str, str] | None = option(
        "map", "Tags by which the subnets are looked up, where `subnets` names none.", example='{"tier": "private"}',
        template=True,
    )  # fmt: skip
    security_groups: list[str] | None = option("list", "Security groups of the tasks.", example='["sg-0a1b"]')
    security_group_tags: dict[str, str] | None = option(
        "map", "Tags by which the security groups are looked up, where `security_groups` names none.",
        example='{"role": "tasks"}', template=True,
    )  # fmt: skip
    open_to_world: bool | None = option(
        "bool", "Permit security groups that let in the whole internet (0.0.0.0/0 or ::/0).", preset=False
    )
    assign_public_ip: bool | None = option("bool", "Give tasks a public address.", preset=False)
    count: int | None = option("int", "Tasks that run.", preset=2, bounds=(0, 5000))
    port: int | None = option(
        "int", "Port the app listens on, also given to it as PORT. 0 is a worker.", preset=3000, bounds=(0, 65535)
    )
    cpu: str | None = option(
        "cpu", "CPU of a task; rounded up to what Fargate sells.", preset="250m", bounds=("125m", "16")
    )
    memory: str | None = option(
        "memory", "Memory of a task; rounded up to what Fargate sells.", preset="512Mi", bounds=("4Mi", "120Gi")
    )
    execution_role: str | None = option(
        "string", "Role that pulls the image and writes logs.", example="payments-execution", template=True
    )
    task_role: str | None = option(
        "string", "Role of the app itself.", default="none", example="payments-web", template=True
    )
    platform_version: str | None = option("string", "Version of Fargate's platform.", preset="LATEST")
    command: list[str] | None = option(
        "list", "Program, instead of the image's entrypoint.", default="the image's", example='["/app"]'
    )
    args: list[str] | None = option("list", "Its arguments.", default="the image's", example='["serve"]')
    env: dict[str, str] | None = option(
        "map", "Environment variables. Not for secrets.", example='{"LOG_LEVEL": "info"}', key_shape=shapes.ENV_NAME
    )
    entrypoint_env: bool | None = option(
        "bool", "Give tasks Waypoint's entrypoint variables and invite token.", preset=False
    )
    secrets: dict[str, str] | None = option(
        "map", "Environment variables from Secrets Manager or Parameter Store, by ARN.",
        example='{"DB_PASSWORD": "arn:aws:ssm:eu-west-1:111122223333:parameter/web/db"}',
        key_shape=shapes.ENV_NAME,
    )  # fmt: skip
    sidecars: list[EcsSidecar] = option("blocks", "Containers beside the app's.")
    volumes: list[EcsVolume] = option("blocks", "File systems of EFS.")
    firelens: Firelens | None = option("block", "A log router, instead of CloudWatch Logs.")
    log_group: str | None = option(
        "string", "CloudWatch log group; must exist.", preset="/ecs/{team}/{app}", template=True
    )
    tags: dict[str, str] | None = option(
        "map", "Tags of every resource.", example='{"cost-center": "1234"}', template=True
    )
    exec: str | None = option(
        "enum", "Whether `waypoint exec` may open a shell. Always deny in a protected environment.",
        choices=("allow", "deny"), preset="allow",
    )  # fmt: skip
    exec_commands: list[str] | None = option(
        "list", "The only programs that exec may start.", default="any", example='["/bin/sh", "ls"]'
    )
    rollout_timeout: str | None = option(
        "duration", "How long the service may take to become steady.", preset="15m", bounds=("1s", "24h")
    )
    termination_grace: str | None = option(
        "duration", "Time between SIGTERM and SIGKILL.", preset="30s", bounds=("2s", "120s")
    )
    health_check: HealthCheck | None = option("block", "Health check of the target group.")
    load_balancer: LoadBalancer | None = option("block", "The load balancer in front of the app.")
    canary: Canary | None = option("block", "A release by steps.")
    autoscale: EcsAutoscale | None = option("block", "Autoscaling between two numbers of tasks.")
