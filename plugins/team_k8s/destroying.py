"""Destroy: idempotent, tried again, from the stored message alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_k8s import messages, names
from waypaas_sdk.errors import MissingError
from waypaas_sdk.resources import Category, Resource, destroy_all

if TYPE_CHECKING:
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
        cloud = messages.cloud(target.cluster, call)
        cloud.api.notify = step.update
        state = {"namespace": cloud.namespace}
        parts = [Resource(target.name, "Deployment", "kubernetes", Category.INSTANCE_MANAGER, state)]
        if target.autoscaler:
            parts.insert(0, Resource(target.autoscaler, "HorizontalPodAutoscaler", "kubernetes", state=state))
        labels = messages.selector(target)
        gone = destroy_all(parts, lambda _: cloud.remove_deployment(target.name, labels), call=call)
        step.update(f"Removed deployment {target.name}")
    return gone


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
        cloud = messages.cloud(target.cluster, call)
        cloud.api.notify = step.update
        found = cloud.find("Service", target.service)
        if found is not None and found["spec"].get("selector", {}).get(names.ID_LABEL) != target.deployment_id:
            step.update(f"Service {target.service} serves a later release and stays")
            return []
        service = Resource(target.service, "Service", "kubernetes", Category.ROUTER, {"namespace": cloud.namespace})
        uid = found["metadata"]["uid"] if found is not None else ""
        gone = destroy_all([service], lambda part: cloud.delete("Service", part.name, uid), call=call)
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
        cloud = messages.cloud(cluster, call)
        cloud.api.notify = step.update
        services = cloud.list("Service", owner)
        deployments = cloud.list("Deployment", owner)
        found = {item["metadata"]["name"]: item for item in deployments}

        def remove(part: Resource) -> None:
            if part.type == "Service":
                cloud.delete("Service", part.name)
            else:
                labels = found[part.name]["spec"]["selector"]["matchLabels"]
                cloud.remove_deployment(part.name, labels)

        parts = [Resource(item["metadata"]["name"], "Service", "kubernetes") for item in services]
        parts += [Resource(name, "Deployment", "kubernetes") for name in found]
        gone = destroy_all(parts, remove, call=call)
        _refuse_leftovers(cloud, owner)
        step.update(f"Removed what was left of {identity.app} in {identity.workspace}: {len(gone)} objects")


def _refuse_leftovers(cloud: object, owner: dict[str, str]) -> None:
    for kind in ("Service", "Deployment", "HorizontalPodAutoscaler"):
        for item in cloud.list(kind, owner):  # type: ignore[attr-defined]  # a Cloud
            if "deletionTimestamp" not in item["metadata"]:
                try:
                    cloud.delete(kind, item["metadata"]["name"])  # type: ignore[attr-defined]
                except MissingError:
                    continue
