"""Tasks as Kubernetes Jobs: start, watch with the log, stop."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from app import waited

from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2

if TYPE_CHECKING:
    from app import App

    from team_k8s.gen.team_k8s.v1.team_k8s_pb2 import Task

Args = arguments_pb2.Args

SECURITY = {
    "run_as_non_root": True,
    "allow_privilege_escalation": False,
    "seccomp": "RuntimeDefault",
    "drop_capabilities": ["ALL"],
}


def start(app: App, script: str, image: str = "registry.test/hello:v1", **options: Any) -> Task:
    """Start a task that runs a script."""
    app.host.configure("tasklauncher", {"namespace": app.namespace, "security": SECURITY} | options)
    info = Args.TaskLaunchInfo(
        oci_url=image,
        entrypoint=["sh", "-c"],
        arguments=[script],
        environment_variables={"TOKEN": "hunter2", "COLOUR": "blue"},
    )
    return app.unpack_task(app.host.invoke("tasklauncher", "StartTask", info).result)


def test_a_task_runs_to_its_end(real_app: App) -> None:
    """The log of a task arrives to its last line, and its exit code is the task's."""
    task = start(real_app, "for n in $(seq 200); do echo line $n; done; echo $COLOUR; exit 7")
    done = real_app.host.invoke("tasklauncher", "WatchTask", task)
    shown = real_app.host.ui.text
    assert done.exit_code == 7
    assert [f"line {number}" for number in range(1, 201)] == [line for line in shown.split("\n") if line[:5] == "line "]
    assert "blue" in shown


def test_the_environment_of_a_task_is_kept_secret(real_app: App) -> None:
    """A task's environment, which holds a runner's token, stands in its Secret only, which goes with the Job."""
    task = start(real_app, "sleep 60")
    job = real_app.get("job", task.name)
    assert "hunter2" not in json.dumps(job)
    owner = real_app.get("secret", task.name)["metadata"]["ownerReferences"][0]
    assert (owner["kind"], owner["uid"]) == ("Job", job["metadata"]["uid"])
    real_app.host.invoke("tasklauncher", "StopTask", task)
    assert waited(lambda: not [name for name in real_app.objects() if "task" in name])
    secrets = ("get", "secrets", "-n", real_app.namespace, "-o", "name")
    assert waited(lambda: task.name not in real_app.bed.kubectl(*secrets), 60), "the cluster removes it with its owner"
    real_app.host.invoke("tasklauncher", "StopTask", task)


def test_a_task_that_cannot_start(app: App) -> None:
    """A task whose image cannot be pulled fails within 30 s, with the reason and what to do."""
    task = start(app, "true", "faults.test/image-pull")
    with pytest.raises(grpc.RpcError, match="ImagePullBackOff"):
        app.host.invoke("tasklauncher", "WatchTask", task, seconds=30)


def test_a_task_that_is_stopped_while_it_is_watched(real_app: App) -> None:
    """Whoever watches a task that somebody stops is told so."""
    task = start(real_app, "sleep 60")
    watching = real_app.host.begin("tasklauncher", "WatchTask", task)
    assert waited(lambda: "Running" in real_app.bed.kubectl("get", "pods", "-n", real_app.namespace))
    real_app.host.invoke("tasklauncher", "StopTask", task)
    error = watching.exception(60)
    assert error is None or "was removed before it ended" in str(error)
    assert error is not None or watching.result().exit_code != 0


def test_a_task_that_is_gone(app: App) -> None:
    """Watching a task that is not there any more says so at once."""
    task = start(app, "true")
    app.host.invoke("tasklauncher", "StopTask", task)
    assert waited(lambda: not [name for name in app.objects() if "job" in name])
    with pytest.raises(grpc.RpcError) as caught:
        app.host.invoke("tasklauncher", "WatchTask", task)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
