"""Status: how service, tasks and rule are, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_ecs import diagnose, doors, messages, names, routing
from team_ecs.removing import CATEGORIES, PLATFORM
from waypaas_sdk.health import Health, ResourceStatus, StatusReport
from waypaas_sdk.resources import Category

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
    from waypaas_sdk.call import Call


def of_deployment(deployment: team_ecs_pb2.Deployment, call: Call) -> StatusReport:
    """Report on a deployment.

    Args:
        deployment: As stored.
        call: The running call.

    Returns:
        READY if all tasks are, PARTIAL if some are, DOWN if none is, MISSING if the service is not there.

    Raises:
        PluginError: AWS cannot be asked; the SDK reports that as UNKNOWN.
    """
    cloud = messages.cloud(deployment.place, "read", deployment.identity, call, hasty=True)
    url = console(deployment.place, f"services/{deployment.name}")
    found = cloud.service(deployment.name)
    if found is None or not names.has(names.read(found.get("tags")), messages.tags(deployment)):
        text = f"service {deployment.name} is not in cluster {deployment.place.cluster}"
        part = ResourceStatus(deployment.name, "Service", PLATFORM, Health.MISSING, text, url=url)
        return StatusReport(Health.MISSING, text, [part])
    targets = cloud.health(deployment.target_group_arn) if deployment.target_group_arn else None
    return report(found, cloud.tasks(deployment.name, "RUNNING"), targets, deployment)


def report(
    service: Mapping[str, Any],
    tasks: Sequence[Mapping[str, Any]],
    targets: Sequence[Mapping[str, Any]] | None,
    deployment: team_ecs_pb2.Deployment,
) -> StatusReport:
    """Judge a service and its tasks. Pure.

    Args:
        service: As AWS tells it.
        tasks: Of it, running or about to.
        targets: Of its target group; None without one.
        deployment: As stored.

    Returns:
        The report; states hold no values of environment variables.
    """
    state = diagnose.progress(service, targets)
    well = min(state.running, state.healthy)
    message = "; ".join([state.text, *diagnose.unwell(targets or ())])
    if well >= state.wanted:
        health = Health.READY
    elif well:
        health = Health.PARTIAL
    else:
        health = Health.ALIVE if state.running or service.get("pendingCount") else Health.DOWN
    whole = ResourceStatus(
        deployment.name,
        "Service",
        PLATFORM,
        health,
        message,
        id=str(service.get("serviceArn", "")),
        url=console(deployment.place, f"services/{deployment.name}"),
        category=CATEGORIES["Service"],
        created=service.get("createdAt"),
        state={"cluster": deployment.place.cluster, "running": state.running, "wanted": state.wanted},
    )
    return StatusReport(health, message, [whole, *(_task(task, whole, deployment) for task in tasks)])


def _task(task: Mapping[str, Any], owner: ResourceStatus, deployment: team_ecs_pb2.Deployment) -> ResourceStatus:
    arn, last = str(task.get("taskArn", "")), str(task.get("lastStatus", ""))
    name = arn.rpartition("/")[2]
    sick = task.get("healthStatus") == "UNHEALTHY"
    health = Health.READY if last == "RUNNING" and not sick else Health.DOWN if sick else Health.ALIVE
    return ResourceStatus(
        name,
        "Task",
        PLATFORM,
        health,
        str(task.get("stoppedReason") or last),
        id=arn,
        parent=owner.id,
        declared=owner.name,
        url=console(deployment.place, f"tasks/{name}"),
        category=Category.INSTANCE,
        created=task.get("createdAt"),
        state={"status": last, "zone": str(task.get("availabilityZone", ""))},
    )


def of_release(release: team_ecs_pb2.Release, call: Call) -> StatusReport:
    """Report on a release.

    Args:
        release: As stored.
        call: The running call.

    Returns:
        READY if the rule leads to healthy targets, DOWN if to none, MISSING if it is not there.

    Raises:
        PluginError: AWS cannot be asked; the SDK reports that as UNKNOWN.
    """
    if not release.rule_arn:
        return StatusReport(Health.READY, "a worker without port has no traffic")
    cloud = messages.cloud(release.place, "read", release.identity, call, hasty=True)
    found = next((rule for rule in cloud.rules() if rule["RuleArn"] == release.rule_arn), None)
    if found is None:
        health, text = Health.MISSING, "the listener has no such rule any more"
    else:
        groups = routing.targets(found)
        well = sum(diagnose.states(cloud.health(arn)).get("healthy", 0) for arn in groups)
        led = ", ".join(arn.split("/")[1] for arn in groups)
        health, text = (Health.READY if well else Health.DOWN), f"leads to {well} healthy tasks of {led}"
    part = ResourceStatus(
        release.rule_arn,
        doors.kind(release.rule_arn),
        PLATFORM,
        health,
        text,
        url=f"https://{release.place.region}.console.aws.amazon.com/ec2/home#LoadBalancers",
        category=CATEGORIES["ListenerRule"],
        state={"url": release.url},
    )
    return StatusReport(health, text, [part])


def console(place: team_ecs_pb2.Place, part: str) -> str:
    """Give the address of a part of a cluster in AWS's console."""
    return f"https://{place.region}.console.aws.amazon.com/ecs/v2/clusters/{place.cluster}/{part}?region={place.region}"
