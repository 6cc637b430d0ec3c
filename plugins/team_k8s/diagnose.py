"""How a rollout goes, judged by what the API server says. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CERTAIN_WAITING = {
    "ImagePullBackOff": "the image cannot be pulled",
    "InvalidImageName": "the image's name is not valid",
    "ErrImageNeverPull": "the image is not on the node, and may not be pulled",
    "CrashLoopBackOff": "the container keeps ending",
    "CreateContainerConfigError": "the container cannot be configured",
    "CreateContainerError": "the container cannot be created",
    "RunContainerError": "the container cannot be started",
}
"""Reasons for which a container will not start by waiting."""

FINAL_PULL_WORDS = ("not found", "unauthorized", "denied", "manifest unknown", "no basic auth", "forbidden")
"""In the message of a first failed pull: trying again will not help."""

HANGS = {
    "FailedMount": "a volume cannot be mounted",
    "FailedAttachVolume": "a volume cannot be attached to the node",
    "FailedCreatePodSandBox": "the node cannot set the pod up",
}
"""Reasons of warnings for which containers are not created."""

FINAL_CREATE_WORDS = ("exceeded quota", "violates PodSecurity", "forbidden")
"""In the message of a pod that could not be created: trying again will not help."""

FIXES = {
    "ImagePullBackOff": "check that the image was pushed, and that the namespace may pull it (image_pull_secret)",
    "ErrImagePull": "check that the image was pushed, and that the namespace may pull it (image_pull_secret)",
    "InvalidImageName": "mend the image's name in the build stanza",
    "ErrImageNeverPull": "put the image on every node, or let the cluster's owner permit pulling it",
    "CrashLoopBackOff": "mend what the log says, then deploy again",
    "Error": "mend what the log says, then deploy again",
    "OOMKilled": "raise the option memory, or make the app need less",
    "CreateContainerError": "mend what the message says, then deploy again",
    "RunContainerError": "check that the image's command exists and may be run, then deploy again",
    "CreateContainerConfigError": "make the Secret or ConfigMap that it names, in this namespace",
    "FailedMount": "make the Secret, ConfigMap or claim that it names, in this namespace",
    "FailedAttachVolume": "see whether another node still has the volume, then deploy again",
    "Unschedulable": "ask for less (options cpu, memory, replicas) or for other nodes (node_selector, tolerations)",
    "Completed": "see why it ends: an app has to go on running, and to pass its startup probe",
    "FailedCreate": "ask the namespace's owner for what the message says, or ask for less",
}
"""What the reader can do, by reason."""

UNSURE_SECONDS = 8.0
"""How long a failure that may yet mend itself has to last to be certain."""


@dataclass(frozen=True)
class Failure:
    """Why a rollout cannot succeed.

    Args:
        reason: Kubernetes' own word.
        what: One line.
        pod: Its name, or empty.
        container: Its name, or empty.
        exit_code: Of the container's last run, or None.
        fix: What the reader can do.
        certain_after: Seconds that it has to last to be believed.
    """

    reason: str
    what: str
    pod: str = ""
    container: str = ""
    exit_code: int | None = None
    fix: str = ""
    certain_after: float = 0.0


@dataclass(frozen=True)
class Progress:
    """How far a rollout is.

    Args:
        ready: Replicas that are available.
        wanted: Replicas that there shall be.
        text: One line for the user.
        complete: It is done.
    """

    ready: int
    wanted: int
    text: str
    complete: bool


def progress(deployment: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> Progress:
    """Judge how far a rollout is.

    Args:
        deployment: As the API server has it.
        pods: Of it.

    Returns:
        Complete only when all replicas are ready: as the status of the latest spec says, or as the pods say
        themselves, which the status follows a moment later (after an outage, many seconds later).
    """
    wanted = deployment.get("spec", {}).get("replicas", 1)
    status = deployment.get("status", {})
    living = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    ready_pods = sum(is_ready(pod) for pod in living)
    seen = status.get("observedGeneration", 0) >= deployment.get("metadata", {}).get("generation", 1)
    available = min(status.get("availableReplicas", 0), status.get("updatedReplicas", 0))
    ready = max(available, min(ready_pods, wanted))
    settled = seen and available == wanted and status.get("replicas", 0) == wanted
    complete = settled or (0 < wanted == ready_pods == len(living))
    waiting = next((text for pod in living if (text := _pending(pod))), "")
    text = f"{ready} of {wanted} replicas ready" + (f"; {waiting}" if waiting and not complete else "")
    return Progress(ready, wanted, text, complete)


def is_ready(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod is ready for traffic."""
    conditions = pod.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _pending(pod: Mapping[str, Any]) -> str:
    """Say in a few words what a pod waits for; empty if it is ready."""
    name = pod["metadata"]["name"]
    status = pod.get("status", {})
    if is_ready(pod):
        return ""
    for container in _containers(status):
        waiting = container.get("state", {}).get("waiting")
        if waiting:
            return f"{name}: {waiting.get('reason', 'waiting')}"
        if container.get("state", {}).get("running") and not container.get("ready"):
            return f"{name}: {container['name']} runs and is not ready yet"
    return f"{name}: {status.get('phase', 'Pending')}"


