"""Deploys and releases that fail, and AWS that throttles, breaks or lies: what the user reads, and what remains."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from testservers.awsanswers import Script
from testservers.awsproxy import Fault
from waypaas_sdk.gen.hashicorp.waypoint.sdk import resources_pb2

if TYPE_CHECKING:
    from ecsapp import App

Health = resources_pb2.StatusReport.Health
CERTAIN_SECONDS = 15.0
MAKING = (
    "ecs:RegisterTaskDefinition",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "elasticloadbalancing:CreateRule",
    "ecs:CreateService",
    "application-autoscaling:RegisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "ecs:TagResource",
)


def stopped(reason: str, **about: Any) -> dict[str, Any]:
    """Give a task that has stopped."""
    return {"stoppedReason": reason, "containers": [{"name": "web"}], **about}


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (
            Script(pending_looks=-1, stopped=[stopped("CannotPullContainerError: registry.test/web:v1: not found")]),
            "the image cannot be pulled",
        ),
        (
            Script(pending_looks=-1, stopped=[stopped("ResourceInitializationError: unable to pull secrets")]),
            "a secret, a log group or the network is missing",
        ),
        (
            Script(pending_looks=-1, events=["(service web) was unable to place a task. Reason: no capacity."]),
            "there is no room for the tasks",
        ),
        (
            Script(stopped=[stopped("Task failed ELB health checks in (target-group x)")] * 2, state="unhealthy"),
            "the load balancer found the app unwell",
        ),
    ],
    ids=["pull", "secret", "capacity", "health"],
)
def test_behaviour_20_certain_failures_are_told_at_once(app: App, script: Script, text: str) -> None:
    """A failure that waiting cannot mend ends the deploy within 15 s of it, in AWS's own words, and nothing is left."""
    app.aws.proxy.script("", script)
    refusal = app.refused()
    told = next(call.at for call in app.aws.proxy.calls if call.action == "ecs:DeleteService")
    made = next(call.at for call in app.aws.proxy.calls if call.action == "ecs:CreateService")
    assert text in refusal
    assert told - made < CERTAIN_SECONDS
    assert app.left() == []


def test_behaviour_20_an_app_that_ends_is_told_with_exit_code_and_log(app: App) -> None:
    """The user reads which container ended with which code, and the last lines that it wrote."""
    logs, name = app.aws.client("logs"), "web-152b26f8-v1"
    logs.create_log_group(logGroupName="/ecs/payments/web")
    stream = {"logGroupName": "/ecs/payments/web", "logStreamName": f"{name}/web/stopped-0-{name}"}
    logs.create_log_stream(**stream)
    now = int(time.time() * 1000)
    lines = [{"timestamp": now + number, "message": f"line {number}"} for number in range(20)]
    logs.put_log_events(**stream, logEvents=lines)
    ended = stopped("Essential container in task exited", stopCode="EssentialContainerExited")
    ended["containers"] = [{"name": "web", "exitCode": 3}]
    app.aws.proxy.script("", Script(pending_looks=-1, stopped=[ended, ended]))
    refusal = app.refused()
    assert "container web ended with exit code 3" in refusal
    assert "| line 19" in refusal
    assert "line 9\n" not in refusal
    assert app.left() == []


def test_behaviour_20_a_rollout_that_takes_too_long(app: App) -> None:
    """After rollout_timeout the deploy fails with what it still waited for, and nothing is left."""
    app.use({"rollout_timeout": "3s"})
    app.aws.proxy.script("", Script(state="unhealthy"))
    refusal = app.refused()
    assert "was not steady and healthy within 3 s" in refusal
    assert "all 2 tasks run, 0 are healthy" in refusal
    assert app.left() == []


@pytest.mark.parametrize(
    ("script", "text"),
    [
        (Script(state=""), "its target group is empty"),
        (Script(state="unhealthy", initial_looks=0), "10.0.0.1 is unhealthy"),
    ],
    ids=["empty", "unhealthy"],
)
def test_behaviour_20_release_refuses_what_is_not_well(app: App, script: Script, text: str) -> None:
    """A deployment whose target group is empty or unhealthy gets no traffic; what had it keeps it."""
    first, second = app.deploy(), app.deploy(sequence=2)
    app.release(first)
    app.aws.proxy.script(second.name, script)
    app.status(second)  # the load balancer looks once more
    assert text in app.not_released(second)
    assert app.served_by() == first.name


def test_release_of_what_is_gone(app: App) -> None:
    """A deployment that was destroyed is not released; what had the traffic keeps it."""
    first, second = app.deploy(), app.deploy(sequence=2)
    app.release(first)
    app.destroy(second)
    assert "is not in cluster payments-dev any more" in app.not_released(second)
    assert app.served_by() == first.name


def test_behaviour_22_a_rule_of_somebody_else_stays(app: App) -> None:
    """Where another rule takes the app's host already, the release is refused, and that rule is as it was."""
    elb = app.aws.client("elbv2")
    condition = {"Field": "host-header", "HostHeaderConfig": {"Values": ["web.dev.acme.example"]}}
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    elb.create_rule(ListenerArn=app.platform.listener_arn, Priority=7, Conditions=[condition], Actions=[action])
    before = [rule for rule in app.rules() if rule["Priority"] == "7"]
    deployed = app.deploy()
    assert "another rule of the listener takes these very requests" in app.not_released(deployed)
    app.destroy(deployed)
    app.destroy_workspace(deployed)
    assert app.rules() == before


