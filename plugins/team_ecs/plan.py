"""From standards to what AWS's operations take. Pure: no clock, no network, no randomness."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_ecs import names
from teamconfig import units

if TYPE_CHECKING:
    from team_ecs.order import Order, Request
    from teamconfig.model import Ecs, Observability
    from teamconfig.model.ecs import HealthCheck

DIMENSION = "ecs:service:DesiredCount"
METRICS = {
    "cpu": "ECSServiceAverageCPUUtilization",
    "memory": "ECSServiceAverageMemoryUtilization",
    "requests": "ALBRequestCountPerTarget",
}


def autoscaled(standards: Ecs) -> bool:
    """Tell whether Application Auto Scaling owns the number of tasks."""
    return bool(standards.autoscale and standards.autoscale.max_count)


def count(standards: Ecs) -> int:
    """Say how many tasks to begin with: within the autoscaler's bounds, where there is one."""
    wanted = 1 if standards.count is None else standards.count
    scale = standards.autoscale
    if scale is None or not scale.max_count:
        return wanted
    return min(max(wanted, scale.min_count or 0), scale.max_count)


def exec_enabled(order: Order) -> bool:
    """Tell whether commands may be run in the tasks; never where nobody may open a shell.

    Args:
        order: What is to be deployed.

    Returns:
        False too for tasks without a role of their own, by which the agent would speak: ECS refuses that.
    """
    return order.standards.exec == "allow" and not order.protected and bool(order.standards.task_role)


def observed(standards: Observability) -> dict[str, str]:
    """Give the variables that tell an app how it is observed."""
    told = {
        "LOG_FORMAT": standards.log_format,
        "LOG_LEVEL": standards.log_level,
        "OTEL_EXPORTER_OTLP_ENDPOINT": standards.otlp_endpoint,
    }
    return {name: value for name, value in told.items() if value}


def target_group(order: Order, vpc: str) -> Request:
    """Plan the target group.

    Args:
        order: What is to be deployed; not a worker.
        vpc: Of the load balancer.

    Returns:
        Parameters of CreateTargetGroup.
    """
    tags = order.tags | {names.DOOR_TAG: order.door}
    return {
        "Name": order.name,
        "Protocol": "TCP" if networked(order.standards) else "HTTP",
        "Port": order.port,
        "VpcId": vpc,
        "TargetType": "ip",
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        **_health(order.standards.health_check, "TCP" if networked(order.standards) else "HTTP"),
    }


def networked(standards: Ecs) -> bool:
    """Tell whether an app is behind a network load balancer."""
    wanted = standards.load_balancer
    return bool(standards.port and wanted and (wanted.own == "network" or (not wanted.own and wanted.network_arn)))


def own(standards: Ecs) -> str:
    """Give the kind of the load balancer that is to be the app's alone; empty for a shared one and a worker."""
    return (standards.load_balancer.own or "") if standards.port and standards.load_balancer else ""


def door(standards: Ecs) -> str:
    """Give the ARN that the standards name: a listener or a network load balancer; empty for a worker, and its own."""
    wanted = standards.load_balancer
    if not wanted or not standards.port or wanted.own:
        return ""
    return wanted.network_arn or wanted.listener_arn or ""


def _health(check: HealthCheck | None, usual: str) -> Request:
    if check is None:
        return {}
    protocol = check.protocol or usual
    asked = {"HealthCheckPath": check.path or "/", "Matcher": {"HttpCode": check.codes or "200-399"}}
    return {
        "HealthCheckProtocol": protocol,
        "HealthCheckIntervalSeconds": _seconds(check.period or "10s"),
        "HealthCheckTimeoutSeconds": _seconds(check.timeout or "5s"),
        "HealthyThresholdCount": check.healthy_threshold or 2,
        "UnhealthyThresholdCount": check.unhealthy_threshold or 3,
        **(asked if protocol == "HTTP" else {}),
    }


