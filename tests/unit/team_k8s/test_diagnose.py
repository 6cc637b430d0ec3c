"""Judging a rollout: complete only when all of it is, failed only when it is certain, and always with advice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team_k8s import diagnose

COUNTS = st.integers(0, 5)


def deployment(wanted: int = 1, generation: int = 1, **status: Any) -> dict[str, Any]:
    """Make a Deployment as the API server has it."""
    return {
        "metadata": {"name": "web-v1", "generation": generation},
        "spec": {"replicas": wanted},
        "status": {"observedGeneration": 1, **status},
    }


def pod(*containers: dict[str, Any], conditions: Any = (), **metadata: Any) -> dict[str, Any]:
    """Make a pod as the API server has it."""
    status = {"phase": "Pending", "conditions": list(conditions), "containerStatuses": list(containers)}
    return {"metadata": {"name": "web-v1-abc", **metadata}, "status": status}


def waiting(reason: str, message: str = "", **more: Any) -> dict[str, Any]:
    """Make the status of a container that waits."""
    return {"name": "web", "ready": False, "state": {"waiting": {"reason": reason, "message": message}}, **more}


def ended(code: int, reason: str = "Error") -> dict[str, Any]:
    """Make the state of a run that ended."""
    return {"terminated": {"exitCode": code, "reason": reason}}


UNSCHEDULABLE = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/3 nodes are available: 3 Insufficient memory.",
}
QUOTA = 'pods "web-v1-x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2'


@pytest.mark.parametrize(
    ("status", "complete"),
    [
        ({"replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}, True),
        ({"replicas": 3, "updatedReplicas": 3, "availableReplicas": 1}, False),
        ({"replicas": 3, "updatedReplicas": 1, "availableReplicas": 3}, False),
        ({"replicas": 4, "updatedReplicas": 3, "availableReplicas": 3}, False),
        ({}, False),
    ],
)
def test_behaviour_08_all_replicas(status: dict[str, int], complete: bool) -> None:  # noqa: FBT001  # a table's column
    """A rollout of 3 replicas is complete with 3 available new ones and no old one, and not before."""
    assert diagnose.progress(deployment(3, **status), []).complete is complete


def test_status_of_an_older_spec_is_no_success() -> None:
    """A status that the controller wrote before it saw the latest spec does not count."""
    whole = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
    assert not diagnose.progress(deployment(1, generation=2, **whole), []).complete
    assert diagnose.progress(deployment(1, generation=1, **whole), []).complete


READY = {"conditions": [{"type": "Ready", "status": "True"}]}


@pytest.mark.parametrize(
    ("pods", "complete"),
    [
        ([pod(**READY), pod(**READY)], True),
        ([pod(**READY), pod()], False),
        ([pod(**READY)], False),
        ([pod(**READY), pod(**READY), pod()], False),
        ([pod(**READY), pod(**READY), pod(deletionTimestamp="now")], True),
        ([pod(**READY), pod(deletionTimestamp="now", **READY)], False),
    ],
)
def test_behaviour_08_pods_say_so_themselves(pods: list[dict[str, Any]], complete: bool) -> None:  # noqa: FBT001  # a table's column
    """When the status lags behind, a rollout of 2 is complete with two ready pods and no other one that lives."""
    assert diagnose.progress(deployment(2), pods).complete is complete


def test_no_replicas_are_complete_at_once() -> None:
    """An app scaled to 0 is deployed as soon as the controller saw it."""
    assert diagnose.progress(deployment(0), []).complete


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_progress_never_promises_too_much(wanted: int, replicas: int, updated: int, available: int) -> None:
    """Complete means that exactly the wanted replicas are available, whatever the counts are."""
    counts = {"replicas": replicas, "updatedReplicas": updated, "availableReplicas": available}
    state = diagnose.progress(deployment(wanted, **counts), [])
    assert state.ready <= min(updated, available)
    assert not state.complete or state.ready == wanted == replicas
    assert state.text == f"{state.ready} of {wanted} replicas ready"


def test_progress_says_what_is_waited_for() -> None:
    """The line for the user names the pod and Kubernetes' own word for why it is not ready."""
    text = diagnose.progress(deployment(1), [pod(waiting("ContainerCreating"))]).text
    assert text == "0 of 1 replicas ready; web-v1-abc: ContainerCreating"
    running = pod({"name": "web", "ready": False, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}}})
    assert diagnose.progress(deployment(1), [running]).text.endswith("web-v1-abc: web runs and is not ready yet")


