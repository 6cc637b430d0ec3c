"""Release: point the app's Service at a deployment that is ready, and lead the world to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_k8s import diagnose, exposure, messages, names, reach
from team_k8s.cloud import FRONTS
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from teamconfig import units
from teamplugin import standards
from teamplugin.identity import Identity, refuse_other
from waypaas_sdk.errors import MissingError, PolicyError, StateError
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
        MissingError: The deployment is not on the cluster any more, or the ingress class does not exist.
        OptionError: The standards ask for what their ingress class cannot do.
        StateError: It is not ready, or an object of its name belongs to something else; traffic stays where it was.
        PluginError: The cluster refused, or cannot be reached.
    """
    with ui.step_group() as steps, steps.add(f"Release {target.name}") as step:
        refuse_other(messages.identity_from_proto(target.identity), job)
        resolved = standards.of_job("kubernetes", job, source.path, options, "release")
        cloud = messages.cloud(target.cluster, "deploy", target.identity, call, image=target.image)
        cloud.api.notify = step.update
        _refuse_unready(cloud, target)
        wanted = target_of(resolved, target)
        planned = exposure.manifests(wanted)
        if not planned:
            step.update(f"{target.name} is a worker without port: no traffic to direct")
            return Result(_message(target, "", "", []))
        name = wanted.service_name
        before = _refuse_foreign(cloud, planned, wanted.identity)
        _refuse_missing_class(cloud, wanted)
        applied = {manifest["kind"]: cloud.apply(manifest) for manifest in planned}
        fronts = [kind for kind in applied if kind in FRONTS]
        for kind in fronts_of(before):
            if kind not in fronts:
                cloud.delete_all(kind, names.owner(wanted.identity))
        step.update(f"Service {name} sends its traffic to {target.name}")
        seconds = units.parse_duration(wanted.kubernetes.wait_reachable or "0s").total_seconds()
        url = reach.wait(cloud, wanted, applied, seconds)
        step.update(f"Service {name} sends its traffic to {target.name}: {url or 'no address yet'}")
    state = {"namespace": cloud.namespace}
    resources = [Resource(name, kind, "kubernetes", Category.ROUTER, state) for kind in applied]
    return Result(_message(target, name, url, fronts), url=url, resources=resources)


def target_of(resolved: standards.Resolved, target: team_k8s_pb2.Deployment) -> exposure.Target:
    """Collect what is to be exposed.

    Args:
        resolved: The standards of now.
        target: The deployment, as stored.

    Returns:
        What `exposure` needs.
    """
    return exposure.Target(
        identity=messages.identity_from_proto(target.identity),
        name=target.name,
        id=target.id,
        port=target.port,
        kubernetes=resolved.profile.kubernetes,
        network=resolved.profile.network,
        labels=resolved.profile.observability.labels or {},
    )


def fronts_of(service: dict[str, Any] | None) -> list[str]:
    """Say which kinds of object lead to a Service, by its own note of them."""
    noted = ((service or {}).get("metadata", {}).get("annotations") or {}).get(names.FRONTS_ANNOTATION, "")
    return [kind for kind in noted.split(",") if kind in FRONTS]


def _message(target: team_k8s_pb2.Deployment, service: str, url: str, fronts: list[str]) -> team_k8s_pb2.Release:
    return team_k8s_pb2.Release(
        service=service,
        url=url,
        cluster=target.cluster,
        identity=target.identity,
        deployment_id=target.id,
        deployment_name=target.name,
        console_url=target.console_url,
        companions=fronts,
    )


def _refuse_unready(cloud: Cloud, target: team_k8s_pb2.Deployment) -> None:
    """Refuse to send traffic where nobody would answer it."""
    found = cloud.find("Deployment", target.name)
    if found is None or found["metadata"].get("labels", {}).get(names.ID_LABEL) != target.id:
        raise MissingError(
            f"deployment {target.name} is not in namespace {cloud.namespace} any more",
            fix="deploy again, or release a deployment that `waypoint deployment list` shows",
        )
    state = diagnose.progress(found, cloud.list("Pod", messages.selector(target)))
    if state.ready == 0 and state.wanted > 0:
        raise StateError(
            f"deployment {target.name} has no ready pod",
            why=f"{state.text}; the traffic stays where it is",
            fix="see `waypoint status` and `waypoint logs`, or release another deployment",
        )


def _refuse_foreign(cloud: Cloud, planned: list[dict[str, Any]], identity: Identity) -> dict[str, Any] | None:
    """Refuse to change what is not this app's; give the Service as it is now."""
    service = None
    for manifest in planned:
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        found = cloud.find(kind, name)
        if found is None:
            continue
        service = found if kind == "Service" else service
        labels = found["metadata"].get("labels", {})
        if any(labels.get(key) != value for key, value in names.owner(identity).items()):
            raise StateError(
                f"the {kind} {name} in namespace {cloud.namespace} is not of {identity.project}/{identity.app}",
                why="its labels do not say so; team-k8s changes only what it made",
                fix=f"remove it, or hand it over: kubectl label {kind.lower()} {name} --overwrite "
                + " ".join(f"{key}={value}" for key, value in names.owner(identity).items()),
            )
    return service


def _refuse_missing_class(cloud: Cloud, target: exposure.Target) -> None:
    """Refuse an ingress class that nobody serves: its Ingress would wait for an address for ever."""
    wanted = target.network.ingress_class
    gateway = target.network.gateway
    if not (target.network.host and wanted) or (gateway and gateway.name):
        return
    try:
        cloud.api.request("GET", f"/apis/networking.k8s.io/v1/ingressclasses/{wanted}", what="read the ingress class")
    except MissingError as err:
        raise MissingError(
            f"there is no ingress class {wanted} in the cluster",
            why="the standard network.ingress_class names it; nothing would serve the Ingress",
            fix="mend the standard, or ask the cluster's owner for that class",
        ) from err
    except PolicyError:
        return  # not everybody may look; the wait for an address tells then
