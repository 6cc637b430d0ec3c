"""Deploy: resolve the standards, plan, make, wait; undo on failure."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from team_ecs import (
    balancer,
    destroying,
    doors,
    lookup,
    messages,
    names,
    ownbalancer,
    plan,
    refusals,
    removing,
    rollout,
    sweeping,
    taskdefinition,
)
from team_ecs.cloud import Cloud
from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
from team_ecs.guardian import guarded
from team_ecs.order import Order, image_reference
from team_ecs.place import Place, region
from teamconfig import units
from teamplugin import authority, standards
from teamplugin.awsrights import AwsRights
from waypaas_sdk.errors import StateError
from waypaas_sdk.resources import Creation
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_ecs.balancer import Balancer
    from waypaas_sdk.arguments import DeploymentConfig, JobInfo, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.gen.docker.docker_pb2 import Image
    from waypaas_sdk.terminal import TerminalUI

NO_EXEC = {"WAYPOINT_CEB_DISABLE_EXEC": "1"}
"""Closes the other door for a shell: Waypoint's entrypoint, should the image have it."""


def deploy(
    options: Any, image: Image, config: DeploymentConfig, job: JobInfo, source: Source, ui: TerminalUI, call: Call
) -> Result:
    """Deploy an image by the standards of its team.

    Args:
        options: Of waypoint.hcl, decoded; None where nothing was configured.
        image: The artifact.
        config: Waypoint's facts about the new deployment.
        job: Says project, app and workspace.
        source: Where the app is.
        ui: The user's terminal.
        call: The running call.

    Returns:
        The deployment.

    Raises:
        PluginError: It did not succeed; then nothing of it remains.
    """
    with ui.step_group() as steps:
        with steps.add(f"Standards for {job.project}/{job.app}") as step:
            resolved = standards.of_job("ecs", job, source.path, options, "deploy")
            wanted = resolved.profile.ecs
            refusals.check(wanted, resolved.profile.network, resolved.profile.observability.labels or {})
            place = place_of(resolved)
            step.update(_summary(resolved))
            for note in (resolved.note, resolved.limits):
                step.output(f"{note}\n" if note else "")
        with steps.add(f"ECS cluster {place.cluster}") as step:
            rights = AwsRights.of(resolved, "deploy", image_reference(image.image, image.tag))
            cloud = Cloud(place, call, step.update, rights=rights)
            roles = f"arn:{cloud.partition()}:iam::{cloud.place.account}:role/"
            order = make_order(resolved, image, config, roles)
            if taskdefinition.size(order).rounded:
                step.output(f"{taskdefinition.size(order).rounded}\n")
            _refuse_foreign(cloud, order, step.update)
            if plan.own(wanted):
                cloud.place = cloud.place.at(ownbalancer.find(cloud, order))
            find = partial(balancer.find, cloud, wanted, resolved.profile.network)
            found = find() if cloud.place.door else None
            chosen = lookup.network(cloud, wanted, found.vpc if found else "")
            order = replace(order, standards=chosen, door=cloud.place.door)
            step.update(f"ECS cluster {place.cluster} in {place.region}, account {cloud.place.account}")
        with authority.used(rights), steps.add(f"Service {order.name}") as step, ExitStack() as stack:
            cloud.notify = step.update
            message = outline(resolved, order, cloud.place, str(source.path))
            if plan.own(wanted) and found is None:
                order = stack.enter_context(ownbalancer.made(cloud, order, message))
                found = find()
            creation = _make(cloud, call, order, found, message)
            step.update(f"Service {order.name}: all {plan.count(wanted)} tasks run and are healthy")
    return Result(message, resources=creation.resources, template_data={"image": order.image})


def place_of(resolved: standards.Resolved) -> Place:
    """Say where an app goes, by its standards.

    Args:
        resolved: The standards.

    Returns:
        The place.

    Raises:
        OptionError: Nothing names a region.
    """
    wanted = resolved.profile.ecs
    place = Place(region(wanted.region), wanted.account or "", wanted.cluster or "", service=resolved.authority)
    return place.at(plan.door(wanted))


def make_order(resolved: standards.Resolved, image: Image, config: DeploymentConfig, roles: str = "") -> Order:
    """Collect what is to be deployed.

    Args:
        resolved: The standards.
        image: The artifact.
        config: Waypoint's facts about the new deployment.
        roles: Prefix of the ARNs of the account's roles.

    Returns:
        What `plan` needs.
    """
    profile = resolved.profile
    environment = config.environment() if profile.ecs.entrypoint_env else {"WAYPOINT_DEPLOYMENT_ID": config.id}
    if profile.protected or profile.ecs.exec != "allow":
        environment |= NO_EXEC
    return Order(
        identity=resolved.identity,
        standards=profile.ecs,
        image=image_reference(image.image, image.tag),
        deployment_id=config.id,
        sequence=config.sequence,
        region=region(profile.ecs.region),
        roles=roles,
        architecture=image.architecture,
        environment=environment,
        labels=profile.observability.labels or {},
        variables=plan.observed(profile.observability),
        protected=profile.protected,
        door=plan.door(profile.ecs),
    )


