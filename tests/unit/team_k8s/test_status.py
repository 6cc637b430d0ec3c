"""Status, judged from what the API server says; nothing here asks one."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team_k8s import status
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from waypaas_sdk.call import Call
from waypaas_sdk.health import Health, StatusReport
from waypaas_sdk.resources import Category

CREATED = "2026-01-02T03:04:05Z"


def deployment(wanted: int, ready: int) -> dict[str, Any]:
    """Make a Deployment with so many ready replicas."""
    return {
        "metadata": {"name": "web-v1", "namespace": "payments-dev", "uid": "u-1", "creationTimestamp": CREATED},
        "spec": {
            "replicas": wanted,
            "template": {"spec": {"containers": [{"name": "web", "env": [{"name": "KEY", "value": "hunter2"}]}]}},
        },
        "status": {"observedGeneration": 1, "replicas": wanted, "updatedReplicas": wanted, "availableReplicas": ready},
    }


def pod(name: str, phase: str = "Running", *, ready: bool = False, **container: Any) -> dict[str, Any]:
    """Make a pod with one container."""
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {
        "metadata": {"name": name, "uid": f"u-{name}", "creationTimestamp": CREATED},
        "spec": {"nodeName": "node-1", "containers": [{"name": "web", "env": [{"name": "KEY", "value": "hunter2"}]}]},
        "status": {
            "phase": phase,
            "podIP": "192.0.2.1",
            "conditions": [condition],
            "containerStatuses": [{"name": "web", "ready": ready, **container}],
        },
    }


def report_of(deployment: dict[str, Any], pods: list[dict[str, Any]], console_url: str = "") -> StatusReport:
    """Judge a Deployment and its pods on a cluster with or without a console."""
    place = status.Place("https://192.0.2.9:6443", "payments-dev", console_url)
    return status.deployment_report(deployment, pods, place)


CRASHED = {
    "restartCount": 4,
    "state": {"waiting": {"reason": "CrashLoopBackOff"}},
    "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}},
}


@pytest.mark.parametrize(
    ("wanted", "ready", "health"),
    [
        (2, 2, Health.READY),
        (2, 1, Health.PARTIAL),
        (2, 0, Health.ALIVE),
        (0, 0, Health.READY),
        (1, 2, Health.READY),
    ],
)
def test_behaviour_17_health(wanted: int, ready: int, health: Health) -> None:
    """All replicas ready is READY, some PARTIAL, none ALIVE as long as nothing says that they will not be."""
    report = report_of(deployment(wanted, ready), [])
    assert report.health is health
    assert report.resources[0].health is health
    assert report.message.startswith(f"{min(wanted, ready)} of {wanted} replicas ready")


def test_behaviour_17_down() -> None:
    """A deployment none of whose pods can start is DOWN, and the message says why."""
    report = report_of(deployment(1, 0), [pod("a", **CRASHED)])
    assert report.health is Health.DOWN
    assert "container web of pod a keeps ending: exit code 1" in report.message


def test_one_pod_down_is_partial() -> None:
    """A deployment that serves with some pods while another crashes is PARTIAL, each pod as it is."""
    report = report_of(deployment(2, 1), [pod("a", ready=True), pod("b", **CRASHED)])
    assert report.health is Health.PARTIAL
    assert [part.health for part in report.resources] == [Health.PARTIAL, Health.READY, Health.DOWN]
    assert report.resources[2].message == "container web of pod b keeps ending: exit code 1 (Error)"


@pytest.mark.parametrize(
    ("phase", "ready", "health"),
    [
        ("Running", True, Health.READY),
        ("Running", False, Health.ALIVE),
        ("Pending", False, Health.ALIVE),
        ("Failed", False, Health.DOWN),
        ("Succeeded", False, Health.DOWN),
    ],
)
def test_behaviour_17_pods(phase: str, ready: bool, health: Health) -> None:  # noqa: FBT001  # a table's column
    """A pod's health follows its phase and readiness, as the builtin's does."""
    report = report_of(deployment(1, 0), [pod("a", phase, ready=ready)])
    assert (report.resources[1].health, report.resources[1].message) == (health, phase)


def test_a_pod_that_recovered_is_ready() -> None:
    """A pod that crashed once, long ago, is READY, and its message and the whole's do not claim otherwise."""
    past = {"restartCount": 1, "lastState": {"terminated": {"exitCode": 1, "reason": "Error"}}}
    report = report_of(deployment(1, 1), [pod("a", ready=True, **past)])
    assert report.message == "1 of 1 replicas ready"
    assert (report.resources[1].health, report.resources[1].message) == (Health.READY, "Running")
    assert report.resources[1].state["restarts"] == 1


