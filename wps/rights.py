"""Whether one may do something, who may, and whom to ask: `wps explain --can`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from teamconfig import StandardsError, errors, source
from teamconfig.keys import nearest
from teamconfig.policy.words import Action
from wps import connection, selection, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.settings import Settings
    from wps.selection import Choice

_ADVISORY = "nobody enforces it: no team config service is configured"
_INNER = frozenset({Action.WHOAMI, Action.REDEEM, Action.CONFIGURE, Action.LOCK_SELF, Action.AUDIT_OWN})
"""Words of the policy that nobody asks for: they go with others, or are nobody's."""


def explain(action: str, choice: Choice, where: str, *, as_json: bool) -> int:
    """Explain a right.

    Args:
        action: Word of the policy: "promote".
        choice: Project and environment, as far as the user named them.
        where: The argument or variable that named the environment.
        as_json: Whether to print JSON.

    Returns:
        0 if it is allowed, or if nobody enforces it; 1 if it is not.

    Raises:
        StandardsError: There is no such action, project or environment, or the service is away.
    """
    _check(action)
    named = connection.found()
    workspace = choice.env or os.environ.get(selection.VARIABLE) or ""
    try:
        project, app = selection.named(choice)
    except StandardsError as err:
        if workspace or err.kind != "missing":
            raise
        project, app = "", ""  # what is about no project: audit-read, lock, ...
    if not named.service:
        return _embedded(named, action, project, workspace, where, as_json=as_json)
    with connection.signed_in(named) as service:
        target = connection.message("common_pb2.Target", project=project, app=app, workspace=workspace)
        request = connection.message("standards_pb2.ExplainRightRequest", action=action, target=target)
        try:
            told = service.call("Standards/ExplainRight", request)
        except StandardsError as err:
            if not workspace or err.problems[0].what != _unmapped(workspace):
                raise
            reply = service.call("Sessions/WhoAmI", connection.message("sessions_pb2.WhoAmIRequest"))
            raise _unknown_environment(workspace, list(reply.environments), where) from err
    if as_json:
        facts = {"action": action, "project": project, "workspace": workspace}
        terminal.document({**facts, "allowed": told.allowed, "steps": list(told.steps), "text": told.text})
    else:
        terminal.heading(f"{_sentence(action, project, workspace)}: {'allowed' if told.allowed else 'not allowed'}")
        terminal.line(told.text)
    return 0 if told.allowed else 1


def _check(action: str) -> None:
    """Refuse what is no word of the policy."""
    if action in tuple(Action):
        return
    asked = [word.value for word in Action if word not in _INNER]
    close = nearest(action, asked)
    why, where = f"there are {', '.join(asked)}", "the argument --can"
    fix = f"write {close}" if close else "write one of these"
    raise StandardsError([errors.Problem(f"unknown action {action}", why, fix, where, "option")])


def _unmapped(workspace: str) -> str:
    return f'workspace "{workspace}" stands for no environment'


def _unknown_environment(workspace: str, known: Sequence[str], where: str) -> StandardsError:
    what, why = f"unknown environment {workspace}", f"the environments are {', '.join(known)}"
    return errors.missing(what, why, f"write {selection.meant(workspace, known)}", where)


def _embedded(named: Settings, action: str, project: str, workspace: str, where: str, *, as_json: bool) -> int:
    """Tell who has a right by standards that nobody enforces."""
    from teamconfig.policy import authorize, right  # noqa: PLC0415  # without a service only
    from teamconfig.policy.question import FAVOURABLE, about  # noqa: PLC0415
    from teamconfig.policy.standing import Standing  # noqa: PLC0415
    from teamconfig.policy.words import Reason  # noqa: PLC0415

    tree = source.read(named.standards, named.base, os.environ)
    try:
        environment = tree.environment_of(workspace or "default") if project or workspace else ""
    except StandardsError as err:
        raise _unknown_environment(workspace, tree.org.environments, where) from err
    if project:
        tree.team_of(project)
    asked = about(tree, action, Standing(), project=project, environment=environment, facts=FAVOURABLE)
    decision = authorize.decide(asked)
    told = right.explain(tree, asked, decision)
    if decision.reason != Reason.NO_ROLE:  # forbidden to everybody, or no such thing
        lines = str(right.problem(tree, asked, decision)).splitlines()
    else:
        lines = [f"{role}: {', '.join(groups) or 'bound to nobody'}" for role, groups in told.holders]
    if as_json:
        facts = {"action": action, "project": project, "environment": environment, "allowed": None}
        holders = {role: list(groups) for role, groups in told.holders}
        terminal.document({**facts, "holders": holders, "ask": told.ask, "text": "\n".join(lines), "note": _ADVISORY})
        return 0
    terminal.heading(f"{_sentence(action, project, environment)} takes")
    for line in lines:
        terminal.line(line)
    terminal.line(f"ask {told.ask}")
    terminal.line(_ADVISORY)
    return 0


def _sentence(action: str, project: str, environment: str) -> str:
    where = f" in {environment}" if environment else ""
    return f"{action} {project}".strip() + where
