"""What a session at AWS may be allowed at most: the role boundary, by class of action. Pure data.

`sessionpolicy` builds within it, `policycheck` refuses what is outside. Which
actions there are, and how each can be bound, is written in `operations`.
"""

from __future__ import annotations

from teamconfig.credentials import operations
from teamconfig.credentials.names import ActionClass
from teamconfig.credentials.operations import Bound, Purpose

READ = operations.needed(Purpose.STATUS, Purpose.LOGS)
DEPLOY = operations.needed(Purpose.DEPLOY, Purpose.RELEASE, Purpose.DESTROY)
SHELL = operations.needed(Purpose.EXEC)
WITNESS = operations.needed(Purpose.WITNESS)
PUSH = operations.needed(Purpose.PUSH)
PULL = operations.needed(Purpose.PULL)

READING = frozenset({
    "application-autoscaling:Describe*",
    "ecs:Describe*",
    "ecs:List*",
    "elasticloadbalancing:Describe*",
})  # fmt: skip
"""Reads that a deploy may have by pattern, as a session policy has no room for each."""

OWN = frozenset({"elasticloadbalancing:Delete*", "elasticloadbalancing:Modify*"})
"""Changes that it may have by pattern, of what has the owner's tag and nothing else."""

NEW = frozenset({"elasticloadbalancing:Create*"})
"""What it may make by pattern, with the owner's tag and not without."""

PATTERNS = READING | OWN | NEW
"""No other pattern is allowed."""

ALLOWED = {
    ActionClass.READ: READ,
    ActionClass.DEPLOY: DEPLOY | PATTERNS,
    ActionClass.EXEC: SHELL,
    ActionClass.WITNESS: WITNESS,
    ActionClass.BUILD: PUSH,
    ActionClass.PULL: PULL,
}
"""Actions that an Allow may name, by class."""

UNBOUND = operations.bound_by(Bound.NOTHING) | READING
"""Actions that AWS cannot bind to a resource; they may stand with resource "*".

All are reads but ecs:DeregisterTaskDefinition, which AWS cannot bind either: a
task definition that is deregistered still runs, and is not lost.
"""

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

RETAGGED = frozenset(TAGGED_AT_CREATION)
"""Tags may be put on what is there too, where the owner's tag is there already."""

MAKING = operations.bound_by(Bound.MADE) | NEW
"""Actions that make something; it must get the owner's tag with that."""

BY_TAG = operations.bound_by(Bound.TAG) - RETAGGED | OWN
"""Actions on something that must have the owner's tag."""

IN_CLUSTER = operations.bound_by(Bound.CLUSTER)
"""Reads of the cluster that must work for names that are not there, and so have no tag."""

BY_NAME = operations.bound_by(Bound.NAME)
"""Actions on something that is named in full."""
