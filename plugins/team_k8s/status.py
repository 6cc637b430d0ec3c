"""Status: how the pods and the Service are, part by part."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from team_k8s import diagnose, exposure, messages, names
from team_k8s.cloud import PATHS
from waypaas_sdk.health import Health, ResourceStatus, StatusReport, overall
from waypaas_sdk.resources import Category

if TYPE_CHECKING:
    from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
    from waypaas_sdk.call import Call

PLATFORM = "kubernetes"
PATIENCE_SECONDS = 10.0
"""`waypoint status` is asked by people: better an UNKNOWN soon than an answer late."""


@dataclass(frozen=True)
class Place:
    """Where objects are, for links to them.

    Args:
        server: URL of the API server.
        namespace: That they are in.
        console_url: Of the company's console, by standard; may hold {kind}, {plural}, {namespace}, {name}.
    """

    server: str
    namespace: str
    console_url: str = ""

    def link(self, kind: str, name: str) -> str:
        """Give the address of an object: in the console, else on the API server."""
        group, plural = PATHS[kind]
        if not self.console_url:
            return f"{self.server}/{group}/namespaces/{self.namespace}/{plural}/{name}"
        address = self.console_url
        words = {"kind": kind, "plural": plural, "namespace": self.namespace, "name": name}
        for word, value in words.items():
            address = address.replace(f"{{{word}}}", value)
        return address


def _place(kept: team_k8s_pb2.Deployment | team_k8s_pb2.Release) -> Place:
    return Place(kept.cluster.server, kept.cluster.namespace, kept.console_url)


def of_deployment(deployment: team_k8s_pb2.Deployment, call: Call) -> StatusReport:
    """Report on a deployment.

    Args:
        deployment: As stored.
        call: The running call.

    Returns:
        READY if all replicas are, PARTIAL if some are, DOWN if none is, MISSING if it is not there.

    Raises:
        PluginError: The cluster cannot be asked; the SDK reports that as UNKNOWN.
    """
    cloud = messages.cloud(deployment.cluster, "read", deployment.identity, call, PATIENCE_SECONDS)
    place = _place(deployment)
    found = cloud.find("Deployment", deployment.name)
    if found is None or found["metadata"].get("labels", {}).get(names.ID_LABEL) != deployment.id:
        text = f"Deployment {deployment.name} is not in namespace {cloud.namespace}"
        url = place.link("Deployment", deployment.name)
        part = ResourceStatus(deployment.name, "Deployment", PLATFORM, Health.MISSING, text, url=url)
        return StatusReport(Health.MISSING, text, [part])
    pods = cloud.list("Pod", messages.selector(deployment))
    return deployment_report(found, pods, place)


def deployment_report(deployment: dict[str, Any], pods: list[dict[str, Any]], place: Place) -> StatusReport:
    """Judge a Deployment and its pods. Pure.

    Args:
        deployment: As the API server has it.
        pods: Of it.
        place: Where they are.

    Returns:
        The report; states hold no values of environment variables.
    """
    state = diagnose.progress(deployment, pods)
    failures = diagnose.failures(deployment, pods)
    message = "; ".join([state.text, *(failure.what for failure in failures)])
    if state.ready >= state.wanted:
        health = Health.READY
    elif state.ready:
        health = Health.PARTIAL
    else:
        health = Health.DOWN if failures else Health.ALIVE
    about = deployment["metadata"]
    whole = ResourceStatus(
        about["name"],
        "Deployment",
        PLATFORM,
        health,
        message,
        id=about["uid"],
        url=place.link("Deployment", about["name"]),
        category=Category.INSTANCE_MANAGER,
        created=_time(about["creationTimestamp"]),
        state={"namespace": about["namespace"], "ready": state.ready, "wanted": state.wanted},
    )
    return StatusReport(health, message, [whole, *(_pod(pod, about, place) for pod in pods)])


def _pod_health(pod: dict[str, Any]) -> tuple[Health, str]:
    """Judge one pod: how it is, and why."""
    status = pod.get("status", {})
    failures = diagnose.failures({}, [pod])
    ready = diagnose.is_ready(pod)
    phase = status.get("phase", "Pending")
    if ready and phase == "Running":
        health = Health.READY
    elif failures or phase in {"Failed", "Succeeded"}:
        health = Health.DOWN
    else:
        health = Health.ALIVE
    return health, failures[0].what if failures else phase


def _pod(pod: dict[str, Any], owner: dict[str, Any], place: Place) -> ResourceStatus:
    about, status = pod["metadata"], pod.get("status", {})
    health, message = _pod_health(pod)
    restarts = sum(c.get("restartCount", 0) for c in status.get("containerStatuses", ()))
    return ResourceStatus(
        about["name"],
        "Pod",
        PLATFORM,
        health,
        message,
        id=about["uid"],
        parent=owner["uid"],
        declared=owner["name"],
        url=place.link("Pod", about["name"]),
        category=Category.INSTANCE,
        created=_time(about["creationTimestamp"]),
        state={"node": pod.get("spec", {}).get("nodeName", ""), "ip": status.get("podIP", ""), "restarts": restarts},
    )


def of_release(release: team_k8s_pb2.Release, call: Call) -> StatusReport:
    """Report on a release.

    Args:
        release: As stored.
        call: The running call.

    Returns:
        READY if the Service has ready pods, DOWN if none, MISSING if it is not there.

    Raises:
        PluginError: The cluster cannot be asked; the SDK reports that as UNKNOWN.
    """
    if not release.service:
        return StatusReport(Health.READY, "a worker without port has no traffic")
    cloud = messages.cloud(release.cluster, "read", release.identity, call, PATIENCE_SECONDS)
    found = cloud.find("Service", release.service)
    if found is None:
        text = f"Service {release.service} is not in namespace {cloud.namespace}"
        return StatusReport(Health.MISSING, text, [_service(release, Health.MISSING, text)])
    selector = found["spec"].get("selector") or {}
    pods = [pod for pod in cloud.list("Pod", selector) if _pod_health(pod)[0] is Health.READY]
    served_by = selector.get("name", "")
    text = f"sends its traffic to {len(pods)} ready pods of {served_by}"
    health = Health.READY if pods else Health.DOWN
    parts = [_service(release, health, text, found)]
    parts += [_front(release, kind, cloud.find(kind, release.service)) for kind in release.companions]
    # Without pods nobody answers, however well the way there is.
    whole = overall(part.health for part in parts) if health is Health.READY else health
    return StatusReport(whole, text, parts)


def _front(release: team_k8s_pb2.Release, kind: str, found: dict[str, Any] | None) -> ResourceStatus:
    """Judge what leads the world to the Service: READY once the cluster has given it an address."""
    if found is None:
        health, text = Health.MISSING, f"{kind} {release.service} is not in namespace {release.cluster.namespace}"
    else:
        served = not exposure.route_problem(found) if kind == "HTTPRoute" else bool(exposure.address(found))
        health, text = (Health.READY, release.url) if served else (Health.ALIVE, "has no address yet")
    return ResourceStatus(
        release.service,
        kind,
        PLATFORM,
        health,
        text,
        id=f"{kind}/{release.service}",
        url=_place(release).link(kind, release.service),
        category=Category.ROUTER,
        state={"namespace": release.cluster.namespace},
    )


def _service(
    release: team_k8s_pb2.Release, health: Health, text: str, found: dict[str, Any] | None = None
) -> ResourceStatus:
    about = (found or {}).get("metadata", {})
    created = about.get("creationTimestamp")
    return ResourceStatus(
        release.service,
        "Service",
        PLATFORM,
        health,
        text,
        id=about.get("uid", ""),
        url=_place(release).link("Service", release.service),
        category=Category.ROUTER,
        created=_time(created) if created else None,
        state={"namespace": release.cluster.namespace, "url": release.url},
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
