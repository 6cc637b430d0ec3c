"""Status: how the pods and the Service are, part by part."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from team_k8s import diagnose, messages, names
from waypaas_sdk.health import Health, ResourceStatus, StatusReport
from waypaas_sdk.resources import Category

if TYPE_CHECKING:
    from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
    from waypaas_sdk.call import Call

PLATFORM = "kubernetes"
PATIENCE_SECONDS = 10.0
"""`waypoint status` is asked by people: better an UNKNOWN soon than an answer late."""


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
    cloud = messages.cloud(deployment.cluster, call, PATIENCE_SECONDS)
    found = cloud.find("Deployment", deployment.name)
    if found is None or found["metadata"].get("labels", {}).get(names.ID_LABEL) != deployment.id:
        text = f"Deployment {deployment.name} is not in namespace {cloud.namespace}"
        part = ResourceStatus(deployment.name, "Deployment", PLATFORM, Health.MISSING, text)
        return StatusReport(Health.MISSING, text, [part])
    pods = cloud.list("Pod", messages.selector(deployment))
    return deployment_report(found, pods)


def deployment_report(deployment: dict[str, Any], pods: list[dict[str, Any]]) -> StatusReport:
    """Judge a Deployment and its pods. Pure.

    Args:
        deployment: As the API server has it.
        pods: Of it.

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
        category=Category.INSTANCE_MANAGER,
        created=_time(about["creationTimestamp"]),
        state={"namespace": about["namespace"], "ready": state.ready, "wanted": state.wanted},
    )
    return StatusReport(health, message, [whole, *(_pod(pod, about) for pod in pods)])


def _pod(pod: dict[str, Any], owner: dict[str, Any]) -> ResourceStatus:
    about, status = pod["metadata"], pod.get("status", {})
    failures = diagnose.failures({}, [pod])
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ()))
    phase = status.get("phase", "Pending")
    if ready and phase == "Running":
        health = Health.READY
    elif failures or phase in {"Failed", "Succeeded"}:
        health = Health.DOWN
    else:
        health = Health.ALIVE
    restarts = sum(c.get("restartCount", 0) for c in status.get("containerStatuses", ()))
    return ResourceStatus(
        about["name"],
        "Pod",
        PLATFORM,
        health,
        failures[0].what if failures else phase,
        id=about["uid"],
        parent=owner["uid"],
        declared=owner["name"],
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
    cloud = messages.cloud(release.cluster, call, PATIENCE_SECONDS)
    found = cloud.find("Service", release.service)
    if found is None:
        text = f"Service {release.service} is not in namespace {cloud.namespace}"
        return StatusReport(Health.MISSING, text, [_service(release, Health.MISSING, text)])
    selector = found["spec"].get("selector") or {}
    pods = [pod for pod in cloud.list("Pod", selector) if _pod(pod, pod["metadata"]).health is Health.READY]
    served_by = selector.get("name", "")
    text = f"sends its traffic to {len(pods)} ready pods of {served_by}"
    health = Health.READY if pods else Health.DOWN
    return StatusReport(health, text, [_service(release, health, text, found)])


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
        category=Category.ROUTER,
        created=_time(created) if created else None,
        state={"namespace": release.cluster.namespace, "url": release.url},
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
