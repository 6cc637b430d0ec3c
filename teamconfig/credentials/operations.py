"""Every action at AWS that we need, what for, and how a policy can bind it. Pure data, by hand.

The one list: `boundary` takes what sessions may hold from it, `rolepolicy` what
a role needs. Tests compare it with the calls in the code of the plugin, and
with those that arrive at a server. Owns no names of anybody's resources.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """What somebody wants to do."""

    DEPLOY = "deploy"
    RELEASE = "release"
    DESTROY = "destroy"
    STATUS = "status"
    LOGS = "logs"
    EXEC = "exec"
    WITNESS = "witness"
    """See that an image runs; the service itself, for no caller."""
    TASK = "task"
    """Run tasks of Waypoint's own; no session of the service may."""
    DNS = "dns"
    """Lead a name of a hosted zone to an app; no session of the service may, for want of room."""
    PULL = "pull"
    PUSH = "push"


class Bound(StrEnum):
    """How a policy can bind an action."""

    FREE = "free"
    """Needs no permission."""
    NOTHING = "nothing"
    """AWS cannot bind it to a resource."""
    TAG = "tag"
    """To what has the owner's tag."""
    MADE = "made"
    """To what gets the owner's tag with that."""
    TAGGING = "tagging"
    """To tags that are put on while something is made."""
    CLUSTER = "cluster"
    """To services and tasks of the cluster, whoever owns them: it asks for names that may not be there."""
    NAME = "name"
    """To what is named in full."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An action of a policy.

    Args:
        action: As "ecs:CreateService".
        bound: How it can be bound.
        purposes: Who needs it.
        because: Action that AWS asks for this one in; empty where it is called itself.
    """

    action: str
    bound: Bound
    purposes: frozenset[Purpose]
    because: str = ""


def _of(action: str, bound: Bound, *purposes: Purpose, because: str = "") -> Operation:
    return Operation(action, bound, frozenset(purposes), because)


_P, _B = Purpose, Bound
_CHANGING = (_P.DEPLOY, _P.RELEASE, _P.DESTROY)
_LOOKING = (*_CHANGING, _P.STATUS)

