"""Session policies: each that is built passes a checker that was written apart, and what is wider is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import botocore.loaders
import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.credentials import boundary, policycheck, sessionpolicy
from teamconfig.credentials.errors import PolicyError
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.scope import Scope

SCOPE = Scope(
    ActionClass.DEPLOY,
    "payments",
    "production",
    protected=True,
    account="111122223333",
    region="eu-west-1",
    cluster="payments-production",
    repositories=("shop/web",),
    log_groups=("/ecs/payments/web",),
    roles=("payments-execution", "payments-web"),
)
SHELLS = {"ecs:ExecuteCommand", "ssm:StartSession", "ecs:RunTask"}

WORD = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True)
SCOPES = st.builds(
    Scope,
    action=st.sampled_from(
        [ActionClass.READ, ActionClass.DEPLOY, ActionClass.BUILD, ActionClass.PULL, ActionClass.WITNESS]
    ),
    team=WORD,
    environment=WORD,
    protected=st.booleans(),
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    region=st.sampled_from(["eu-west-1", "us-gov-east-1", "ap-southeast-2"]),
    cluster=st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True),
    repositories=st.lists(st.from_regex(r"[a-z0-9]{2,20}/[a-z0-9]{1,20}", fullmatch=True), min_size=1, max_size=3).map(
        tuple
    ),
    log_groups=st.lists(st.from_regex(r"/ecs/[a-z]{1,20}/[a-z]{1,20}", fullmatch=True), max_size=1).map(tuple),
    roles=st.lists(st.from_regex(r"[A-Za-z0-9_-]{1,40}", fullmatch=True), max_size=2).map(tuple),
)


def statements(text: str, effect: str) -> list[dict[str, Any]]:
    """Give the statements of a policy with an effect."""
    return [each for each in json.loads(text)["Statement"] if each["Effect"] == effect]


def listed(value: str | list[str]) -> list[str]:
    """Give a text or list of texts as a list."""
    return [value] if isinstance(value, str) else value


def actions(text: str, effect: str) -> set[str]:
    """Give the actions of all statements with an effect."""
    return {action for each in statements(text, effect) for action in listed(each["Action"])}


@given(SCOPES)
def test_every_policy_passes(scope: Scope) -> None:
    """Every policy is JSON of at most 2,048 characters, with no pattern but ours, that the checker passes."""
    text = sessionpolicy.build(scope)
    assert len(text) <= 2048
    assert policycheck.problems(text, scope) == []
    patterns = {action for action in actions(text, "Allow") if "*" in action or "?" in action}
    assert patterns == (boundary.PATTERNS if scope.action is ActionClass.DEPLOY else set())
    assert actions(text, "Allow") <= boundary.ALLOWED[scope.action]


@given(SCOPES)
def test_no_policy_opens_a_shell(scope: Scope) -> None:
    """Outside of the class for exec, every way into a container is denied by name and allowed by nothing."""
    text = sessionpolicy.build(scope)
    assert not SHELLS & actions(text, "Allow")
    flat = [each for each in statements(text, "Deny") if "Condition" not in each and each["Resource"] == "*"]
    assert {action for each in flat for action in listed(each["Action"])} >= SHELLS


@given(SCOPES)
def test_what_is_not_tagged_is_named(scope: Scope) -> None:
    """Every change is bound to the owner's tag, to what is being made, or to a name in full."""
    for each in statements(sessionpolicy.build(scope), "Allow"):
        condition = json.dumps(each.get("Condition", {}))
        resources = listed(each["Resource"])
        tagged = "${aws:PrincipalTag/owner}" in condition or "CreateAction" in condition
        named = all(resource.startswith("arn:") and scope.account in resource for resource in resources)
        told = {action.split(":")[1] for action in listed(each["Action"])} - {"DeregisterTaskDefinition"}
        reads = all(action.startswith(("Describe", "List", "Get")) for action in told)
        assert tagged or named or reads, each