FAILURES = {
    **{reason: pod(waiting(reason)) for reason in diagnose.CERTAIN_WAITING},
    "ErrImagePull": pod(waiting("ErrImagePull", "manifest unknown")),
    "OOMKilled": pod(waiting("CrashLoopBackOff", lastState=ended(137, "OOMKilled"), restartCount=2)),
    "Completed": pod(waiting("CrashLoopBackOff", lastState=ended(0, "Completed"), restartCount=2)),
    "StartError": pod(waiting("CrashLoopBackOff", lastState=ended(128, "StartError"), restartCount=2)),
    "Unschedulable": pod(conditions=[UNSCHEDULABLE]),
}
CONDITIONS = {
    "FailedCreate": {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": QUOTA},
    "ProgressDeadlineExceeded": {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"},
}


@pytest.mark.parametrize("reason", sorted(FAILURES))
def test_every_pod_failure_has_advice(reason: str) -> None:
    """Each way in which a pod fails is told with its reason, its pod, and what the reader can do."""
    (failure,) = diagnose.failures(deployment(), [FAILURES[reason]])
    assert failure.reason == reason
    assert "web-v1-abc" in failure.what
    assert failure.fix
    assert failure.pod == "web-v1-abc"


@pytest.mark.parametrize("reason", sorted(CONDITIONS))
def test_every_condition_has_advice(reason: str) -> None:
    """Each way in which a Deployment itself fails is told with its reason and what the reader can do."""
    (failure,) = diagnose.failures(deployment(conditions=[CONDITIONS[reason]]), [])
    assert failure.reason == reason
    assert failure.what
    assert failure.fix


def test_every_reason_has_a_fix() -> None:
    """No reason that is known as certain lacks its advice, and no advice is empty."""
    assert diagnose.CERTAIN_WAITING.keys() <= diagnose.FIXES.keys()
    assert all(diagnose.FIXES.values())


def test_behaviour_09_crash_names_container_and_code() -> None:
    """A crash is told with container, pod and exit code."""
    crashed = pod(waiting("CrashLoopBackOff", lastState=ended(3), restartCount=1))
    (failure,) = diagnose.failures(deployment(), [crashed])
    assert failure.what == "container web of pod web-v1-abc keeps ending: exit code 3 (Error)"
    assert (failure.container, failure.exit_code, failure.certain_after) == ("web", 3, 0.0)


def test_unknown_exit_code_is_not_shown() -> None:
    """A crash whose exit code the kubelet lost is told without one."""
    (failure,) = diagnose.failures(deployment(), [pod(waiting("CrashLoopBackOff"))])
    assert failure.what == "container web of pod web-v1-abc keeps ending"


def test_a_recovered_container_is_no_failure() -> None:
    """A container that crashed once and is ready now does not fail the rollout, nor worry whoever asks for status."""
    recovered = {"name": "web", "ready": True, "restartCount": 1, "lastState": ended(1), "state": {"running": {}}}
    assert diagnose.failures(deployment(), [pod(recovered)]) == []


def test_an_init_container_that_succeeded_is_no_failure() -> None:
    """An init container that needed two tries, and then ended well, does not fail the rollout."""
    tried = {"name": "init", "ready": True, "restartCount": 1, "lastState": ended(1), "state": ended(0, "Completed")}
    found = pod(waiting("PodInitializing"))
    found["status"]["initContainerStatuses"] = [tried]
    assert diagnose.failures(deployment(), [found]) == []


def test_init_containers_are_looked_at() -> None:
    """An init container that cannot start fails the rollout, by its own name."""
    found = pod(waiting("PodInitializing"))
    found["status"]["initContainerStatuses"] = [waiting("ImagePullBackOff") | {"name": "migrate"}]
    (failure,) = diagnose.failures(deployment(), [found])
    assert failure.container == "migrate"


@pytest.mark.parametrize("reason", ["ContainerCreating", "PodInitializing"])
def test_starting_is_no_failure(reason: str) -> None:
    """A container that is on its way does not fail the rollout."""
    assert diagnose.failures(deployment(), [pod(waiting(reason))]) == []


def test_a_pod_that_ends_is_not_judged() -> None:
    """What a pod that is being removed says of itself is no failure."""
    leaving = pod(waiting("CrashLoopBackOff"), deletionTimestamp="2026-01-01T00:00:00Z")
    assert diagnose.failures(deployment(), [leaving]) == []


@pytest.mark.parametrize("word", ["repository not found", "401 Unauthorized", "access denied", "manifest unknown"])
def test_a_refused_pull_is_certain_at_once(word: str) -> None:
    """A registry that says no will say it again, so that nobody waits for the second try."""
    (failure,) = diagnose.failures(deployment(), [pod(waiting("ErrImagePull", word))])
    assert failure.certain_after == 0
    assert word in failure.what


def test_a_broken_connection_has_to_last() -> None:
    """A first pull that failed for the network is believed only when it lasts."""
    (failure,) = diagnose.failures(deployment(), [pod(waiting("ErrImagePull", "i/o timeout"))])
    assert failure.certain_after == diagnose.UNSURE_SECONDS


@pytest.mark.parametrize(
    ("message", "seconds"),
    [(QUOTA, 0.0), ('violates PodSecurity "restricted:latest"', 0.0), ("etcd is slow", diagnose.UNSURE_SECONDS)],
)
def test_refused_pods(message: str, seconds: float) -> None:
    """Pods that a quota or the Pod Security admission refuses fail at once, with the server's own words."""
    condition = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}
    (failure,) = diagnose.failures(deployment(conditions=[condition]), [])
    assert failure.what == f"pods cannot be created: {message}"
    assert failure.certain_after == seconds


def test_the_surest_failure_comes_first() -> None:
    """Of several failures the user is told the one that is certain."""
    crashed = pod(waiting("CrashLoopBackOff", lastState=ended(1), restartCount=1))
    found = diagnose.failures(deployment(), [pod(conditions=[UNSCHEDULABLE]), crashed])
    assert [failure.reason for failure in found] == ["CrashLoopBackOff", "Unschedulable"]


def test_good_conditions_are_no_failures() -> None:
    """A Deployment that goes well has no failures."""
    conditions = [
        {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"},
        {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"},
    ]
    assert diagnose.failures(deployment(conditions=conditions), [pod()]) == []