def failures(deployment: Mapping[str, Any], pods: Iterable[Mapping[str, Any]]) -> list[Failure]:
    """Find what makes a rollout fail, the surest first.

    Args:
        deployment: As the API server has it.
        pods: Of it.

    Returns:
        Empty as long as nothing speaks against success.
    """
    found = [failure for pod in pods if (failure := _pod_failure(pod))]
    found += [
        failure
        for condition in deployment.get("status", {}).get("conditions", ())
        if (failure := _condition(condition))
    ]
    return sorted(found, key=lambda failure: failure.certain_after)


def _containers(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]


def _pod_failure(pod: Mapping[str, Any]) -> Failure | None:
    name = pod["metadata"]["name"]
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp"):
        return None
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            message = condition.get("message", "no reason given")
            what = f"pod {name} cannot be scheduled: {message}"
            fix = FIXES["FailedMount" if "persistentvolumeclaim" in message.lower() else "Unschedulable"]
            return Failure("Unschedulable", what, name, fix=fix, certain_after=UNSURE_SECONDS)
    for container in _containers(status):
        failure = _container_failure(name, container)
        if failure:
            return failure
    return None


def _container_failure(pod: str, container: Mapping[str, Any]) -> Failure | None:
    if container.get("ready"):  # whatever it did before, it recovered
        return None
    name = container["name"]
    waiting = container.get("state", {}).get("waiting") or {}
    ended = container.get("lastState", {}).get("terminated") or container.get("state", {}).get("terminated") or {}
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    where = f"container {name} of pod {pod}"
    code = ended.get("exitCode")
    cause = ended.get("reason", "")
    if reason == "CrashLoopBackOff" or (code and container.get("restartCount", 0) >= 1):
        shown = cause if cause not in {"", "Error"} else "CrashLoopBackOff"
        known = "" if code is None else f": exit code {code}" + (f" ({cause})" if cause else "")
        what = f"{where} keeps ending{known}"
        return Failure(shown, what, pod, name, code, FIXES.get(shown, FIXES["CrashLoopBackOff"]))
    if reason == "ErrImagePull":
        final = any(word in message.lower() for word in FINAL_PULL_WORDS)
        what = f"{where}: the image cannot be pulled: {message}"
        return Failure(reason, what, pod, name, fix=FIXES[reason], certain_after=0.0 if final else UNSURE_SECONDS)
    if reason in CERTAIN_WAITING:
        what = f"{where}: {CERTAIN_WAITING[reason]}: {message or reason}"
        return Failure(reason, what, pod, name, code, FIXES.get(reason, ""))
    return None


def is_creating(pod: Mapping[str, Any]) -> bool:
    """Tell whether a pod has its node, and a container that is not created yet."""
    waiting = [container.get("state", {}).get("waiting") or {} for container in _containers(pod.get("status", {}))]
    return any(found.get("reason") in {"ContainerCreating", "PodInitializing"} for found in waiting)


def event_failure(pod: str, event: Mapping[str, Any]) -> Failure | None:
    """Judge a warning about a pod whose containers are not created.

    Args:
        pod: Its name.
        event: As the API server has it.

    Returns:
        Why it hangs; None for a warning about something else.
    """
    reason, message = event.get("reason", ""), event.get("message", "")
    if reason not in HANGS:
        return None
    what = f"pod {pod}: {HANGS[reason]}: {message.strip()}"
    final = reason == "FailedMount" and "not found" in message
    return Failure(reason, what, pod, fix=FIXES.get(reason, ""), certain_after=0.0 if final else UNSURE_SECONDS)


def _condition(condition: Mapping[str, Any]) -> Failure | None:
    kind, status, reason = condition["type"], condition["status"], condition.get("reason", "")
    message = condition.get("message", "")
    if kind == "ReplicaFailure" and status == "True":
        # A new namespace gets its service account a moment after itself.
        settling = "error looking up service account" in message
        final = not settling and any(word in message for word in FINAL_CREATE_WORDS)
        what = f"pods cannot be created: {message}"
        return Failure(reason, what, fix=FIXES["FailedCreate"], certain_after=0.0 if final else UNSURE_SECONDS)
    if kind == "Progressing" and status == "False" and reason == "ProgressDeadlineExceeded":
        return Failure(reason, "the rollout made no progress in its time", fix="look at the pods, then deploy again")
    return None
