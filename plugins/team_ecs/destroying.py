"""Destroy: idempotent, tried again, from the stored message alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from team_ecs import doors, leftovers, messages, names, removing, routing
from team_ecs.removing import CATEGORIES, Parts
from waypaas_sdk.errors import MissingError
from waypaas_sdk.resources import Resource, destroy_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from team_ecs.cloud import Cloud
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
    from waypaas_sdk.call import Call
    from waypaas_sdk.terminal import TerminalUI

REMOVAL = ("ScalableTarget", "ListenerRule", "Listener", "Service", "TargetGroup", "TaskDefinition")
"""Order in which parts of a deployment go: nothing while something else refers to it."""

SHARED = ("LoadBalancer",)
"""Kinds that all deployments of an app have together: removed with the workspace, or by the deploy that makes them."""


def kinds_of(deployment: team_ecs_pb2.Deployment) -> list[str]:
    """List the kinds of a deployment's parts, in the order of their making."""
    absent = {"ListenerRule" if deployment.place.network_arn else "Listener"}
    absent |= set() if deployment.port else {"TargetGroup", "ListenerRule", "Listener"}
    absent |= set() if deployment.autoscaled else {"ScalableTarget"}
    return [kind for kind in CATEGORIES if kind not in {*absent, *SHARED}]


def parts(cloud: Cloud, deployment: team_ecs_pb2.Deployment) -> Parts:
    """Give the parts of a deployment.

    Args:
        cloud: Where they are.
        deployment: As stored, or as far as it came.

    Returns:
        What removes them.
    """
    family = names.family(messages.identity_from_proto(deployment.identity))
    return Parts(cloud, deployment.name, messages.tags(deployment), deployment.task_definition_arn, family)


def undo(deployment: team_ecs_pb2.Deployment, kinds: Sequence[str]) -> list[Resource]:
    """Remove what a deploy made that was cut off, by the same right.

    Args:
        deployment: As far as it came.
        kinds: Which parts.

    Returns:
        What is gone now.

    Raises:
        PluginError: Some of it is left.
    """
    cloud = messages.cloud(deployment.place, "deploy", deployment.identity, image=deployment.image)
    return _remove(cloud, deployment, kinds, None)


def _remove(
    cloud: Cloud, deployment: team_ecs_pb2.Deployment, kinds: Sequence[str], call: Call | None
) -> list[Resource]:
    resources = [removing.resource(kind, deployment.name, cloud) for kind in (*SHARED, *REMOVAL) if kind in kinds]
    remover = parts(cloud, deployment)
    return destroy_all(resources, lambda part: remover.remove(part.type), call=call)


def deployment(target: team_ecs_pb2.Deployment, ui: TerminalUI, call: Call) -> list[Resource]:
    """Remove a deployment.

    Args:
        target: As stored.
        ui: The user's terminal.
        call: The running call.

    Returns:
        What is gone now.

    Raises:
        PluginError: Some of it is left.
    """
    with ui.step_group() as steps, steps.add(f"Remove deployment {target.name}") as step:
        cloud = messages.cloud(target.place, "destroy", target.identity, call, step.update)
        gone = _remove(cloud, target, kinds_of(target), call)
        step.update(f"Removed deployment {target.name}; ECS ends its tasks")
    return gone


def release(target: team_ecs_pb2.Release, ui: TerminalUI, call: Call) -> list[Resource]:
    """Remove a release's rule, unless a later release has it: Waypoint prunes old releases beside live ones.

    Args:
        target: As stored.
        ui: The user's terminal.
        call: The running call.

    Returns:
        What is gone now; empty if the rule lives on.

    Raises:
        PluginError: It is left.
    """
    if not target.rule_arn:
        return []
    with ui.step_group() as steps, steps.add(f"Remove release of {target.deployment_name}") as step:
        cloud = messages.cloud(target.place, "destroy", target.identity, call, step.update)
        owner = names.owner(messages.identity_from_proto(target.identity)) | {names.KIND_TAG: names.TRAFFIC}
        ours = {rule["RuleArn"]: rule for rule in cloud.own_rules(owner)}
        found = ours.get(target.rule_arn)
        groups = routing.targets(found) if found is not None else [target.target_group_arn]

        def leave(_: Resource) -> None:
            if found is None:
                raise MissingError("the rule is gone already")
            doors.leave(cloud, found, target.target_group_arn)

        gone = destroy_all([removing.resource(doors.kind(target.rule_arn), target.rule_arn, cloud)], leave, call=call)
        if groups != [target.target_group_arn]:
            step.update("The rule leads to another release and stays")
            return []
        step.update(f"Removed the rule that led to {target.deployment_name}")
    return gone


def workspace(place: team_ecs_pb2.Place, identity: team_ecs_pb2.Identity, ui: TerminalUI, call: Call) -> None:
    """Remove whatever is left of an app in a workspace: the last chance, as Waypoint has forgotten it.

    Args:
        place: Where it was.
        identity: Whose it was.
        ui: The user's terminal.
        call: The running call.

    Raises:
        PluginError: Some of it is left.
    """
    whose = messages.identity_from_proto(identity)
    with ui.step_group() as steps, steps.add(f"Remove what is left of {identity.app} in {identity.workspace}") as step:
        cloud = messages.cloud(place, "destroy", identity, call, step.update)
        gone: list[Resource] = []
        for listed in (leftovers.scalable_targets, leftovers.rules, leftovers.services, leftovers.load_balancers,
                       leftovers.target_groups, leftovers.task_definitions):  # fmt: skip
            found = listed(cloud, whose)
            resources = [removing.resource(kind, name, cloud) for kind, name in found]
            gone += destroy_all(resources, partial(_drop, found), call=call)
        step.update(f"Removed what was left of {identity.app} in {identity.workspace}: {len(gone)} resources")


def _drop(found: Mapping[tuple[str, str], Callable[[], object]], part: Resource) -> None:
    found[part.type, part.name]()
