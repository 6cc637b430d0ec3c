"""The least policy of a role that works on the apps of a team in an environment. Pure.

For a role that people or CI assume themselves, or that the service assumes with
a session policy. What is needed is `operations`'; here is only to what each
action is bound. Where a session policy has no room, a role's has: nothing here
is by pattern, and each action has its kind of resource.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig.credentials import boundary, operations
from teamconfig.credentials.operations import Bound, Operation, Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from teamconfig.credentials.scope import Scope

Statement = dict[str, Any]

MAX_CHARACTERS = 6144
"""What IAM takes of a managed policy, blanks not counted."""

ROLES = {
    "deployer": (
        *(Purpose.DEPLOY, Purpose.RELEASE, Purpose.DESTROY, Purpose.STATUS, Purpose.LOGS, Purpose.DNS),
        Purpose.WITNESS,
    ),
    "reader": (Purpose.STATUS, Purpose.LOGS),
    "shell": (Purpose.STATUS, Purpose.LOGS, Purpose.EXEC),
    "pusher": (Purpose.PULL, Purpose.PUSH),
}
"""What the roles that `wps iam` knows are for; the service assumes the first, and looks by it what runs."""

_KINDS = {
    "application-autoscaling:DeregisterScalableTarget": "scalable-target/*",
    "application-autoscaling:PutScalingPolicy": "scalable-target/*",
    "application-autoscaling:RegisterScalableTarget": "scalable-target/*",
    "ecs:RegisterTaskDefinition": "task-definition/*",
    "elasticloadbalancing:CreateListener": "loadbalancer/*",
    "elasticloadbalancing:CreateLoadBalancer": "loadbalancer/*",
    "elasticloadbalancing:CreateTargetGroup": "targetgroup/*",
    "elasticloadbalancing:DeleteListener": "listener/*",
    "elasticloadbalancing:DeleteLoadBalancer": "loadbalancer/*",
    "elasticloadbalancing:DeleteRule": "listener-rule/*",
    "elasticloadbalancing:DeleteTargetGroup": "targetgroup/*",
    "elasticloadbalancing:AddTags": "*",
    "elasticloadbalancing:ModifyListener": "listener/*",
    "elasticloadbalancing:ModifyRule": "listener-rule/*",
    "elasticloadbalancing:ModifyTargetGroupAttributes": "targetgroup/*",
}
"""Kind of the resource, where it is in the account and has no name that is known before."""

_OF_SERVICES = frozenset({
    "ecs:CreateService", "ecs:DeleteService", "ecs:DescribeServices", "ecs:TagResource", "ecs:UpdateService",
})  # fmt: skip
_OF_TASKS = frozenset({"ecs:DescribeTasks", "ecs:ExecuteCommand"})


def build(
    scope: Scope, purposes: Iterable[Purpose], listeners: Iterable[str] = (), zones: Iterable[str] = ()
) -> dict[str, Any]:
    """Write the policy.

    Args:
        scope: Team, environment, account, region, cluster, roles, log groups, repositories; its class of action counts
            for nothing.
        purposes: What the role is for.
        listeners: ARNs of the listeners on which rules are made; empty for any of the account.
        zones: Ids of the hosted zones whose records lead to the apps; empty for none.

    Returns:
        The document, ready for JSON; equal input gives the equal document.
    """
    wanted = frozenset(purposes)
    named = {"listeners": sorted(listeners), "zones": [f"arn:{scope.partition}:route53:::hostedzone/{each}"
                                                       for each in sorted(zones)]}  # fmt: skip
    grouped: dict[str, tuple[Statement, list[str]]] = {}
    for each in operations.OPERATIONS:
        if not each.purposes & wanted or each.bound is Bound.FREE:
            continue
        bounds = _bounds(each, scope, named)
        if bounds["Resource"]:
            grouped.setdefault(repr(bounds), (bounds, []))[1].append(each.action)
    allowed = [{"Effect": "Allow", "Action": sorted(actions), **bounds} for bounds, actions in grouped.values()]
    scaling = _scaling(scope) if Purpose.DEPLOY in wanted else []
    return {"Version": "2012-10-17", "Statement": [*allowed, *scaling, *_denied(scope, wanted)]}


def _bounds(operation: Operation, scope: Scope, named: dict[str, list[str]]) -> Statement:
    """Give resource and condition."""
    owner, action = scope.owner, operation.action
    conditions: dict[Bound, Statement] = {
        Bound.NOTHING: {"StringEquals": {"aws:RequestedRegion": [scope.region, *scope.regions]}},
        Bound.TAG: {"StringEquals": {"aws:ResourceTag/waypaas:owner": owner}},
        Bound.MADE: {"StringEquals": {"aws:RequestTag/waypaas:owner": owner}},
    }
    condition = conditions.get(operation.bound, {})
    if operation.bound is Bound.TAGGING:
        condition = {
            "Null": {boundary.TAGGED_AT_CREATION[action]: "false"},
            "StringEquals": {"aws:RequestTag/waypaas:owner": owner},
        }
    elif action == "iam:PassRole":
        condition = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    resource = _resource(operation, scope, named)
    return {"Resource": resource, **({"Condition": condition} if condition else {})}


def _resource(operation: Operation, scope: Scope, named: dict[str, list[str]]) -> str | list[str]:
    action = operation.action
    service = action.partition(":")[0]
    home = f"arn:{scope.partition}:{service}:{scope.region}:{scope.account}:"
    if operation.bound in {Bound.NOTHING, Bound.TAGGING}:
        return "*"
    if operation.bound is Bound.NAME:
        names = {"iam": scope.role_arns, "logs": scope.log_group_arns, "ecr": scope.repository_arns}
        return (names | {"route53": named["zones"]})[service]
    if action in _OF_SERVICES:
        return scope.services
    if action in _OF_TASKS:
        return scope.tasks
    if action == "elasticloadbalancing:CreateRule":
        return named["listeners"] or f"{home}listener/*"
    return f"{home}{_KINDS[action]}"


def _scaling(scope: Scope) -> list[Statement]:
    """Allow what AWS's guide to autoscaling asks for besides; a session policy has no room for it.

    Source: Amazon ECS developer guide, "IAM permissions required for Amazon ECS service auto scaling".
    """
    home = f"{scope.region}:{scope.account}:"
    alarms = f"arn:{scope.partition}:cloudwatch:{home}alarm:TargetTracking-service/{scope.cluster}/*"
    owner = {"aws:RequestTag/waypaas:owner": scope.owner}
    mine = {"aws:ResourceTag/waypaas:owner": scope.owner}
    return [
        {"Effect": "Allow", "Action": ["cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"], "Resource": alarms},
        {"Effect": "Allow", "Action": ["cloudwatch:DescribeAlarms"], "Resource": "*",
         "Condition": {"StringEquals": {"aws:RequestedRegion": scope.region}}},
        {"Effect": "Allow", "Action": ["application-autoscaling:TagResource"],
         "Resource": f"arn:{scope.partition}:application-autoscaling:{home}scalable-target/*",
         "Condition": {"StringEquals": owner, "StringEqualsIfExists": mine}},
    ]  # fmt: skip


def _denied(scope: Scope, wanted: frozenset[Purpose]) -> list[Statement]:
    """Deny ways into containers that the role is not for, though nothing allows them."""
    closed = [action for action in boundary.SHELLS if action not in operations.needed(*wanted)]
    denied: list[Statement] = [{"Effect": "Deny", "Action": closed, "Resource": "*"}]
    if scope.protected:
        denied.append(
            {
                "Effect": "Deny",
                "Action": ["ecs:CreateService", "ecs:UpdateService"],
                "Resource": "*",
                "Condition": {"Bool": {"ecs:enable-execute-command": "true"}},
            }
        )
    return denied
