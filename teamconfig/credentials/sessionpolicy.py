"""The session policy that AssumeRole is called with: what this one session may do of what the role may. Pure.

Built from an allow-list and bound to region, cluster, exact names, and the tag
of team and environment. `policycheck` must pass each one before it is sent, as
emulators accept anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from teamconfig.credentials import boundary, policycheck
from teamconfig.credentials.names import ActionClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from teamconfig.credentials.scope import Scope

Statement = dict[str, Any]


def build(scope: Scope) -> str:
    """Write the policy.

    Args:
        scope: What the session is for.

    Returns:
        JSON without spaces, at most 2,048 characters, that `policycheck.problems` finds nothing in.

    Raises:
        PolicyError: There can be no such policy: exec in a protected environment, or too many or too long names.
    """
    write = {
        ActionClass.READ: _read,
        ActionClass.DEPLOY: _deploy,
        ActionClass.EXEC: _exec,
        ActionClass.WITNESS: _witness,
        ActionClass.BUILD: _on_repositories,
        ActionClass.PULL: _on_repositories,
    }[scope.action]
    statements = [*write(scope), *_denied(scope)]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
    policycheck.require(text, scope)
    return text


def lock_statement(principals: Iterable[str]) -> Statement:
    """Deny everything to principals that are locked out, for a policy of the roles themselves.

    Args:
        principals: Source identities, as `names.source_identity` gives them; at least one.

    Returns:
        The statement; sessions that are under way lose their rights with it.
    """
    condition = {"StringEquals": {"aws:SourceIdentity": sorted(set(principals))}}
    return {"Sid": "WaypaasLocked", "Effect": "Deny", "Action": "*", "Resource": "*", "Condition": condition}


def _allow(actions: Iterable[str], resource: str | Sequence[str], **condition: dict[str, str]) -> Statement:
    statement: Statement = {"Effect": "Allow", "Action": _short(sorted(actions)), "Resource": _short(resource)}
    if condition:
        statement["Condition"] = condition
    return statement


def _short(texts: str | Sequence[str]) -> str | Sequence[str]:
    return texts[0] if not isinstance(texts, str) and len(texts) == 1 else texts


def _looking(actions: Iterable[str]) -> Statement:
    """Allow reads that AWS cannot bind to a resource."""
    return _allow(actions, "*")


def _denied(scope: Scope) -> list[Statement]:
    """Deny every way into a container, though nothing allows it: so it stays when a statement above is ever widened."""
    found: list[Statement] = []
    if scope.action is not ActionClass.EXEC:
        found.append({"Effect": "Deny", "Action": list(boundary.SHELLS), "Resource": "*"})
    if scope.action is ActionClass.DEPLOY and scope.protected:
        switching = ["ecs:CreateService", "ecs:UpdateService"]
        condition = {"Bool": {"ecs:enable-execute-command": "true"}}
        found.append({"Effect": "Deny", "Action": switching, "Resource": "*", "Condition": condition})
    return found


def _on_tasks(scope: Scope, allowed: frozenset[str]) -> list[Statement]:
    """Allow reads of services, and actions on tasks that are the owner's, in the cluster."""
    owned = _allow(boundary.BY_TAG & allowed, scope.tasks, StringEquals=boundary.OWNED)
    return [_allow(boundary.IN_CLUSTER & allowed, scope.services), owned, _looking(boundary.UNBOUND & allowed)]


def _logs(scope: Scope, allowed: frozenset[str]) -> list[Statement]:
    reading = [action for action in allowed if action.startswith("logs:")]
    return [_allow(reading, scope.log_group_arns)] if scope.log_groups else []


def _read(scope: Scope) -> list[Statement]:
    return [*_on_tasks(scope, boundary.READ), *_logs(scope, boundary.READ)]


def _deploy(scope: Scope) -> list[Statement]:
    each = boundary.DEPLOY - {action for action in boundary.DEPLOY if _by_pattern(action)}
    statements = [
        _allow(boundary.OWN | boundary.RETAGGED | boundary.BY_TAG & each, "*", StringEquals=boundary.OWNED),
        # The cluster is a fact of CreateService alone, so the others do without.
        _allow(
            boundary.NEW | boundary.MAKING & each,
            "*",
            StringEquals=boundary.OWNING,
            ArnEqualsIfExists={"ecs:cluster": scope.cluster_arn},
        ),
        *(_allow([action], "*", Null={key: "false"}) for action, key in boundary.TAGGED_AT_CREATION.items()),
        _looking(boundary.READING | boundary.UNBOUND & each),
        *_logs(scope, boundary.DEPLOY),
    ]
    if scope.roles:
        passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
        statements.append(_allow(["iam:PassRole"], scope.role_arns, StringEquals=passed))
    return statements


def _by_pattern(action: str) -> bool:
    return any(action.startswith(pattern.removesuffix("*")) for pattern in boundary.PATTERNS)


def _exec(scope: Scope) -> list[Statement]:
    return _on_tasks(scope, boundary.SHELL)


def _witness(scope: Scope) -> list[Statement]:
    return _on_tasks(scope, boundary.WITNESS)


def _on_repositories(scope: Scope) -> list[Statement]:
    return [
        _allow(boundary.ALLOWED[scope.action] - boundary.UNBOUND, scope.repository_arns),
        _looking(["ecr:GetAuthorizationToken"]),
    ]