@pytest.mark.parametrize(
    ("listener", "text"),
    [("public_listener_arn", "faces the internet"), ("plain_listener_arn", "speaks plain HTTP")],
)
def test_behaviour_22_nothing_is_opened_unasked(app: App, listener: str, text: str) -> None:
    """A listener that faces the internet, or has no TLS, is refused unless the standards say so; nothing is made."""
    app.use({"load_balancer": {"listener_arn": getattr(app.platform, listener)}})
    assert text in app.refused()
    assert app.left() == []


@pytest.mark.parametrize("kind", ["error", "status", "lose-answer", "reset", "half"])
def test_a_cloud_that_fails_once_everywhere(app: App, kind: Any) -> None:
    """A deploy outlives one fault at each operation that makes something, and destroy finds whatever was made."""
    app.use({"autoscale": {"max_count": 4}})
    for action in MAKING:
        fault = Fault(action, "error", "InternalFailure", 503) if kind == "status" else Fault(action, kind)
        app.aws.proxy.add(fault)
    deployed = app.deploy()
    assert app.status(deployed).health == Health.READY
    rules = [name for name in app.left(deployed.id) if name.startswith("ListenerRule")]
    assert len(rules) == 1
    app.destroy(deployed)
    app.destroy_workspace(deployed)
    assert app.left() == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("ExpiredTokenException", "sign in to AWS again"),
        ("AccessDeniedException", "ask whoever gives you rights in AWS for the action ecs:CreateService"),
        ("InvalidParameterException", "mend what the message names"),
    ],
)
def test_what_aws_refuses_is_told_with_what_to_do(app: App, code: str, text: str) -> None:
    """A refusal is told with operation, code, request id and what to do, and what was made before it is gone."""
    app.aws.proxy.add(Fault("ecs:CreateService", code=code))
    refusal = app.refused()
    assert text in refusal
    assert f"{code}: as the test wants it (request " in refusal
    assert "canary-of-the-key" not in refusal
    assert app.left() == []


def test_behaviour_17_a_fault_of_aws_is_unknown(app: App) -> None:
    """A status that AWS does not answer is UNKNOWN with the reason, never an error: `waypoint up` would end there."""
    deployed = app.deploy()
    app.aws.proxy.add(Fault("sts:GetCallerIdentity", code="ExpiredToken", status=403))
    report = app.status(deployed)
    assert report.health == Health.UNKNOWN
    assert "sign in to AWS again" in report.health_message


def test_behaviour_23_destroy_is_paginated_and_outlives_throttling(app: App) -> None:
    """With pages of one and each operation throttled once, destroying the workspace leaves nothing of three deploys."""
    last = [app.deploy(sequence=sequence) for sequence in (1, 2, 3)][-1]
    app.release(last)
    app.aws.proxy.page_size = 1
    for action in (
        "ecs:ListServices", "ecs:DescribeServices", "ecs:DeleteService", "ecs:DeregisterTaskDefinition",
        "ecs:ListTaskDefinitions", "elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:DeleteRule", "elasticloadbalancing:DeleteTargetGroup",
    ):  # fmt: skip
        app.aws.proxy.add(Fault(action))
    app.destroy_workspace(last)
    assert app.left() == []


def test_behaviour_23_destroy_takes_the_stored_message_alone(app: App) -> None:
    """With other standards, and none that are valid, what was deployed is destroyed all the same."""
    deployed = app.deploy()
    released = app.release(deployed)
    app.use({"cluster": "elsewhere", "region": "us-east-1", "load_balancer": {}})
    app.destroy(released)
    app.destroy(deployed)
    assert app.left() == []


def test_behaviour_23_what_is_of_others_stays(app: App) -> None:
    """A service that took the name of a destroyed one is not this deployment's, and stays."""
    deployed = app.deploy()
    app.destroy(deployed)
    ecs = app.aws.client("ecs")
    definition = ecs.register_task_definition(
        family="x", containerDefinitions=[{"name": "x", "image": "x", "memory": 9}]
    )
    arn = definition["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(cluster="payments-dev", serviceName=deployed.name, taskDefinition=arn, desiredCount=1)
    app.destroy(deployed)
    app.destroy_workspace(deployed)
    (service,) = ecs.describe_services(cluster="payments-dev", services=[deployed.name])["services"]
    assert service["status"] == "ACTIVE"


def test_behaviour_23_credentials_of_another_account(app: App) -> None:
    """Credentials of another account than the stored one destroy nothing there: everything would seem gone already."""
    deployed = app.deploy()
    deployed.place.account = "999999999999"
    with pytest.raises(Exception, match="credentials are of account 123456789012"):
        app.destroy(deployed)
    assert app.left() != []


def test_an_answer_that_is_always_cut_off_hides_nothing(app: App) -> None:
    """A list of services that cannot be read is no empty one: destroy fails rather than to leave what is there."""
    deployed = app.deploy()
    app.aws.proxy.add(Fault("ecs:DescribeServices", "half", times=1000))
    with pytest.raises(grpc.RpcError, match="the answer to ecs:DescribeServices cannot be read"):
        app.destroy(deployed)
    app.aws.proxy.mend()
    app.destroy(deployed)
    assert app.left() == []