def test_a_deploy_to_production_cannot_switch_exec_on() -> None:
    """In a protected environment services cannot be made or changed with execute-command on."""
    text = sessionpolicy.build(SCOPE)
    (switch,) = [each for each in statements(text, "Deny") if "Condition" in each]
    assert switch["Condition"] == {"Bool": {"ecs:enable-execute-command": "true"}}
    assert set(switch["Action"]) == {"ecs:CreateService", "ecs:UpdateService"}


def test_exec_is_for_open_environments_only() -> None:
    """The class for exec allows ExecuteCommand where the environment is open, and has no policy where it is not."""
    text = sessionpolicy.build(replace(SCOPE, action=ActionClass.EXEC, protected=False))
    assert "ecs:ExecuteCommand" in actions(text, "Allow")
    with pytest.raises(PolicyError, match="session policy for exec"):
        sessionpolicy.build(replace(SCOPE, action=ActionClass.EXEC))


@pytest.mark.parametrize("action", [action for action in ActionClass if action is not ActionClass.EXEC])
def test_a_policy_is_good_for_its_own_scope_only(action: ActionClass) -> None:
    """A policy that was made for another account, region, cluster or name is refused."""
    scope = replace(SCOPE, action=action)
    text = sessionpolicy.build(scope)
    foreign = {"account": "999988887777", "region": "us-east-1"}
    of_images = action in {ActionClass.BUILD, ActionClass.PULL}
    foreign |= {"repositories": ("other/app",)} if of_images else {"cluster": "other"}
    for name, value in foreign.items():
        assert policycheck.problems(text, replace(scope, **{name: value})), name


def changed(text: str, **changes: Any) -> str:
    """Give a policy with its first statement changed."""
    policy = json.loads(text)
    policy["Statement"][0] |= changes
    return json.dumps({**policy}, separators=(",", ":"))


def added(text: str, statement: Any) -> str:
    """Give a policy with one more statement; the denials stay, of what is allowed there is room for no more."""
    policy = json.loads(text)
    policy["Statement"] = [*statements(text, "Deny"), statement]
    return json.dumps(policy, separators=(",", ":"))


