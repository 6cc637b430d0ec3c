"""Session policies and the operations that they are for: all that is called is allowed, as far as it can be bound."""

from __future__ import annotations

import fnmatch
import json
from dataclasses import replace
from typing import Any

from teamconfig.credentials import operations, policycheck, sessionpolicy
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.operations import Purpose
from teamconfig.credentials.scope import Scope

SCOPE = Scope(
    ActionClass.DEPLOY, "payments", "production", protected=True, account="111122223333", region="eu-west-1",
    cluster="payments-production", repositories=("shop/web",), log_groups=("/ecs/payments/web",),
    roles=("payments-execution", "payments-web"),
)  # fmt: skip


def allowing(text: str) -> list[dict[str, Any]]:
    """Give the statements of a policy that allow something."""
    return [each for each in json.loads(text)["Statement"] if each["Effect"] == "Allow"]


def listed(value: str | list[str]) -> list[str]:
    """Give a text or list of texts as a list."""
    return [value] if isinstance(value, str) else value


def widened(text: str, statement: dict[str, Any]) -> str:
    """Give a policy with one more statement."""
    policy = json.loads(text)
    policy["Statement"].append(statement)
    return json.dumps(policy, separators=(",", ":"))


def test_a_deploy_may_do_all_that_its_operations_need() -> None:
    """The policy of each class allows every operation that is called for its purposes, as a pattern or by its name."""
    wanted = {
        ActionClass.READ: operations.needed(Purpose.STATUS, Purpose.LOGS),
        ActionClass.DEPLOY: operations.needed(Purpose.DEPLOY, Purpose.RELEASE, Purpose.DESTROY),
        ActionClass.EXEC: operations.needed(Purpose.EXEC),
        ActionClass.BUILD: operations.needed(Purpose.PUSH),
        ActionClass.PULL: operations.needed(Purpose.PULL),
        ActionClass.WITNESS: operations.needed(Purpose.WITNESS),
    }
    for action, needed in wanted.items():
        policy = sessionpolicy.build(replace(SCOPE, action=action, protected=False))
        allowed = {one for each in allowing(policy) for one in listed(each["Action"])}
        missing = {each for each in needed if not any(fnmatch.fnmatchcase(each, one) for one in allowed)}
        assert missing == set(), action


def test_a_service_that_is_not_there_can_be_asked_for() -> None:
    """Services are described without a condition of tags: what is not there has none, and would be denied."""
    for action in (ActionClass.READ, ActionClass.DEPLOY, ActionClass.EXEC, ActionClass.WITNESS):
        text = sessionpolicy.build(replace(SCOPE, action=action, protected=False))
        asking = [
            each
            for each in allowing(text)
            if any(fnmatch.fnmatchcase("ecs:DescribeServices", one) for one in listed(each["Action"]))
        ]
        assert len(asking) == 1
        assert "Condition" not in asking[0], action


def test_reads_of_other_clusters_are_refused() -> None:
    """Outside of a deploy, a policy that describes services of any cluster is refused."""
    reading = replace(SCOPE, action=ActionClass.READ)
    text = widened(sessionpolicy.build(reading), {"Effect": "Allow", "Action": "ecs:DescribeServices", "Resource": "*"})
    assert "ecs:DescribeServices is not bound to the cluster" in policycheck.problems(text, reading)
    patterned = widened(sessionpolicy.build(reading), {"Effect": "Allow", "Action": "ecs:Describe*", "Resource": "*"})
    assert policycheck.problems(patterned, reading) != []
