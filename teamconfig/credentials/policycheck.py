"""Check a session policy before it is sent: an allow-list read against the text, whoever wrote it. Pure.

Shares no code with `sessionpolicy`: the boundary, by hand in `boundary`, and
the scope are what both know. Anything that is not expected is a problem.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from teamconfig.credentials import boundary
from teamconfig.credentials.errors import PolicyError
from teamconfig.credentials.names import ActionClass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.credentials.scope import Scope

MAX_CHARACTERS = 2048
"""What STS takes of an inline session policy."""


def require(text: str, scope: Scope) -> None:
    """Refuse a policy that is not within its scope.

    Args:
        text: The policy.
        scope: What the session is for.

    Raises:
        PolicyError: It is not; `why` has every problem.
    """
    found = problems(text, scope)
    if found:
        what = f"the session policy for {scope.action} by team {scope.team} in {scope.environment} is refused"
        fix = "name fewer or shorter roles, log groups and repositories in the standards, or report it as a bug"
        raise PolicyError(what, "; ".join(found), fix, f"account {scope.account}")


def problems(text: str, scope: Scope) -> list[str]:
    """Find what a policy permits beyond its scope.

    Args:
        text: The policy.
        scope: What the session is for.

    Returns:
        A sentence for each problem; empty if it may be sent.
    """
    found = []
    if scope.action is ActionClass.EXEC and scope.protected:
        found.append("nothing opens a shell in a protected environment")
    if len(text) > MAX_CHARACTERS:
        found.append(f"it has {len(text)} characters, and STS takes {MAX_CHARACTERS}")
    try:
        policy: Any = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return [*found, "it is not valid JSON, or a key stands twice"]
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    if not isinstance(statements, list) or policy.keys() != {"Version", "Statement"}:
        return [*found, "it is not an object of Version and a list of statements"]
    if policy["Version"] != "2012-10-17":
        found.append("its version is not 2012-10-17")
    for statement in statements:
        found += _statement(statement, scope)
    return [*found, *_missing_denials(statements, scope)]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _texts(value: Any) -> list[str] | None:
    """Read a text or a list of texts; None if it is something else."""
    listed = [value] if isinstance(value, str) else value
    if isinstance(listed, list) and listed and all(isinstance(item, str) for item in listed):
        return listed
    return None


def _statement(statement: Any, scope: Scope) -> Iterator[str]:
    if not isinstance(statement, dict):
        yield "a statement is not an object"
        return
    if strange := statement.keys() - {"Effect", "Action", "Resource", "Condition", "Sid"}:
        yield f"a statement has {', '.join(sorted(strange))}"  # NotAction, NotResource, Principal
    actions, resources = _texts(statement.get("Action")), _texts(statement.get("Resource"))
    condition = statement.get("Condition", {})
    if actions is None or resources is None or not isinstance(condition, dict):
        yield "a statement has no texts as Action and Resource"
    elif statement.get("Effect") == "Allow":
        for action in actions:
            yield from _allowed(action, resources, condition, scope)
    elif statement.get("Effect") != "Deny":
        yield "a statement neither allows nor denies"


def _allowed(action: str, resources: list[str], condition: dict[str, Any], scope: Scope) -> Iterator[str]:
    if action not in boundary.ALLOWED[scope.action]:  # nor are patterns, but for those of PATTERNS
        yield f"{action} is not within the boundary of {scope.action}"
    elif action in boundary.UNBOUND:
        return
    elif action in boundary.TAGGED_AT_CREATION:
        made_now = _get(condition, "Null", boundary.TAGGED_AT_CREATION[action]) == "false"
        if not made_now and not _equals(condition, boundary.OWNED):
            yield f"{action} could tag what is there already"
    elif action in boundary.MAKING:
        yield from _made(action, resources, condition, scope)
    elif action in boundary.IN_CLUSTER:
        yield from _in_bounds(action, resources, scope)
    elif action in boundary.BY_TAG:
        yield from _owned(action, resources, condition, scope)
    elif action in boundary.BY_NAME:
        yield from _named(action, resources, condition, scope)
    else:
        yield f"{action} is in no class of bounds"


def _made(action: str, resources: list[str], condition: dict[str, Any], scope: Scope) -> Iterator[str]:
    if not _equals(condition, boundary.OWNING):
        yield f"{action} could make what team and environment do not own"
    bound = _get(condition, "ArnEqualsIfExists", "ecs:cluster") == _cluster(scope)
    if action == "ecs:CreateService" and not bound and resources != [_in_cluster(scope, "service")]:
        yield f"{action} is not bound to the cluster"


def _owned(action: str, resources: list[str], condition: dict[str, Any], scope: Scope) -> Iterator[str]:
    if not _equals(condition, boundary.OWNED):
        yield f"{action} is not bound to what team and environment own"
    if scope.action is not ActionClass.DEPLOY:
        yield from _in_bounds(action, resources, scope)


def _in_bounds(action: str, resources: list[str], scope: Scope) -> Iterator[str]:
    if not set(resources) <= {_in_cluster(scope, "service"), _in_cluster(scope, "task")}:
        yield f"{action} is not bound to the cluster"


def _cluster(scope: Scope) -> str:
    return f"arn:{scope.partition}:ecs:{scope.region}:{scope.account}:cluster/{scope.cluster}"


def _in_cluster(scope: Scope, kind: str) -> str:
    return f"arn:{scope.partition}:ecs:{scope.region}:{scope.account}:{kind}/{scope.cluster}/*"


def _named(action: str, resources: list[str], condition: dict[str, Any], scope: Scope) -> Iterator[str]:
    service = action.partition(":")[0]
    home = f"arn:{scope.partition}:{service}:{scope.region}:{scope.account}:"
    own = {
        "ecr": {
            f"arn:{scope.partition}:ecr:{region}:{scope.account}:repository/{name}"
            for region in (scope.region, *scope.regions)
            for name in scope.repositories
        },
        "logs": {f"{home}log-group:{name}:*" for name in scope.log_groups},
        "iam": {f"arn:{scope.partition}:iam::{scope.account}:role/{name}" for name in scope.roles},
    }[service]
    if strange := sorted(set(resources) - own):
        yield f"{action} reaches {', '.join(strange)}, which the scope does not name"
    if service == "iam" and not _equals(condition, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}):
        yield f"{action} could give the role to another service than ECS tasks"


def _get(condition: dict[str, Any], operator: str, key: str) -> Any:
    entries = condition.get(operator)
    return entries.get(key) if isinstance(entries, dict) else None


def _equals(condition: dict[str, Any], wanted: dict[str, str]) -> bool:
    return all(_get(condition, "StringEquals", key) == value for key, value in wanted.items())


def _missing_denials(statements: list[Any], scope: Scope) -> Iterator[str]:
    denied = [each for each in statements if isinstance(each, dict) and each.get("Effect") == "Deny"]
    if scope.action is not ActionClass.EXEC:
        flat = {action for each in denied if _flat(each) for action in _texts(each.get("Action")) or ()}
        for action in boundary.SHELLS:
            if action not in flat:
                yield f"{action} is not denied"
    if scope.action is ActionClass.DEPLOY and scope.protected:
        switch = {"Bool": {"ecs:enable-execute-command": "true"}}
        guarded = {
            action
            for each in denied
            if each.get("Resource") == "*" and each.get("Condition") == switch
            for action in _texts(each.get("Action")) or ()
        }
        for action in ("ecs:CreateService", "ecs:UpdateService"):
            if action not in guarded:
                yield f"{action} with execute-command on is not denied"


def _flat(statement: dict[str, Any]) -> bool:
    return statement.get("Resource") == "*" and "Condition" not in statement
