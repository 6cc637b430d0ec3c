"""Fake nodes: kwok plays the kubelet, by stages of our own.

A container image named faults.test/NAME makes its pod fail as a real kubelet
would report it; see FAULTS.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

NODES = ("fake-0", "fake-1", "fake-2")

FAKE = {"key": '.metadata.annotations["kwok.x-k8s.io/node"]', "operator": "In", "values": ["fake"]}
IMAGES = ".spec.containers[].image"

CONTAINER_STATUSES = """
{{ $now := Now }}
{{ $root := . }}
startTime: {{ $now | Quote }}
hostIP: 10.0.0.1
podIP: {{ PodIPWith .spec.nodeName false ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
"""

READY = (
    CONTAINER_STATUSES
    + """
phase: Running
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }} }
- {type: Ready, status: "True", lastTransitionTime: {{ $now | Quote }} }
- {type: ContainersReady, status: "True", lastTransitionTime: {{ $now | Quote }} }
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: true
  started: true
  restartCount: 0
  state: {running: {startedAt: {{ $now | Quote }} } }
{{ end }}
"""
)

NOT_READY = (
    CONTAINER_STATUSES
    + """
phase: %(phase)s
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ $now | Quote }} }
- {type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ $now | Quote }} }
- {type: ContainersReady, status: "False", reason: ContainersNotReady, lastTransitionTime: {{ $now | Quote }} }
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  ready: false
  started: false
  restartCount: %(restarts)d
  state: %(state)s
%(last)s
{{ end }}
"""
)

FAULTS = {
    "image-pull": {
        "phase": "Pending",
        "restarts": 0,
        "state": '{waiting: {reason: ImagePullBackOff, message: "Back-off pulling image: not found"} }',
        "last": "",
    },
    "crash-loop": {
        "phase": "Running",
        "restarts": 3,
        "state": '{waiting: {reason: CrashLoopBackOff, message: "back-off 40s restarting failed container"} }',
        "last": "  lastState: {terminated: {exitCode: 1, reason: Error, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} } }",
    },
    "config-error": {
        "phase": "Pending",
        "restarts": 0,
        "state": '{waiting: {reason: CreateContainerConfigError, message: "secret \\"database\\" not found"} }',
        "last": "",
    },
    "never-ready": {
        "phase": "Running",
        "restarts": 0,
        "state": "{running: {startedAt: {{ $now | Quote }} } }",
        "last": "",
    },
}
"""By name of the image below faults.test/; and faults.test/slow-ready is ready after 5 s."""

NODE_STATUS = """
{{ $now := Now }}
conditions:
- {type: Ready, status: "True", reason: KubeletReady, message: fake, lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }} }
- {type: MemoryPressure, status: "False", reason: Fake, message: fake, lastHeartbeatTime: {{ $now | Quote }}, lastTransitionTime: {{ $now | Quote }} }
addresses:
- {type: InternalIP, address: 10.0.0.1}
allocatable: {cpu: "32", memory: 64Gi, pods: "500"}
capacity: {cpu: "32", memory: 64Gi, pods: "500"}
nodeInfo: {architecture: amd64, operatingSystem: linux, kubeletVersion: fake, bootID: "", containerRuntimeVersion: "", kernelVersion: "", kubeProxyVersion: fake, machineID: "", osImage: "", systemUUID: ""}
phase: Running
"""


HEARTBEAT_SECONDS = 15.0
"""How often a node says that it lives; so it comes back after an outage of the API server too."""


def _stage(
    name: str, kind: str, where: list[dict[str, Any]], then: dict[str, Any], seconds: float = 0
) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": where},
        "next": then,
    }
    if seconds:
        spec["delay"] = {"durationMilliseconds": int(seconds * 1000)}
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def _absent(key: str) -> dict[str, Any]:
    return {"key": key, "operator": "DoesNotExist"}


def _references(name: str) -> list[str]:
    """Give the ways to write an image below faults.test."""
    return [f"faults.test/{name}", f"faults.test/{name}:latest"]


def stages() -> list[dict[str, Any]]:
    """Give the stages that a fake node's objects pass through."""
    alive = _absent(".metadata.deletionTimestamp")
    fresh = [alive, _absent(".status.podIP")]
    faulty = [reference for name in (*FAULTS, "slow-ready") for reference in _references(name)]
    healthy = {"key": IMAGES, "operator": "NotIn", "values": faulty}
    job = {"key": ".metadata.ownerReferences[].kind", "operator": "In", "values": ["Job"]}
    running = {"key": ".status.phase", "operator": "In", "values": ["Running"]}

    def pod(template: str) -> dict[str, Any]:
        return {"statusTemplate": template}

    def image(name: str) -> dict[str, Any]:
        return {"key": IMAGES, "operator": "In", "values": _references(name)}

    ready_condition = '.status.conditions.[] | select( .type == "Ready" ) | .status'
    known = {"key": ready_condition, "operator": "In", "values": ["True", "False", "Unknown"]}
    beat = _stage("node-heartbeat", "Node", [known], pod(NODE_STATUS), HEARTBEAT_SECONDS)
    beat["spec"]["immediateNextStage"] = True
    succeeded = "phase: Succeeded\n"
    made = [
        _stage("node", "Node", [_absent(ready_condition)], pod(NODE_STATUS)),
        beat,
        _stage("pod-ready", "Pod", [*fresh, healthy], pod(READY)),
        _stage("pod-slow-ready", "Pod", [*fresh, image("slow-ready")], pod(READY), 5),
        _stage("job-complete", "Pod", [alive, job, running], pod(succeeded), 2),
        _stage(
            "pod-gone",
            "Pod",
            [{"key": ".metadata.deletionTimestamp", "operator": "Exists"}],
            {"finalizers": {"empty": True}, "delete": True},
        ),
    ]
    return made + [
        _stage(f"pod-{name}", "Pod", [*fresh, image(name)], pod(NOT_READY % fault)) for name, fault in FAULTS.items()
    ]


def write_config(path: Path) -> None:
    """Write the stages as kwok's configuration.

    Args:
        path: Of the file.
    """
    path.write_text("\n---\n".join(json.dumps(stage) for stage in stages()))


def node(name: str) -> dict[str, Any]:
    """Give the manifest of a fake node.

    Args:
        name: Of the node.
    """
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"waypaas.test/node": "fake", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
    }
