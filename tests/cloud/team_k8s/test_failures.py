"""Failures as clusters have them, injected one by one: how soon the user knows, what the text says, what is left.

The run's end shows the times and texts as a table.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from app import App

from testbed.fixture import Bed  # noqa: TC001  # an annotation of a fixture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Record = Callable[[str, object], None]

MOST_SECONDS = 15.0
"""Until the user knows: at most 10 after it is certain, and the pod's own start before that."""


@dataclass(frozen=True)
class Case:
    """One failure.

    Args:
        says: Parts of the text.
        image: To deploy.
        options: Of the deploy.
        quota: Of the namespace.
        seconds: At most until the user knows.
    """

    says: tuple[str, ...]
    image: str = "registry.test/hello:v1"
    options: dict[str, Any] = field(default_factory=dict)
    quota: dict[str, str] = field(default_factory=dict)
    seconds: float = MOST_SECONDS


CASES = {
    "image pull": Case(
        ("the image cannot be pulled", "check that the image was pushed"), "registry.test/hello:missing"
    ),
    "crash loop": Case(("exit code 3", "| fatal: DATABASE_URL is not set"), "registry.test/hello:broken"),
    "unschedulable": Case(("cannot be scheduled", "[Unschedulable]"), options={"node_selector": {"none": "such"}}),
    "quota": Case(("exceeded quota: small", "ask the namespace's owner"), quota={"pods": "0"}),
    "missing secret": Case(
        ('secret "database" not found', "make the Secret"), options={"secret_env": {"URL": "database/url"}}
    ),
    "missing configmap": Case(
        ('configmap "flags" not found', "cannot be mounted"), options={"files": {"/etc/flags": "configmap/flags"}}
    ),
    "failing probe": Case(
        ("was not ready within 8 s", "its probe: Readiness probe failed", "404", "rollout_timeout"),
        options={"probe": {"readiness": {"kind": "http", "path": "/missing"}}, "rollout_timeout": "8s"},
    ),
    "failing startup probe": Case(
        ("keeps ending", "its probe: Startup probe failed"),
        options={"probe": {"startup": {"kind": "http", "path": "/no", "period": "1s", "failure_threshold": 2}}},
        seconds=60.0,
    ),
    "admission denied": Case(
        ("violates PodSecurity", "allowPrivilegeEscalation"), options={"security": {"allow_privilege_escalation": True}}
    ),
    "namespace missing": Case(
        ('namespaces "nowhere" not found', "create it, or mend the standard kubernetes.namespace"),
        options={"namespace": "nowhere"},
    ),
    "volume not bound": Case(
        ("cannot be scheduled", 'persistentvolumeclaim "data" not found'),
        options={"volumes": [{"path": "/data", "claim": "data"}]},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_behaviour_09_injected(real_app: App, name: str, record_property: Record) -> None:
    """The failure is told soon, with its cause and what to do, and nothing of the deploy is left."""
    case = CASES[name]
    if case.quota:
        spec = {"hard": case.quota}
        real_app.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": spec})
    text, told = refusal(real_app, case.image, {"replicas": 1} | case.options)
    record_property("failure", (name, told, text))
    assert [part for part in case.says if part not in text] == [], text
    assert told < case.seconds
    assert real_app.objects() == []


def refusal(app: App, image: str, options: dict[str, Any]) -> tuple[str, float]:
    """Deploy what fails; give the text, and after how many seconds the user had read why."""
    begun = time.monotonic()
    running = app.begin(image, **options)
    told = 0.0
    while not running.done():
        # The step says so before it removes what was made.
        if not told and "failed, removing" in app.host.ui.text:
            told = time.monotonic() - begun
        time.sleep(0.05)
    with pytest.raises(grpc.RpcError) as caught:
        running.result()
    return str(caught.value.details()), told or time.monotonic() - begun


def test_behaviour_09_forbidden(bed: Bed, tmp_path: Path, record_property: Record) -> None:
    """A deployer without rights reads at once what was not permitted to whom."""
    with bed.namespace("fake") as namespace:
        app = App(bed, namespace, tmp_path, bed.user("nobody"))
        text, told = refusal(app, "registry.test/any:1", {})
        app.host.close()
        record_property("failure", ("forbidden", told, text))
        assert 'User "nobody" cannot get resource "deployments"' in text
        assert "ask the cluster's owner for that right" in text
        assert told < MOST_SECONDS
        assert app.objects() == []


def test_behaviour_12_autoscaler_without_metrics(app: App, record_property: Record) -> None:
    """An autoscaler on a cluster without metrics is no failure, and is told while the deploy runs."""
    begun = time.monotonic()
    app.deploy("registry.test/any:1", autoscale={"max_replicas": 3})
    told = "the cluster has no metrics API (metrics-server): the autoscaler will not change replicas"
    record_property("failure", ("HPA without metrics", time.monotonic() - begun, told))
    assert told in app.host.ui.text
