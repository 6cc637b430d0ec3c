"""Destroy: idempotent, tried again, from the stored message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_k8s import messages, names
from team_k8s.cloud import COMPANIONS, FRONTS
from team_k8s.releasing import fronts_of
from waypaas_sdk.resources import Category, Resource, destroy_all

if TYPE_CHECKING:
    from team_k8s.cloud import Cloud
    from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
    from waypaas_sdk.call import Call
    from waypaas_sdk.terminal import TerminalUI


def deployment(target: team_k8s_pb2.Deployment, ui: TerminalUI, call: Call) -> list[Resource]:
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
        cloud = messages.cloud(target.cluster, "destroy", target.identity, call)
        cloud.api.notify = step.update
        state = {"namespace": cloud.namespace}
        parts = [Resource(target.name, kind, "kubernetes", Category.POLICY, state) for kind in target.companions]
        parts.append(Resource(target.name, "Deployment", "kubernetes", Category.INSTANCE_MANAGER, state))
        owner = names.owner(messages.identity_from_proto(target.identity))
        labels = messages.selector(target) | owner
        gone = destroy_all(parts, lambda part: cloud.remove(part.type, target.name, labels), call=call)
        step.update(f"Removed deployment {target.name}")
        gone += _last_one_out(cloud, owner, call)
    return gone


def _last_one_out(cloud: Cloud, owner: dict[str, str], call: Call) -> list[Resource]:
    """Remove the app's Service with its last deployment.

    Waypoint never destroys what a default releaser made, and does not get as far
    as destroy_workspace when the last deploy failed.
    """
    if cloud.list("Deployment", owner):
        return []
    parts = [part for service in cloud.list("Service", owner) for part in _exposed(cloud, service)]
    return destroy_all(parts, lambda part: cloud.delete(part.type, part.name), call=call)


def _exposed(cloud: Cloud, service: dict[str, Any]) -> list[Resource]:
    """List a Service and what leads to it, in the order of removal."""
    name, state = service["metadata"]["name"], {"namespace": cloud.namespace}
    kinds = [*fronts_of(service), "Service"]
    return [Resource(name, kind, "kubernetes", Category.ROUTER, state) for kind in kinds]


def release(target: team_k8s_pb2.Release, ui: TerminalUI, call: Call) -> list[Resource]:
    """Remove a release's Service, unless a later release has it: Waypoint prunes old releases beside live ones.

    Args:
        target: As stored.
        ui: The user's terminal.
        call: The running call.

    Returns:
        What is gone now; empty if the Service lives on.

    Raises:
        PluginError: It is left.
    """
    if not target.service:
        return []
    with ui.step_group() as steps, steps.add(f"Remove release of {target.deployment_name}") as step:
        cloud = messages.cloud(target.cluster, "destroy", target.identity, call)
        cloud.api.notify = step.update
        found = cloud.find("Service", target.service)
        if found is not None and found["spec"].get("selector", {}).get(names.ID_LABEL) != target.deployment_id:
            step.update(f"Service {target.service} serves a later release and stays")
            return []
        state = {"namespace": cloud.namespace}
        kinds = [*target.companions, "Service"]
        parts = [Resource(target.service, kind, "kubernetes", Category.ROUTER, state) for kind in kinds]
        uids = {"Service": found["metadata"]["uid"]} if found is not None else {}
        gone = destroy_all(parts, lambda part: cloud.delete(part.type, part.name, uids.get(part.type, "")), call=call)
        step.update(f"Removed Service {target.service}")
    return gone


def workspace(cluster: team_k8s_pb2.Cluster, identity: team_k8s_pb2.Identity, ui: TerminalUI, call: Call) -> None:
    """Remove whatever is left of an app in a workspace: the last chance, as Waypoint has forgotten it.

    Args:
        cluster: Where it was.
        identity: Whose it was.
        ui: The user's terminal.
        call: The running call.

    Raises:
        PluginError: Some of it is left.
    """
    owner = names.owner(messages.identity_from_proto(identity))
    with ui.step_group() as steps, steps.add(f"Remove what is left of {identity.app} in {identity.workspace}") as step:
        cloud = messages.cloud(cluster, "destroy", identity, call)
        cloud.api.notify = step.update
        selectors = {
            item["metadata"]["name"]: item["spec"]["selector"]["matchLabels"]
            for item in cloud.list("Deployment", owner)
        }

        def remove(part: Resource) -> None:
            if part.type == "Deployment":
                cloud.remove_deployment(part.name, selectors[part.name])
            else:
                cloud.delete(part.type, part.name)

        parts = [Resource(name, "Deployment", "kubernetes") for name in selectors]
        for kind in ("Service", *FRONTS, *COMPANIONS):
            parts += [Resource(item["metadata"]["name"], kind, "kubernetes") for item in cloud.list(kind, owner)]
        gone = destroy_all(parts, remove, call=call)
        step.update(f"Removed what was left of {identity.app} in {identity.workspace}: {len(gone)} objects")
