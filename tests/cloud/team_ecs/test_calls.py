"""How often AWS is called, and that whatever goes wrong, the next destroy leaves nothing."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from ecsapp import waited
from test_failures import MAKING

from testservers.awsanswers import Script
from testservers.awsproxy import Fault

if TYPE_CHECKING:
    from ecsapp import App

    from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment

ONCE = (
    *MAKING,
    "sts:GetCallerIdentity",
    "ec2:DescribeSecurityGroups",
    "ecs:TagResource",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
)
BEFORE = {"ecs:DescribeServices": 1}
"""Calls before the first look; a name that is taken is refused."""

EACH_LOOK = {"ecs:DescribeServices": 1, "ecs:ListTasks": 1, "elasticloadbalancing:DescribeTargetHealth": 1}
LEAST_PAUSE = 0.95
"""Seconds between two looks, with what a clock may be wrong."""

AWS_PER_SECOND = {"ecs": 20, "elasticloadbalancing": 40, "logs": 5, "sts": 50, "application-autoscaling": 5}
"""What AWS documents that an account's calls may come to at least, of the reads among ours."""

SHARE = 0.2
"""Of this a deploy may take for itself, on average: five of them together are not throttled."""

DESTROYING = (
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DeregisterScalableTarget",
    "ecs:ListServices",
    "ecs:DescribeServices",
    "ecs:DeleteService",
    "ecs:ListTaskDefinitions",
    "ecs:DeregisterTaskDefinition",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DeleteTargetGroup",
)
"""What the destroy of a workspace calls where an app is scaled and released."""


def counted(app: App, title: str) -> Counter[str]:
    """Count the calls until now, print the table, and forget them."""
    found = Counter(app.aws.proxy.actions())
    rows = [*sorted(found.items()), ("all", found.total())]
    sys.stdout.write(f"\n{title}\n" + "".join(f"  {action:<52} {count}\n" for action, count in rows))
    app.aws.proxy.calls.clear()
    return found


def test_calls_of_a_deploy_are_bounded(app: App) -> None:
    """A deploy makes each thing by one call, looks with at most one of each read, and calls nothing else."""
    app.use({"autoscale": {"max_count": 4}})
    looks = 5
    app.aws.proxy.script("", Script(pending_looks=2, initial_looks=2))
    app.deploy()
    found = counted(app, f"a deploy of an app with autoscaling, {looks} looks")
    bounds = dict.fromkeys(ONCE, 1) | {
        action: BEFORE.get(action, 0) + looks * times for action, times in EACH_LOOK.items()
    }
    assert {action: count for action, count in found.items() if count > bounds.get(action, 0)} == {}
    assert found["ecs:DescribeServices"] == looks + 1
    assert found["ecs:ListTasks"] == looks - 1


def test_calls_of_the_rest_are_bounded(app: App) -> None:
    """Release, status and destroy make a number of calls that does not grow with what others have."""
    bounds = {"a release": 12, "a status": 5, "a destroy": 14, "a destroy of the workspace": 12}
    deployed = app.deploy()
    counted(app, "a deploy")
    elb = app.aws.client("elbv2")
    for number in range(15):
        condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/other/{number}"]}}
        action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
        elb.create_rule(
            ListenerArn=app.platform.listener_arn, Priority=100 + number, Conditions=[condition], Actions=[action]
        )
    steps = (
        ("a release", app.release), ("a status", app.status), ("a destroy", app.destroy),
        ("a destroy of the workspace", app.destroy_workspace),
    )  # fmt: skip
    for title, step in steps:
        step(deployed)
        found = counted(app, title)
        assert found.total() <= bounds[title], title


def test_no_look_is_faster_than_aws_permits(app: App) -> None:
    """Looks are at least a second apart, more each time, and take a small share of the rate that AWS documents."""
    app.aws.proxy.script("", Script(pending_looks=4, initial_looks=1))
    app.deploy()
    calls = app.aws.proxy.calls
    made = next(call.at for call in calls if call.action == "ecs:CreateService")
    looks = [call.at for call in calls if call.action == "ecs:DescribeServices" and call.at > made]
    pauses = [later - earlier for earlier, later in itertools.pairwise(looks)]
    assert min(pauses) >= LEAST_PAUSE
    assert pauses[-1] > pauses[0] * 1.5
    watched = [call.action for call in calls if call.at > made]
    for service, rate in AWS_PER_SECOND.items():
        count = sum(action.startswith(f"{service}:") for action in watched)
        assert count / (looks[-1] - made) <= rate * SHARE, service


def test_logs_are_followed_slower_than_aws_permits(app: App) -> None:
    """Whoever follows logs asks less than once in a second; AWS documents five for an account."""
    app.aws.client("logs").create_log_group(logGroupName="/ecs/payments/web")
    deployed = app.deploy()
    following = app.host.begin("platform", "Logs", deployed, *app.job("default"))
    assert waited(lambda: app.aws.proxy.actions().count("logs:FilterLogEvents") >= 3)
    following.cancel()
    asked = [call.at for call in app.aws.proxy.calls if call.action == "logs:FilterLogEvents"]
    assert all(later - earlier >= LEAST_PAUSE for earlier, later in itertools.pairwise(asked))


def released(app: App) -> Deployment:
    """Deploy with autoscaling, and release."""
    app.use({"autoscale": {"max_count": 4}})
    app.aws.proxy.script("", Script(pending_looks=0, initial_looks=0))
    deployed = app.deploy()
    app.release(deployed)
    return deployed


def fault(action: str, kind: Any, times: int = 1) -> Fault:
    """Make a fault; "status" is a 503, "denied" a refusal."""
    codes = {"status": ("InternalFailure", 503), "denied": ("AccessDeniedException", 403)}
    if kind in codes:
        code, status = codes[kind]
        return Fault(action, "error", code, status, times=times)
    return Fault(action, kind, seconds=1.0, times=times)


@pytest.mark.parametrize("kind", ["error", "status", "lose-answer", "reset", "half", "slow"])
def test_behaviour_23_one_fault_everywhere_in_a_destroy(app: App, kind: str) -> None:
    """With a fault of each kind once at every operation of a destroy, it ends well, and leaves nothing."""
    deployed = released(app)
    app.aws.proxy.add(*(fault(action, kind) for action in DESTROYING))
    app.destroy_workspace(deployed)
    assert app.left() == []


@pytest.mark.parametrize("action", DESTROYING)
def test_behaviour_23_a_destroy_that_is_refused_hides_nothing(app: App, action: str) -> None:
    """Refused at any operation, a destroy fails or has nothing to do there; the next one leaves nothing."""
    deployed = released(app)
    app.aws.proxy.add(fault(action, "denied", times=1000))
    with pytest.raises(grpc.RpcError):
        app.destroy_workspace(deployed)
    app.aws.proxy.mend()
    app.destroy_workspace(deployed)
    assert app.left() == []


@pytest.mark.parametrize("step", MAKING)
def test_behaviour_10_a_failed_deploy_whose_undo_fails_too(app: App, step: str) -> None:
    """Where a deploy is refused at any step and so is each removal, the next destroy finds all that it had made."""
    first = released(app)
    removing = r"(ecs|elasticloadbalancing|application-autoscaling):(Delete|Deregister)[A-Za-z]+"
    app.aws.proxy.add(fault(step, "denied"), fault(removing, "denied", times=1000))
    assert "AWS does not permit" in app.refused(sequence=2)
    app.aws.proxy.mend()
    app.destroy_workspace(first)
    assert app.left() == []