def test_parts_belong_to_the_deployment() -> None:
    """Each pod names the Deployment as its parent and as what was declared, so that Waypoint shows a tree."""
    report = report_of(deployment(1, 1), [pod("a", ready=True)])
    whole, part = report.resources
    assert (whole.id, whole.name, whole.type, whole.category) == (
        "u-1", "web-v1", "Deployment", Category.INSTANCE_MANAGER,
    )  # fmt: skip
    assert (part.parent, part.declared, part.id) == ("u-1", "web-v1", "u-a")
    assert (part.type, part.category, part.platform) == ("Pod", Category.INSTANCE, "kubernetes")
    assert whole.created == part.created == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("console_url", "links"),
    [
        (
            "",
            [
                "https://192.0.2.9:6443/apis/apps/v1/namespaces/payments-dev/deployments/web-v1",
                "https://192.0.2.9:6443/api/v1/namespaces/payments-dev/pods/a",
            ],
        ),
        (
            "https://console.example/{namespace}/{plural}/{name}?kind={kind}",
            [
                "https://console.example/payments-dev/deployments/web-v1?kind=Deployment",
                "https://console.example/payments-dev/pods/a?kind=Pod",
            ],
        ),
    ],
)
def test_behaviour_17_every_part_has_a_link(console_url: str, links: list[str]) -> None:
    """Each part has an address: in the console that the standards name, else that of the API server."""
    report = report_of(deployment(1, 1), [pod("a", ready=True)], console_url)
    assert [part.url for part in report.resources] == links


def test_no_values_of_variables() -> None:
    """No part's state holds a value of an environment variable, and every state is JSON."""
    report = report_of(deployment(1, 1), [pod("a", ready=True)])
    states = json.dumps([dict(part.state) for part in report.resources])
    assert "hunter2" not in states
    assert json.loads(states)[0] == {"namespace": "payments-dev", "ready": 1, "wanted": 1}


@given(st.integers(0, 4), st.integers(0, 4), st.lists(st.sampled_from(["Pending", "Running", "Failed"]), max_size=4))
def test_any_counts_have_a_health(wanted: int, ready: int, phases: list[str]) -> None:
    """Whatever the server counts, there is a health with a reason, and READY only with all replicas."""
    pods = [pod(f"p{number}", phase) for number, phase in enumerate(phases)]
    report = report_of(deployment(wanted, ready), pods)
    assert report.message
    assert len(report.resources) == 1 + len(pods)
    assert (report.health is Health.READY) == (ready >= wanted)


def test_behaviour_11_a_worker_is_released() -> None:
    """A worker's release has no Service, is READY, and needs no cluster to say so."""
    report = status.of_release(team_k8s_pb2.Release(deployment_name="web-v1"), Call())
    assert (report.health, list(report.resources)) == (Health.READY, [])
    assert "no traffic" in report.message


def test_a_missing_service_has_a_part() -> None:
    """A Service that is gone is still a part with its name, so that Waypoint can tell which one."""
    release = team_k8s_pb2.Release(service="web", url="http://web.x.svc")
    release.cluster.namespace = "x"
    part = status._service(release, Health.MISSING, "gone")
    assert (part.name, part.type, part.category, part.health) == ("web", "Service", Category.ROUTER, Health.MISSING)
    assert part.created is None
    assert part.state == {"namespace": "x", "url": "http://web.x.svc"}
