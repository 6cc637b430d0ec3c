"""Releases by steps: who gets how much of the traffic, and what happens when the new deployment is not well."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from ecsapp import waited

from testservers.awsanswers import Script

if TYPE_CHECKING:
    from ecsapp import App

    from team_ecs.gen.team_ecs.v1.team_ecs_pb2 import Deployment

CANARY = {"canary": {"steps": ["10", "50"], "bake": "1s"}}


@pytest.fixture
def two(app: App) -> tuple[Deployment, Deployment]:
    """Give two deployments, the first of which has the traffic."""
    app.use(CANARY)
    first, second = app.deploy(), app.deploy(sequence=2)
    app.release(first)
    app.aws.proxy.calls.clear()
    return first, second


def weights(app: App) -> list[dict[str, int]]:
    """Give what each change of the app's rule shared out, by name of the target group."""
    found = []
    for call in app.aws.proxy.calls:
        if call.action == "elasticloadbalancing:ModifyRule":
            prefix = "Actions.member.1.ForwardConfig.TargetGroups.member"
            numbers = range(1, 1 + sum(key.endswith(".Weight") for key in call.parameters))
            arns = [call.parameters[f"{prefix}.{n}.TargetGroupArn"][0].split("/")[1] for n in numbers]
            found.append(
                {arn: int(call.parameters[f"{prefix}.{n}.Weight"][0]) for arn, n in zip(arns, numbers, strict=True)}
            )
    return found


def test_traffic_shifts_by_steps(app: App, two: tuple[Deployment, Deployment]) -> None:
    """The new deployment gets 10, then 50 percent, each for the time of the bake, and then all."""
    first, second = two
    app.release(second)
    assert weights(app) == [{first.name: 90, second.name: 10}, {first.name: 50, second.name: 50}, {second.name: 1}]
    changes = [call.at for call in app.aws.proxy.calls if call.action == "elasticloadbalancing:ModifyRule"]
    assert all(later - earlier >= 1.0 for earlier, later in itertools.pairwise(changes))
    assert "10 percent of the traffic for 1 s" in app.host.ui.text


def test_an_unhealthy_step_goes_back(app: App, two: tuple[Deployment, Deployment]) -> None:
    """A deployment that becomes unhealthy with its share of the traffic loses it, and the release fails."""
    first, second = two
    seen = []

    def heard(action: str) -> None:
        seen.append(action)
        if action == "elasticloadbalancing:ModifyRule" and seen.count(action) == 1:
            app.aws.proxy.script(second.name, Script(initial_looks=0, state="unhealthy"))

    app.aws.proxy.before = heard
    text = app.not_released(second)
    assert "not healthy with 10 % of the traffic" in text
    assert "10.0.0.1 is unhealthy; 10.0.0.2 is unhealthy; all of it is back where it was" in text
    assert app.served_by() == first.name


def test_a_cancelled_release_goes_back(app: App, two: tuple[Deployment, Deployment]) -> None:
    """A release that is cancelled between two steps leaves all traffic where it was."""
    first, second = two
    app.use({"canary": {"steps": ["10"], "bake": "10m"}})
    app.host.configure("releasemanager", {})
    running = app.host.begin("releasemanager", "Release", second, *app.job("default"))
    assert waited(lambda: len(weights(app)) == 1)
    running.cancel()
    assert waited(lambda: len(weights(app)) == 2)
    assert app.served_by() == first.name


def test_behaviour_14_going_back_is_made_at_once(app: App, two: tuple[Deployment, Deployment]) -> None:
    """An older deployment gets all traffic back in one step, whatever the standards say of canaries."""
    first, second = two
    app.release(second)
    app.aws.proxy.calls.clear()
    app.release(first)
    assert weights(app) == [{first.name: 1}]


def test_behaviour_15_a_share_of_the_traffic_ends_with_its_deployment(
    app: App, two: tuple[Deployment, Deployment]
) -> None:
    """Where two deployments share the traffic, as a killed release leaves it, destroying one gives all to the other."""
    first, second = two
    (rule,) = [each for each in app.rules() if each["Priority"] == "1000"]
    groups = [{"TargetGroupArn": each.target_group_arn, "Weight": 50} for each in two]
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    app.aws.client("elbv2").modify_rule(RuleArn=rule["RuleArn"], Actions=[action])
    app.destroy(first)
    assert app.served_by() == second.name
    assert app.left(first.id) == []
