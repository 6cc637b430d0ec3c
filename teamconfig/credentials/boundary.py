"""What a session at AWS may be allowed at most: the role boundary, by class of action. Pure data.

`sessionpolicy` builds within it, `policycheck` refuses what is outside. Written
by hand, action by action: there is no pattern in it.
"""

from __future__ import annotations

from teamconfig.credentials.names import ActionClass

READ = frozenset({
    "application-autoscaling:DescribeScalableTargets",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
})  # fmt: skip

PULL = frozenset({
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
})  # fmt: skip

PUSH = PULL | {
    "ecr:BatchCheckLayerAvailability",
    "ecr:CompleteLayerUpload",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
}

CHANGE = frozenset({
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:RegisterScalableTarget",
    "ecs:CreateService",
    "ecs:DeleteService",
    "ecs:RegisterTaskDefinition",
    "ecs:StopTask",
    "ecs:TagResource",
    "ecs:UpdateService",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
    "elasticloadbalancing:DeleteRule",
    "elasticloadbalancing:DeleteTargetGroup",
    "elasticloadbalancing:ModifyRule",
    "elasticloadbalancing:ModifyTargetGroupAttributes",
    "iam:PassRole",
})  # fmt: skip

SHELL = frozenset({"ecs:ExecuteCommand", "ecs:DescribeTasks", "ecs:ListTasks", "ecs:DescribeServices"})

ALLOWED = {
    ActionClass.READ: READ,
    ActionClass.DEPLOY: READ | CHANGE,
    ActionClass.EXEC: SHELL,
    ActionClass.BUILD: PUSH,
}
"""Actions that an Allow may name, by class."""

UNBOUND = frozenset({
    "application-autoscaling:DescribeScalableTargets",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
})  # fmt: skip
"""Reads that AWS cannot bind to a resource; they may stand with resource "*"."""

SHELLS = ("ecs:ExecuteCommand", "ssm:StartSession", "ecs:RunTask")
"""Ways into a container, or to a process of one's own beside it; denied by name wherever the class is not EXEC."""

OWNER = "owner"
"""Tag of a session: team, "/", environment."""

OWNED = {"aws:ResourceTag/waypaas:owner": "${aws:PrincipalTag/owner}"}
"""What is there has the session's owner as tag waypaas:owner, as all that team-ecs makes has."""

OWNING = {"aws:RequestTag/waypaas:owner": "${aws:PrincipalTag/owner}"}
"""What is made gets it. By variable, as a session policy has no room for long names."""

TAGGED_AT_CREATION = {
    "ecs:TagResource": "ecs:CreateAction",
    "elasticloadbalancing:AddTags": "elasticloadbalancing:CreateAction",
}
"""Tagging, and the key that is there only while something is made: else one could take over what is another's."""

MAKING = frozenset({
    "application-autoscaling:RegisterScalableTarget",
    "ecs:CreateService",
    "ecs:RegisterTaskDefinition",
    "elasticloadbalancing:CreateRule",
    "elasticloadbalancing:CreateTargetGroup",
})  # fmt: skip
"""Actions that make something; it must get the owner's tag with that."""

BY_TAG = CHANGE - MAKING - TAGGED_AT_CREATION.keys() - {"iam:PassRole"} | {
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ExecuteCommand",
}
"""Actions on something that must have the owner's tag."""

BY_NAME = PUSH - UNBOUND | {"iam:PassRole", "logs:FilterLogEvents", "logs:GetLogEvents"}
"""Actions on something that is named in full."""

LOOKED_AT = frozenset({
    "ecs:ListTasks",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
})  # fmt: skip
"""Reads that a deploy needs; a session policy has no room for more."""