GOOD = sessionpolicy.build(SCOPE)
OWNED = {"StringEquals": {"aws:ResourceTag/waypaas:owner": "${aws:PrincipalTag/owner}"}}
BAD = {
    "any action": changed(GOOD, Action="*"),
    "a pattern": changed(GOOD, Action=["ecs:Delete*"]),
    "a pattern of ours without the owner's tag": added(
        GOOD, {"Effect": "Allow", "Action": "elasticloadbalancing:Delete*", "Resource": "*"}
    ),
    "a pattern of reads that is wider": changed(GOOD, Action=["ecs:*"]),
    "other spelling of the case": changed(GOOD, Action=["ECS:ExecuteCommand"]),
    "outside of the boundary": changed(GOOD, Action=["iam:CreateUser"]),
    "another class's": changed(GOOD, Action=["ecr:PutImage"]),
    "a shell": changed(GOOD, Action=["ecs:ExecuteCommand"]),
    "no condition": changed(GOOD, Condition={}),
    "another owner": changed(
        GOOD, Condition={"StringEquals": {"aws:ResourceTag/waypaas:owner": "other/production"}}
    ),
    "a condition that holds without the tag": changed(
        GOOD, Condition={"StringEqualsIfExists": OWNED["StringEquals"]}
    ),
    "several owners": changed(
        GOOD, Condition={"StringEquals": {"aws:ResourceTag/waypaas:owner": ["${aws:PrincipalTag/owner}", "x/y"]}}
    ),
    "all but": added(GOOD, {"Effect": "Allow", "NotAction": "iam:*", "Action": "ecs:UpdateService", "Resource": "*",
                            "Condition": OWNED}),
    "not resource": added(GOOD, {"Effect": "Allow", "Action": "ecs:UpdateService", "NotResource": "x",
                                 "Condition": OWNED}),
    "any service in the account": added(GOOD, {"Effect": "Allow", "Action": "ecs:CreateService", "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestTag/waypaas:owner": "${aws:PrincipalTag/owner}"}}}),
    "any service of another cluster": GOOD.replace("cluster/payments-production", "cluster/other"),
    "a load balancer of nobody": added(
        GOOD, {"Effect": "Allow", "Action": "elasticloadbalancing:Create*", "Resource": "*"}),
    "tags on what is there": added(GOOD, {"Effect": "Allow", "Action": "ecs:TagResource", "Resource": "*"}),
    "any role": added(GOOD, {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}),
    "a role by pattern": added(GOOD, {"Effect": "Allow", "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::111122223333:role/payments-*",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}),
    "a role for another service": added(GOOD, {"Effect": "Allow", "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::111122223333:role/payments-web"}),
    "logs of another": added(GOOD, {"Effect": "Allow", "Action": "logs:GetLogEvents",
        "Resource": "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/*:*"}),
    "without denials": json.dumps({"Version": "2012-10-17", "Statement": statements(GOOD, "Allow")}),
    "denials with a way out": GOOD.replace('"ecs:RunTask"],"Resource":"*"', '"ecs:RunTask"],"Resource":"arn:aws:x"'),
    "exec switched on": GOOD.replace('"ecs:enable-execute-command":"true"', '"ecs:enable-execute-command":"false"'),
    "exec switched on by a change": GOOD.replace('["ecs:CreateService","ecs:UpdateService"]', '["ecs:CreateService"]'),
    "exec switched on at first": GOOD.replace('["ecs:CreateService","ecs:UpdateService"]', '["ecs:UpdateService"]'),
    "too long": added(GOOD, {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "x" * 2000}),
    "not JSON": GOOD[:-1],
    "a key twice": GOOD.replace('{"Version"', '{"Statement":[],"Version"'),
    "a list": f"[{GOOD}]",
    "one statement, not a list": '{"Version":"2012-10-17","Statement":{"Effect":"Allow"}}',
    "an old version": GOOD.replace("2012-10-17", "2008-10-17"),
    "another key": GOOD.replace('{"Version"', '{"Id":"x","Version"'),
    "nothing": "",
    "null": "null",
    "a strange statement": added(GOOD, 7),
    "a strange effect": added(GOOD, {"Effect": "allow", "Action": "ecs:UpdateService", "Resource": "*"}),
    "a strange action": added(GOOD, {"Effect": "Allow", "Action": [7], "Resource": "*"}),
    "no action": changed(GOOD, Action=[]),
    "an action that is a number": changed(GOOD, Action=7),
    "an action that is an object": changed(GOOD, Action={"ecs:StopTask": 1}),
    "no resource": changed(GOOD, Resource=[]),
    "a resource that is a number": changed(GOOD, Resource=[7]),
    "a condition that is a text": changed(GOOD, Condition="x"),
    "made without the owner's tag": added(GOOD, {"Effect": "Allow", "Action": "elasticloadbalancing:CreateRule",
        "Resource": "*"}),
    "made for another": added(GOOD, {"Effect": "Allow", "Action": "ecs:RegisterTaskDefinition", "Resource": "*",
        "Condition": {"StringEquals": {"aws:RequestTag/waypaas:owner": "other/production"}}}),
    "logs that nobody named": added(GOOD, {"Effect": "Allow", "Action": "logs:GetLogEvents", "Resource": "*"}),
    "a strange key": added(GOOD, {"Effect": "Allow", "Action": "ecs:StopTask", "Resource": "*", "Condition": OWNED,
                                  "Principal": "*"}),
    "a strange condition": changed(GOOD, Condition={"StringEquals": "x"}),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_policies_are_refused(what: str) -> None:
    """A policy that permits more than its scope, or cannot be read, is refused with a reason."""
    assert BAD[what] != GOOD
    found = policycheck.problems(BAD[what], SCOPE)
    assert found != []
    assert what == "too long" or not any("characters" in problem for problem in found), "refused for its length alone"
    with pytest.raises(PolicyError, match="is refused"):
        policycheck.require(BAD[what], SCOPE)


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    """The checker has an answer for any text."""
    assert policycheck.problems(text, SCOPE) != []