def _summary(resolved: standards.Resolved) -> str:
    identity, wanted = resolved.identity, resolved.profile.ecs
    return (
        f"Standards of team {identity.team} for {identity.environment} ({resolved.profile.revision}): "
        f"{plan.count(wanted)} tasks, memory {wanted.memory}, cpu {wanted.cpu}"
    )


def _refuse_foreign(cloud: Cloud, order: Order, tell: Callable[[str], None]) -> None:
    """Refuse a name that something else has: it would be taken over, and on failure removed."""
    services = {each["serviceName"]: each for each in cloud.services([order.name, *sweeping.earlier(order)])}
    sweeping.sweep(cloud, order, services.values(), tell)
    found = {"service": services.get(order.name), "target group": cloud.target_group(order.name)}
    for kind, there in found.items():
        if there is not None:
            raise StateError(
                f"a {kind} {order.name} exists already",
                why="an earlier deploy of this number left it, or is not ended yet",
                fix="run `waypoint destroy` in this workspace, or deploy again for the next number",
            )


def outline(resolved: standards.Resolved, order: Order, place: Place, source: str) -> team_ecs_pb2.Deployment:
    """Write down what is known of a deployment before anything is made.

    Args:
        resolved: The standards.
        order: What is to be deployed.
        place: Where.
        source: Directory of the app.

    Returns:
        What Waypoint keeps, without the ARNs of what is made.
    """
    return team_ecs_pb2.Deployment(
        id=order.deployment_id,
        name=order.name,
        sequence=order.sequence,
        place=messages.place_to_proto(place),
        identity=messages.identity_to_proto(order.identity),
        port=order.port,
        autoscaled=plan.autoscaled(order.standards),
        image=order.image,
        container=names.container(order.identity.app),
        log_group=order.standards.log_group or "",
        profile_revision=resolved.profile.revision,
        profile_digest=resolved.profile.digest(),
        protected=resolved.profile.protected,
        source_path=source,
        exec_enabled=plan.exec_enabled(order),
        routed_logs=taskdefinition.routed(order.standards),
    )


def _make(cloud: Cloud, call: Call, order: Order, found: Balancer | None, message: team_ecs_pb2.Deployment) -> Creation:
    """Make everything and wait for the tasks; undo it all on failure, and even if this process is killed."""
    seconds = units.parse_duration(order.standards.rollout_timeout or "15m").total_seconds()

    def say(text: str) -> None:
        cloud.notify(f"Service {order.name}: {text}")

    with guarded(message, destroying.kinds_of(message)), Creation() as creation:

        def made(kind: str) -> None:
            resource = removing.resource(kind, order.name, cloud)
            creation.made(resource, undo=partial(_undo, cloud, message, kind, cloud.notify))
            say(f"making its {kind}")

        service = _make_parts(cloud, order, found, message, made)
        rollout.wait(cloud, call, order.name, message.target_group_arn, order.standards.log_group or "", seconds, say)
        state = {"key": names.STATE_TAG, "value": names.DEPLOYED}
        cloud.ask("ecs", "TagResource", resourceArn=service, tags=[state])
        cloud.check()
    return creation


def _make_parts(
    cloud: Cloud,
    order: Order,
    found: Balancer | None,
    message: team_ecs_pb2.Deployment,
    made: Callable[[str], None],
) -> str:
    """Make the parts one after the other, and write their ARNs down; give that of the service."""
    made("TaskDefinition")
    registered = cloud.ask("ecs", "RegisterTaskDefinition", **taskdefinition.plan(order))
    message.task_definition_arn = registered["taskDefinition"]["taskDefinitionArn"]
    if found is not None:
        made("TargetGroup")
        message.target_group_arn = balancer.make_target_group(cloud, order, found)
        made("Listener" if found.network else "ListenerRule")
        doors.make_preview(cloud, order, message.target_group_arn)
    made("Service")
    planned = plan.service(order, message.task_definition_arn, message.target_group_arn)
    service = str(cloud.ask("ecs", "CreateService", **planned)["service"]["serviceArn"])
    if plan.autoscaled(order.standards):
        made("ScalableTarget")
        cloud.ask("application-autoscaling", "RegisterScalableTarget", **plan.scalable_target(order))
        label = found.label(message.target_group_arn) if found is not None else ""
        for policy in plan.scaling_policies(order, label):
            cloud.ask("application-autoscaling", "PutScalingPolicy", **policy)
    return service


def _undo(cloud: Cloud, message: team_ecs_pb2.Deployment, kind: str, notify: Callable[[str], None]) -> None:
    """Remove a part beyond the reach of the call's cancellation; its answer may never have come."""
    notify(f"Service {message.name} failed, removing its {kind}")
    again = cloud.again()
    cut_off = team_ecs_pb2.Deployment()
    cut_off.CopyFrom(message)
    cut_off.task_definition_arn = ""
    destroying.parts(again, cut_off).remove(kind)
