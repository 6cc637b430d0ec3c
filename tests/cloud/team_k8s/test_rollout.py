"""A rollout succeeds with all replicas, or fails soon, says why, and leaves nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from app import App

    from testbed.fixture import Bed

FAULTS = {
    "image-pull": ("container web of pod", "Back-off pulling image: not found", "[ImagePullBackOff]", "was pushed"),
    "crash-loop": ("container web of pod", "exit code 1", "[CrashLoopBackOff]", "mend what the log says"),
    "config-error": ("container web of pod", 'secret "database" not found', "[CreateContainerConfigError]", "Secret"),
}


def test_behaviour_07_what_is_deployed(app: App) -> None:
    """The API server has the Deployment as it was planned: name, labels, PORT, replicas, and who made it."""
    made = app.deploy("registry.test/any:1", replicas=2)
    found = app.get("deployment", "web-v1")

    assert (made.name, made.sequence) == ("web-v1", 1)
    assert found["spec"]["selector"]["matchLabels"]["name"] == "web-v1"
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.test/any:1"
    assert {"name": "PORT", "value": "8080"} in container["env"]
    assert app.ready("web-v1") == 2
    assert {entry["manager"] for entry in found["metadata"]["managedFields"] if entry["operation"] == "Apply"} == {
        "waypaas"
    }


def test_behaviour_08_all_replicas_have_to_be_ready(app: App) -> None:
    """A deploy of three replicas ends when three are ready, not when one is."""
    app.deploy("faults.test/slow-ready", replicas=3)
    assert app.ready("web-v1") == 3
    assert "0 of 3 replicas ready" in app.host.ui.text


def test_behaviour_08_one_of_three_is_no_success(app: App) -> None:
    """With room for one pod, a deploy of three fails and says how many were ready, although one is."""
    app.apply(quota({"pods": "1"}))
    text = app.refused("registry.test/any:1", replicas=3)
    assert "exceeded quota" in text
    assert app.objects() == []


def test_behaviour_08_own_timeout(app: App) -> None:
    """The option rollout_timeout ends the wait, and the text says how far it came and which option it was."""
    begun = time.monotonic()
    text = app.refused("faults.test/never-ready", replicas=2, rollout_timeout="6s")
    assert 6 < time.monotonic() - begun < 25
    assert text.startswith("deployment web-v1 was not ready within 6 s: 0 of 2 replicas\n")
    assert "web runs and is not ready yet" in text
    assert "rollout_timeout" in text
    assert app.objects() == []


@pytest.mark.parametrize(("image", "said"), FAULTS.items())
def test_behaviour_09_containers_that_fail(app: App, image: str, said: tuple[str, ...]) -> None:
    """A container that will not start fails the deploy within 30 s: which one, why, what to do."""
    begun = time.monotonic()
    text = app.refused(f"faults.test/{image}")
    assert time.monotonic() - begun < 30
    assert [part for part in said if part not in text] == []
    assert app.namespace in text
    assert app.objects() == []


def quota(hard: dict[str, str]) -> dict[str, Any]:
    """Make a quota for the namespace."""
    return {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": hard}}


def test_behaviour_09_quota(app: App) -> None:
    """Pods over the namespace's quota fail the deploy at once, with the quota's own words."""
    app.apply(quota({"requests.memory": "1Mi"}))
    begun = time.monotonic()
    text = app.refused("registry.test/any:1")
    assert time.monotonic() - begun < 30
    assert "exceeded quota: small" in text
    assert "ask the namespace's owner" in text
    assert app.objects() == []


def test_behaviour_09_admission(app: App) -> None:
    """Pods that admission refuses fail the deploy at once, with the admission's own words."""
    text = app.refused("registry.test/any:1", service_account="nobody")
    assert 'serviceaccount "nobody" not found' in text
    assert app.objects() == []


def test_behaviour_09_unschedulable(bed: Bed, app: App) -> None:
    """Pods for which there is no node fail the deploy within 30 s, with the scheduler's own words."""
    pin = "scheduler.alpha.kubernetes.io/node-selector=waypaas.test/node=none"
    bed.kubectl("annotate", "--overwrite", "namespace", app.namespace, pin)
    begun = time.monotonic()
    text = app.refused("registry.test/any:1")
    assert time.monotonic() - begun < 30
    assert "cannot be scheduled" in text
    assert "[Unschedulable]" in text
    assert app.objects() == []


def test_behaviour_09_last_log_lines(real_app: App) -> None:
    """The last lines of a container that ended are shown, as its app wrote them."""
    text = real_app.refused("registry.test/hello:broken")
    assert "exit code 3" in text
    assert "| fatal: DATABASE_URL is not set" in text
    assert real_app.objects() == []


def test_behaviour_09_a_real_image_that_does_not_exist(real_app: App) -> None:
    """A real kubelet's refusal to pull fails the deploy within 30 s."""
    begun = time.monotonic()
    text = real_app.refused("registry.test/hello:missing")
    assert time.monotonic() - begun < 30
    assert "the image cannot be pulled" in text
    assert real_app.objects() == []


def test_behaviour_10_second_run_succeeds(app: App) -> None:
    """After a failed deploy the next one succeeds, with the same number too."""
    app.refused("faults.test/image-pull")
    app.deploy("registry.test/any:1")
    assert "deployment.apps/web-v1" in app.objects()


def test_behaviour_10_what_was_there_is_untouched(app: App) -> None:
    """A Deployment of the same name that somebody else made is neither overwritten nor removed."""
    labels = {"app": "foreign"}
    container = {"name": "c", "image": "registry.test/foreign:1"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    app.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web-v1"},
            "spec": {"selector": {"matchLabels": labels}, "template": template},
        }
    )
    before = app.get("deployment", "web-v1")
    text = app.refused("registry.test/any:1")

    after = app.get("deployment", "web-v1")
    assert "a Deployment web-v1 exists already in namespace" in text
    assert "was not made by team-k8s" in text
    assert after["spec"] == before["spec"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def test_behaviour_10_the_earlier_version_stays(app: App) -> None:
    """A deploy that fails leaves the earlier version's pods and Service alone."""
    first = app.deploy("registry.test/any:1")
    app.release(first)
    before = app.objects()
    app.refused("faults.test/crash-loop", sequence=2)
    assert app.objects() == before
    assert app.served_by() == "web-v1"