@pytest.mark.parametrize(
    "change",
    [
        {"account": "1111"}, {"region": "*"}, {"cluster": "*"}, {"cluster": ""}, {"team": "pay*"}, {"team": "${x}"},
        {"environment": "a/b"}, {"roles": ("payments-*",)}, {"log_groups": ("/ecs/*",)}, {"repositories": ("*",)},
        {"partition": "*"}, {"action": ActionClass.BUILD, "repositories": ()}, {"regions": ("*",)},
        {"action": ActionClass.PULL, "repositories": ()}, {"region": "eu-west-1\n"},
    ],
)  # fmt: skip
def test_a_scope_has_no_patterns(change: dict[str, Any]) -> None:
    """Values that mean more than themselves in a policy, or that are missing, make no scope."""
    with pytest.raises(PolicyError):
        replace(SCOPE, **change)


def test_the_boundary_names_operations_that_exist() -> None:
    """Each action of the boundary is an operation of AWS's own models, but for those that are permissions only."""
    loader = botocore.loaders.Loader()
    models = {
        "ecs": "ecs", "ecr": "ecr", "elasticloadbalancing": "elbv2", "logs": "logs", "ssm": "ssm",
        "application-autoscaling": "application-autoscaling", "ec2": "ec2",
    }  # fmt: skip
    wanted = {*boundary.SHELLS, *(action for allowed in boundary.ALLOWED.values() for action in allowed)}
    for action in sorted(wanted - {"iam:PassRole"} - boundary.PATTERNS):
        service, _, operation = action.partition(":")
        assert operation in loader.load_service_model(models[service], "service-2")["operations"], action


def test_every_action_has_one_bound() -> None:
    """Each action of the boundary is bound in exactly one way, so that the checker forgets none."""
    ways = [boundary.UNBOUND, boundary.TAGGED_AT_CREATION.keys(), boundary.MAKING, boundary.BY_TAG, boundary.BY_NAME,
            boundary.IN_CLUSTER]  # fmt: skip
    for allowed in boundary.ALLOWED.values():
        for action in allowed:
            assert sum(action in way for way in ways) == 1, action


def test_what_a_class_has_no_use_for_is_not_demanded() -> None:
    """Denying to switch exec on is demanded of deploys to protected environments only; a denial must hold always."""
    open_deploy = replace(SCOPE, protected=False)
    assert policycheck.problems(sessionpolicy.build(open_deploy), open_deploy) == []
    assert policycheck.problems(sessionpolicy.build(open_deploy), SCOPE) != []
    reading = replace(SCOPE, action=ActionClass.READ)
    assert policycheck.problems(sessionpolicy.build(reading), reading) == []
    conditional = GOOD.replace(
        '"ecs:RunTask"],"Resource":"*"}', '"ecs:RunTask"],"Resource":"*","Condition":{"Bool":{"x":"true"}}}'
    )
    assert conditional != GOOD
    assert "ecs:RunTask is not denied" in policycheck.problems(conditional, SCOPE)


def test_a_text_that_is_nested_too_deep_is_refused() -> None:
    """A text that would exhaust the parser is refused like any other."""
    assert policycheck.problems("[" * 100_000, SCOPE) != []


def test_a_lock_names_principals_and_denies_everything() -> None:
    """The statement of a lock denies all to exactly the sessions of the principals that are locked."""
    assert sessionpolicy.lock_statement(["principal-b", "principal-a", "principal-b"]) == {
        "Sid": "WaypaasLocked",
        "Effect": "Deny",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceIdentity": ["principal-a", "principal-b"]}},
    }
