"""Policies of roles: all that is needed, each action bound, within what IAM takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from teamconfig.credentials import boundary, operations, rolepolicy
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.operations import Bound, Purpose
from teamconfig.credentials.scope import Scope

SCOPE = Scope(
    ActionClass.DEPLOY, "payments", "production", protected=True, account="111122223333", region="eu-west-1",
    cluster="payments-production", repositories=("shop/web",), log_groups=("/ecs/payments/web",),
    roles=("payments-execution", "payments-web"),
)  # fmt: skip
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shared/1/2"
BESIDE = {
    "cloudwatch:DeleteAlarms",
    "cloudwatch:PutMetricAlarm",
    "cloudwatch:DescribeAlarms",
    "application-autoscaling:TagResource",
}
"""What AWS's guide to autoscaling asks for."""


def allowed(policy: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Give the statement that allows each action; but tagging, none is allowed twice."""
    found: dict[str, dict[str, Any]] = {}
    for each in policy["Statement"]:
        for action in each["Action"] if each["Effect"] == "Allow" else ():
            assert action not in found or action in boundary.RETAGGED
            found[action] = each
    return found


@pytest.mark.parametrize("role", rolepolicy.ROLES)
def test_a_role_may_do_what_it_is_for_and_no_more(role: str) -> None:
    """Each role is allowed exactly the operations of its purposes, and what AWS asks for in them."""
    purposes = rolepolicy.ROLES[role]
    found = allowed(rolepolicy.build(SCOPE, purposes, [LISTENER], ["Z0123"])).keys()
    assert found == operations.needed(*purposes) | (BESIDE if Purpose.DEPLOY in purposes else set())


@pytest.mark.parametrize("role", rolepolicy.ROLES)
def test_each_action_is_bound_as_far_as_aws_can(role: str) -> None:
    """Every change is bound to the owner's tag, or to resources named in full; reads at least to the region."""
    tagged = operations.bound_by(Bound.TAG, Bound.MADE, Bound.TAGGING)
    for action, statement in allowed(rolepolicy.build(SCOPE, rolepolicy.ROLES[role], [LISTENER])).items():
        text = json.dumps(statement)
        assert "*" not in action
        if action in tagged:
            assert "payments/production" in json.dumps(statement["Condition"]), action
        if statement["Resource"] == "*":
            assert "RequestedRegion" in text or action in boundary.RETAGGED, action
        else:
            assert "111122223333" in text, action


def test_a_policy_fits_into_a_managed_one() -> None:
    """With names of the usual length, a deployer's policy has room in a managed policy of IAM."""
    text = json.dumps(rolepolicy.build(SCOPE, rolepolicy.ROLES["deployer"], [LISTENER]), separators=(",", ":"))
    assert len(text) <= rolepolicy.MAX_CHARACTERS


def test_a_shell_is_denied_but_to_the_role_that_is_for_it() -> None:
    """Only the role for shells may execute commands; what makes processes beside an app is denied to it too."""
    policy = rolepolicy.build(replace(SCOPE, protected=False), rolepolicy.ROLES["shell"])
    (denied,) = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert "ecs:ExecuteCommand" in allowed(policy)
    assert "ecs:ExecuteCommand" not in denied["Action"]
    assert "ecs:RunTask" in denied["Action"]


def test_a_pusher_has_one_repository_in_each_region() -> None:
    """A role for images is bound to the app's repository by name, where it lives and where it is replicated to."""
    policy = rolepolicy.build(replace(SCOPE, regions=("us-east-1",)), rolepolicy.ROLES["pusher"])
    found = allowed(policy)
    arns = [f"arn:aws:ecr:{region}:111122223333:repository/shop/web" for region in ("eu-west-1", "us-east-1")]
    login = found.pop("ecr:GetAuthorizationToken")
    assert login["Condition"]["StringEquals"]["aws:RequestedRegion"] == ["eu-west-1", "us-east-1"]
    assert {json.dumps(statement["Resource"]) for statement in found.values()} == {json.dumps(arns)}


def test_without_names_nothing_is_opened() -> None:
    """Where the standards name no role and no log group, the policy does not speak of them."""
    policy = rolepolicy.build(replace(SCOPE, roles=(), log_groups=()), rolepolicy.ROLES["deployer"])
    assert not {"iam:PassRole", "logs:GetLogEvents", "logs:FilterLogEvents"} & allowed(policy).keys()