OPERATIONS = (
    _of("sts:GetCallerIdentity", _B.FREE, *_LOOKING, _P.LOGS, _P.EXEC, _P.TASK),
    _of("application-autoscaling:DeregisterScalableTarget", _B.TAG, _P.DEPLOY, _P.DESTROY),
    _of("application-autoscaling:DescribeScalableTargets", _B.NOTHING, _P.DESTROY),
    _of("application-autoscaling:PutScalingPolicy", _B.TAG, _P.DEPLOY),
    _of("application-autoscaling:RegisterScalableTarget", _B.MADE, _P.DEPLOY),
    _of("ec2:DescribeSecurityGroups", _B.NOTHING, _P.DEPLOY),
    _of("ec2:DescribeSubnets", _B.NOTHING, _P.DEPLOY),
    _of("ecs:CreateService", _B.MADE, _P.DEPLOY),
    _of("ecs:DeleteService", _B.TAG, _P.DEPLOY, _P.DESTROY),
    _of("ecs:DeregisterTaskDefinition", _B.NOTHING, _P.DEPLOY, _P.DESTROY, _P.TASK),
    _of("ecs:DescribeServices", _B.CLUSTER, *_LOOKING, _P.EXEC, _P.WITNESS),
    _of("ecs:DescribeTaskDefinition", _B.NOTHING, _P.DEPLOY, _P.DESTROY),
    _of("ecs:DescribeTasks", _B.TAG, _P.DEPLOY, _P.STATUS, _P.EXEC, _P.WITNESS, _P.TASK),
    _of("ecs:ExecuteCommand", _B.TAG, _P.EXEC),
    _of("ecs:ListServices", _B.NOTHING, *_CHANGING, _P.WITNESS),
    _of("ecs:ListTaskDefinitions", _B.NOTHING, _P.DEPLOY, _P.DESTROY, _P.TASK),
    _of("ecs:ListTasks", _B.NOTHING, _P.DEPLOY, _P.STATUS, _P.EXEC, _P.WITNESS, _P.TASK),
    _of("ecs:RegisterTaskDefinition", _B.MADE, _P.DEPLOY, _P.TASK),
    _of("ecs:RunTask", _B.CLUSTER, _P.TASK),
    _of("ecs:StopTask", _B.CLUSTER, _P.TASK),
    _of("ecs:TagResource", _B.TAGGING, _P.DEPLOY, because="ecs:CreateService"),
    _of("ecs:TagResource", _B.TAG, _P.DEPLOY),
    _of("ecs:UpdateService", _B.TAG, _P.DEPLOY, because="application-autoscaling:RegisterScalableTarget"),
    _of("elasticloadbalancing:AddTags", _B.TAGGING, _P.DEPLOY, _P.RELEASE, because="elasticloadbalancing:CreateRule"),
    _of("elasticloadbalancing:AddTags", _B.TAG, _P.RELEASE),
    _of("elasticloadbalancing:CreateListener", _B.MADE, _P.DEPLOY, _P.RELEASE),
    _of("elasticloadbalancing:CreateLoadBalancer", _B.MADE, _P.DEPLOY),
    _of("elasticloadbalancing:CreateRule", _B.MADE, _P.DEPLOY, _P.RELEASE),
    _of("elasticloadbalancing:CreateTargetGroup", _B.MADE, _P.DEPLOY),
    _of("elasticloadbalancing:DeleteListener", _B.TAG, *_CHANGING),
    _of("elasticloadbalancing:DeleteLoadBalancer", _B.TAG, *_CHANGING),
    _of("elasticloadbalancing:DeleteRule", _B.TAG, *_CHANGING),
    _of("elasticloadbalancing:DeleteTargetGroup", _B.TAG, *_CHANGING),
    _of("elasticloadbalancing:DescribeListeners", _B.NOTHING, *_CHANGING),
    _of("elasticloadbalancing:DescribeLoadBalancers", _B.NOTHING, *_CHANGING),
    _of("elasticloadbalancing:DescribeRules", _B.NOTHING, *_LOOKING),
    _of("elasticloadbalancing:DescribeTags", _B.NOTHING, *_CHANGING),
    _of("elasticloadbalancing:DescribeTargetGroups", _B.NOTHING, *_CHANGING),
    _of("elasticloadbalancing:DescribeTargetHealth", _B.NOTHING, *_LOOKING),
    _of("elasticloadbalancing:ModifyListener", _B.TAG, *_CHANGING),
    _of("elasticloadbalancing:ModifyRule", _B.TAG, *_CHANGING),
    _of("elasticloadbalancing:ModifyTargetGroupAttributes", _B.TAG, _P.DEPLOY),
    _of("iam:PassRole", _B.NAME, _P.DEPLOY, _P.TASK, because="ecs:RegisterTaskDefinition"),
    _of("logs:FilterLogEvents", _B.NAME, _P.LOGS, _P.TASK),
    _of("logs:GetLogEvents", _B.NAME, _P.DEPLOY),
    _of("route53:ChangeResourceRecordSets", _B.NAME, _P.DNS),
    _of("route53:ListResourceRecordSets", _B.NAME, _P.DNS),
    _of("secretsmanager:CreateSecret", _B.NAME, _P.TASK),
    _of("secretsmanager:DeleteSecret", _B.NAME, _P.TASK),
    _of("ecr:GetAuthorizationToken", _B.NOTHING, _P.PULL, _P.PUSH),
    _of("ecr:BatchGetImage", _B.NAME, _P.PULL, _P.PUSH),
    _of("ecr:DescribeImages", _B.NAME, _P.PULL, _P.PUSH),
    _of("ecr:GetDownloadUrlForLayer", _B.NAME, _P.PULL, _P.PUSH),
    _of("ecr:BatchCheckLayerAvailability", _B.NAME, _P.PUSH),
    _of("ecr:CompleteLayerUpload", _B.NAME, _P.PUSH),
    _of("ecr:InitiateLayerUpload", _B.NAME, _P.PUSH),
    _of("ecr:PutImage", _B.NAME, _P.PUSH),
    _of("ecr:UploadLayerPart", _B.NAME, _P.PUSH),
    _of("ecr:DescribeImageReplicationStatus", _B.NAME, _P.PUSH),
    _of("ecr:CreateRepository", _B.NAME, _P.PUSH),
    _of("ecr:DeleteRepositoryPolicy", _B.NAME, _P.PUSH),
    _of("ecr:DescribeRepositories", _B.NAME, _P.PUSH),
    _of("ecr:GetLifecyclePolicy", _B.NAME, _P.PUSH),
    _of("ecr:GetRepositoryPolicy", _B.NAME, _P.PUSH),
    _of("ecr:ListTagsForResource", _B.NAME, _P.PUSH),
    _of("ecr:PutImageScanningConfiguration", _B.NAME, _P.PUSH),
    _of("ecr:PutImageTagMutability", _B.NAME, _P.PUSH),
    _of("ecr:PutLifecyclePolicy", _B.NAME, _P.PUSH),
    _of("ecr:SetRepositoryPolicy", _B.NAME, _P.PUSH),
    _of("ecr:TagResource", _B.NAME, _P.PUSH),
)
"""In the order of services."""


def needed(*purposes: Purpose) -> frozenset[str]:
    """Give the actions that a policy must allow for some purposes.

    Args:
        purposes: At least one.

    Returns:
        The actions, with those that AWS asks for besides, without those that need no permission.
    """
    wanted = frozenset(purposes)
    return frozenset(each.action for each in OPERATIONS if each.purposes & wanted and each.bound is not Bound.FREE)


def called(*purposes: Purpose) -> frozenset[str]:
    """Give the operations that are called for some purposes.

    Args:
        purposes: At least one.

    Returns:
        As "ecs:CreateService", without what AWS asks for besides.
    """
    wanted = frozenset(purposes)
    return frozenset(each.action for each in OPERATIONS if each.purposes & wanted and not each.because)


def bound_by(*bounds: Bound) -> frozenset[str]:
    """Give the actions that can be bound in some ways.

    Args:
        bounds: At least one.

    Returns:
        The actions.
    """
    return frozenset(each.action for each in OPERATIONS if each.bound in bounds)
