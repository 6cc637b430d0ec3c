"""Tasks by RunTask: start, watch with the log, stop; and what is left of them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ecsapp import Args, waited

from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Task
from testservers.aws import REGION
from testservers.awsanswers import Script
from testservers.awsproxy import Fault
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from ecsapp import App

GROUP = "/ecs/waypoint"
ENDED = {"stopCode": "EssentialContainerExited", "containers": [{"name": "task", "exitCode": 7}]}


def options(app: App, **more: Any) -> dict[str, Any]:
    """Give what a runner profile says."""
    platform = app.platform
    network = {"subnets": platform.subnets, "security_groups": platform.security_groups}
    return {"region": REGION, "cluster": platform.cluster, "execution_role": "execution"} | network | more


def start(app: App, **more: Any) -> Task:
    """Start a task."""
    app.host.configure("tasklauncher", options(app, **more))
    info = Args.TaskLaunchInfo(
        oci_url="registry.test/runner:v1",
        entrypoint=["/waypoint"],
        arguments=["runner", "agent"],
        environment_variables={"WAYPOINT_SERVER_TOKEN": "hunter2", "COLOUR": "blue"},
    )
    return anys.unpack(app.host.invoke("tasklauncher", "StartTask", info).result, Task)


def write(app: App, task: Task, first: int, last: int) -> None:
    """Write lines as the task does."""
    logs, stream = app.aws.client("logs"), f"{task.name}/task/{task.task_arn.rpartition('/')[2]}"
    if not logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"]:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now + number - first, "message": f"line {number}"} for number in range(first, last)]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def left(app: App, task_name: str) -> list[str]:
    """Give what there is at AWS of a task, besides the task itself, which ECS forgets by itself."""
    secrets = app.aws.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    definitions = app.aws.client("ecs").list_task_definitions(familyPrefix=task_name)["taskDefinitionArns"]
    return sorted([*(each["Name"] for each in secrets), *(arn.rpartition("/")[2] for arn in definitions)])


def test_behaviour_18_a_task_runs_to_its_end(app: App) -> None:
    """The log of a task arrives to its last line, which comes late, and its exit code is the task's."""
    app.aws.client("logs").create_log_group(logGroupName=GROUP)
    app.aws.proxy.script("task", Script(pending_looks=1, initial_looks=2, stopped=[ENDED]))
    task = start(app)
    write(app, task, 0, 200)
    watching = app.host.begin("tasklauncher", "WatchTask", task)
    assert waited(lambda: "line 199" in app.host.ui.text)
    write(app, task, 200, 210)
    assert watching.result(60).exit_code == 7
    shown = [line for line in app.host.ui.text.split("\n") if line[:5] == "line "]
    assert shown == [f"line {number}" for number in range(210)]


def test_behaviour_13_the_environment_of_a_task_is_kept_secret(app: App) -> None:
    """A task's environment, which holds a runner's token, stands in its secret only, which goes when it is stopped."""
    task = start(app)
    definition = app.aws.client("ecs").describe_task_definition(taskDefinition=task.task_definition_arn)
    container = definition["taskDefinition"]["containerDefinitions"][0]
    asked = [call for call in app.aws.proxy.calls if call.action.startswith("ecs:")]
    assert "hunter2" not in json.dumps([call.parameters for call in asked])
    assert {each["name"]: each["valueFrom"] for each in container["secrets"]} == {
        name: f"{task.secret_arn}:{name}::" for name in ("WAYPOINT_SERVER_TOKEN", "COLOUR")
    }
    stored = app.aws.client("secretsmanager").get_secret_value(SecretId=task.secret_arn)["SecretString"]
    assert json.loads(stored) == {"WAYPOINT_SERVER_TOKEN": "hunter2", "COLOUR": "blue"}
    assert "hunter2" not in str(task)
    app.host.invoke("tasklauncher", "StopTask", task)
    assert left(app, task.name) == []
    assert "ecs:StopTask" in app.aws.proxy.actions()
    app.host.invoke("tasklauncher", "StopTask", task)


def test_a_task_that_is_stopped_while_it_is_watched(app: App) -> None:
    """Whoever watches a task that somebody stops gets the code of a killed one."""
    app.aws.proxy.script("task", Script(pending_looks=0, initial_looks=-1))
    task = start(app)
    watching = app.host.begin("tasklauncher", "WatchTask", task)
    assert waited(lambda: "ecs:DescribeTasks" in app.aws.proxy.actions())
    app.host.invoke("tasklauncher", "StopTask", task)
    assert watching.result(60).exit_code == 137


@pytest.mark.parametrize(
    ("script", "more", "text"),
    [
        (
            Script(
                stopped=[{"stoppedReason": "CannotPullContainerError: not found", "containers": [{"name": "task"}]}]
            ),
            {},
            "CannotPullContainerError",
        ),
        (Script(pending_looks=-1), {"startup_timeout": "2s"}, "did not start within 2 s"),
    ],
    ids=["pull", "slow"],
)
def test_a_task_that_cannot_start(app: App, script: Script, more: dict[str, Any], text: str) -> None:
    """A task that never runs fails with the reason and what to do."""
    app.aws.proxy.script("task", script)
    with pytest.raises(grpc.RpcError, match=text):
        app.host.invoke("tasklauncher", "WatchTask", start(app, **more), seconds=30)


@pytest.mark.parametrize("kind", ["error", "lose-answer"])
@pytest.mark.parametrize("action", ["secretsmanager:CreateSecret", "ecs:RegisterTaskDefinition", "ecs:RunTask"])
def test_behaviour_10_a_start_that_fails_leaves_nothing(app: App, action: str, kind: Any) -> None:
    """Refused at any step, or with its answer lost for good, a start leaves neither secret nor definition nor task."""
    app.aws.proxy.add(Fault(action, kind, "AccessDeniedException", times=8 if kind == "lose-answer" else 1))
    app.aws.proxy.add(Fault(action, "error", "AccessDeniedException"))
    with pytest.raises(grpc.RpcError):
        start(app)
    assert left(app, "waypoint-task-") == []
    ran, stopped = app.aws.client("ecs").list_tasks(cluster=app.platform.cluster)["taskArns"], []
    if ran:
        told = app.aws.client("ecs").describe_tasks(cluster=app.platform.cluster, tasks=ran)["tasks"]
        stopped = [task["taskArn"] for task in told if task["desiredStatus"] == "STOPPED"]
    assert sorted(ran) == sorted(stopped)


def test_a_cluster_without_room(app: App) -> None:
    """Where ECS answers that it did not run the task, that is no success: its reason is told, and nothing is left."""
    app.aws.proxy.answers["ecs:RunTask"] = lambda _: {
        "tasks": [],
        "failures": [{"reason": "Capacity is unavailable at this time"}],
    }
    with pytest.raises(grpc.RpcError, match="Capacity is unavailable at this time"):
        start(app)
    assert left(app, "waypoint-task-") == []


def test_a_runner_profile_that_is_not_complete(app: App) -> None:
    """All that is missing in a runner profile is told at once, before any call."""
    app.host.configure("tasklauncher", {"region": REGION})
    with pytest.raises(grpc.RpcError) as caught:
        app.host.invoke("tasklauncher", "StartTask", Args.TaskLaunchInfo(oci_url="registry.test/runner:v1"))
    text = str(caught.value.details())
    assert all(f"{name} is not set" in text for name in ("cluster", "subnets", "security_groups", "execution_role"))
    assert app.aws.proxy.actions() == []