def drain(standards: Ecs) -> str:
    """Give how many seconds a target that leaves may finish its requests, as a target group's attribute has it."""
    wanted = standards.load_balancer.drain if standards.load_balancer else None
    return str(_seconds(wanted or "30s"))


def service(order: Order, task_definition: str, target_group_arn: str) -> Request:
    """Plan the service of one deploy; blue/green, so it is a new one each time.

    Args:
        order: What is to be deployed.
        task_definition: Its ARN.
        target_group_arn: Empty for a worker.

    Returns:
        Parameters of CreateService.
    """
    standards, tags = order.standards, order.tags | {names.STATE_TAG: names.DEPLOYING}
    request: Request = {
        "cluster": standards.cluster,
        "serviceName": order.name,
        "taskDefinition": task_definition,
        "desiredCount": count(standards),
        "clientToken": order.deployment_id[-36:],
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
        },
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": list(standards.subnets or ()),
                "securityGroups": list(standards.security_groups or ()),
                "assignPublicIp": "ENABLED" if standards.assign_public_ip else "DISABLED",
            }
        },
        "enableExecuteCommand": exec_enabled(order),
        "enableECSManagedTags": True,
        "propagateTags": "SERVICE",
        "tags": [{"key": key, "value": value} for key, value in tags.items()],
    }
    if standards.capacity_provider or standards.launch_type == "FARGATE_SPOT":
        provider = standards.capacity_provider or "FARGATE_SPOT"
        request["capacityProviderStrategy"] = [{"capacityProvider": provider, "weight": 1}]
    else:
        request["launchType"] = standards.launch_type or "FARGATE"
    if standards.launch_type != "EC2":
        request["platformVersion"] = standards.platform_version or "LATEST"
    if target_group_arn:
        container = {"containerName": names.container(order.identity.app), "containerPort": order.port}
        request["loadBalancers"] = [{"targetGroupArn": target_group_arn, **container}]
        check = standards.health_check
        request["healthCheckGracePeriodSeconds"] = _seconds((check.grace if check else None) or "60s")
    return request


def scalable(cluster: str, service_name: str) -> Request:
    """Name a service as Application Auto Scaling does."""
    return {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{cluster}/{service_name}",
        "ScalableDimension": DIMENSION,
    }


def scalable_target(order: Order) -> Request:
    """Plan the scalable target.

    Args:
        order: What is to be deployed; its standards scale it.

    Returns:
        Parameters of RegisterScalableTarget.
    """
    scale = order.standards.autoscale
    most = (scale and scale.max_count) or 1
    fewest = scale.min_count if scale and scale.min_count is not None else order.standards.count or 0
    return scalable(order.standards.cluster or "", order.name) | {
        "MinCapacity": min(fewest, most),
        "MaxCapacity": most,
        "Tags": order.tags,
    }


def scaling_policies(order: Order, label: str) -> list[Request]:
    """Plan the policies of target tracking.

    Args:
        order: What is to be deployed; its standards scale it.
        label: "app/NAME/ID/targetgroup/NAME/ID", by which requests are counted; empty for a worker.

    Returns:
        Parameters of PutScalingPolicy, one for each metric.
    """
    scale = order.standards.autoscale
    if scale is None:
        return []
    others = scale.memory_percent or scale.requests_per_task
    values = {
        "cpu": scale.cpu_percent or (None if others else 75),
        "memory": scale.memory_percent,
        "requests": scale.requests_per_task,
    }
    planned = []
    for word, value in values.items():
        if not value:
            continue
        metric = {"PredefinedMetricType": METRICS[word]} | ({"ResourceLabel": label} if word == "requests" else {})
        planned.append(
            scalable(order.standards.cluster or "", order.name)
            | {
                "PolicyName": f"{order.name}-{word}",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": float(value),
                    "PredefinedMetricSpecification": metric,
                },
            }
        )
    return planned


def _seconds(text: str) -> int:
    return int(units.parse_duration(text).total_seconds())
