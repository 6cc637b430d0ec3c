"""Release: point the app's Service at a deployment that is ready."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from team_k8s import diagnose, messages, names, plan, standards
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from teamconfig import units
from waypaas_sdk.errors import MissingError, StateError
from waypaas_sdk.resources import Category, Resource
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from team_k8s.cloud import Cloud
    from waypaas_sdk.arguments import JobInfo, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.terminal import TerminalUI


def release(
    options: Any, target: team_k8s_pb2.Deployment, job: JobInfo, source: Source, ui: TerminalUI, call: Call
) -> Result:
    """Release a deployment.

    Args:
        options: Of waypoint.hcl, decoded; None where nothing was configured.
        target: The deployment; an older one rolls back.
        job: Says project, app and workspace.
        source: Where the app is.
        ui: The user's terminal.
        call: The running call.

    Returns:
        The release.

    Raises:
        MissingError: The deployment is not on the cluster any more.
        StateError: It is not ready, or the Service belongs to something else; traffic stays where it was.
        PluginError: The cluster refused, or cannot be reached.
    """
    with ui.step_group() as steps, steps.add(f"Release {target.name}") as step:
        resolved = standards.of_job(job, source.path, options, "release")
        cloud = messages.cloud(target.cluster, call)
        cloud.api.notify = step.update
        _refuse_unready(cloud, target)
        if not target.port:
            step.update(f"{target.name} is a worker without port: no traffic to direct")
            return Result(_message(target, "", ""))
        identity = messages.identity_from_proto(target.identity)
        wanted = resolved.profile.kubernetes
        labels = resolved.profile.observability.labels or {}
        planned = plan.service(identity, wanted, target.name, target.id, target.port, labels)
        name = planned["metadata"]["name"]
        _refuse_foreign(cloud, name, identity)
        applied = cloud.apply(planned)
        step.update(f"Service {name} sends its traffic to {target.name}")
        seconds = units.parse_duration(wanted.wait_reachable or "0s").total_seconds()
        url = _wait_for_address(cloud, planned, applied, seconds)
        step.update(f"Service {name} sends its traffic to {target.name}: {url or 'no address yet'}")
    resource = Resource(name, "Service", "kubernetes", Category.ROUTER, {"namespace": cloud.namespace})
    return Result(_message(target, name, url), url=url, resources=[resource])


def _message(target: team_k8s_pb2.Deployment, service: str, url: str) -> team_k8s_pb2.Release:
    return team_k8s_pb2.Release(
        service=service,
        url=url,
        cluster=target.cluster,
        identity=target.identity,
        deployment_id=target.id,
        deployment_name=target.name,
        console_url=target.console_url,
    )


def _refuse_unready(cloud: Cloud, target: team_k8s_pb2.Deployment) -> None:
    """Refuse to send traffic where nobody would answer it."""
    found = cloud.find("Deployment", target.name)
    if found is None or found["metadata"].get("labels", {}).get(names.ID_LABEL) != target.id:
        raise MissingError(
            f"deployment {target.name} is not in namespace {cloud.namespace} any more",
            fix="deploy again, or release a deployment that `waypoint deployment list` shows",
        )
    state = diagnose.progress(found, ())
    if state.ready == 0 and state.wanted > 0:
        raise StateError(
            f"deployment {target.name} has no ready pod",
            why=f"{state.text}; the traffic stays where it is",
            fix="see `waypoint status` and `waypoint logs`, or release another deployment",
        )


def _refuse_foreign(cloud: Cloud, name: str, identity: names.Identity) -> None:
    """Refuse to change a Service that is not this app's."""
    found = cloud.find("Service", name)
    if found is None:
        return
    labels = found["metadata"].get("labels", {})
    if any(labels.get(key) != value for key, value in names.owner(identity).items()):
        raise StateError(
            f"the Service {name} in namespace {cloud.namespace} is not of {identity.project}/{identity.app}",
            why="its labels do not say so; team-k8s changes only what it made",
            fix=f"remove it, or hand it over: kubectl label service {name} --overwrite "
            + " ".join(f"{key}={value}" for key, value in names.owner(identity).items()),
        )


def _wait_for_address(cloud: Cloud, planned: dict[str, Any], applied: dict[str, Any], seconds: float) -> str:
    """Wait until a load balancer has its address; other Services have theirs at once."""
    url = plan.service_url(planned, cloud.namespace, applied)
    deadline = time.monotonic() + seconds
    while not url and time.monotonic() < deadline:
        cloud.api.notify(f"waiting for the address of Service {planned['metadata']['name']}")
        cloud.api.rest(1.0)
        url = plan.service_url(planned, cloud.namespace, cloud.get("Service", planned["metadata"]["name"]))
    if not url and seconds:
        raise StateError(
            f"Service {planned['metadata']['name']} got no address within {seconds:g} s",
            why="the cluster's load balancer gave it none; it does send its traffic to the new deployment",
            fix="see `kubectl describe service`, or raise the option wait_reachable",
        )
    return url
