"""A decision in words: the four lines of a denial, and the steps of `wps explain --can`.

Pure. Decides nothing. Texts of callers are shown without their control
characters, as they end in terminals and logs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig.bindings import ORGANIZATION_ROLES
from teamconfig.errors import Problem
from teamconfig.keys import nearest
from teamconfig.policy import authorize
from teamconfig.policy.question import FAVOURABLE, about
from teamconfig.policy.table import LEAST_APPROVALS, LINEAGE, TABLE
from teamconfig.policy.words import Action, EnvironmentKind, Reason, Role, ServiceMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from teamconfig.policy.authorize import Decision, Step
    from teamconfig.policy.question import Question
    from teamconfig.policy.standing import Standing
    from teamconfig.tree import Tree

_LONGEST = 80
_REVIEW = "change it in the repository of the standards, by review"
_AGAIN = "run wps init to sign in again"


@dataclass(frozen=True, slots=True)
class Right:
    """A decision, for people.

    Args:
        allowed: Whether they may.
        steps: How it was decided, one line each.
        holders: Roles that may, each with the ids of its groups; ci with its repositories.
        ask: Whom to ask.
        text: The steps, and for a denial its four lines.
    """

    allowed: bool
    steps: tuple[str, ...]
    holders: tuple[tuple[str, tuple[str, ...]], ...]
    ask: str
    text: str


def explain(tree: Tree, question: Question, decision: Decision) -> Right:
    """Tell how it was decided.

    Args:
        tree: The standards.
        question: What was asked; where its facts are FAVOURABLE but for the approvals that are wanted, what nobody
            has looked up yet is told as a condition.
        decision: What `authorize.decide` said of it.

    Returns:
        The decision in words.
    """
    conditions = _conditions(question) if decision.allowed else ()
    end = f"allowed, if {' and '.join(conditions)}" if conditions else "allowed"
    if not decision.allowed:
        end = f"not allowed ({decision.reason})"
    steps = (*(_step(question, decision, step) for step in decision.steps), end)
    told = "" if decision.allowed else f"\n{problem(tree, question, decision)}"
    text = "\n".join(steps) + told
    return Right(decision.allowed, steps, holders(tree, question, decision.holders), contact(tree, question), text)


def _conditions(question: Question) -> tuple[str, ...]:
    """List what a deploy or promotion still takes, where the question only supposes it."""
    if question.facts != FAVOURABLE.wanting(question.facts.approvals_wanted):
        return ()
    key = question.action, question.kind
    wanted = max(LEAST_APPROVALS[key], question.facts.approvals_wanted) if key in LEAST_APPROVALS else 0
    others = f"{wanted} other{'s have' if wanted > 1 else ' has'} approved"
    seen = "the image has run in the environment before"
    return (*([seen] if key in LINEAGE else []), *([others] if wanted else []))


def problem(tree: Tree, question: Question, decision: Decision) -> Problem:
    """Tell a denial.

    Args:
        tree: The standards.
        question: What was asked.
        decision: A denial of it.

    Returns:
        What, why, whom to ask or what to do, and where the rule is bound.
    """
    why, fix, where = _told(tree, question, decision)
    return Problem(f"{_capability(question)} is not allowed", why, fix, where, "policy")


def allowed(tree: Tree, standing: Standing, team: str, environment: str, project: str = "") -> tuple[Action, ...]:
    """List what roles allow in a team and environment, if all else holds.

    Args:
        tree: The standards.
        standing: Whose roles.
        team: Name of the team.
        environment: Name of the environment; "" for what is about none.
        project: A project of the team; for a CI job, whose role is bound to projects.

    Returns:
        Actions in the order of `Action`.
    """
    asked = {
        action: about(
            tree, action, standing, project=project, team=team, environment=environment, facts=FAVOURABLE
        )
        for action in Action
    }  # fmt: skip
    return tuple(action for action, question in asked.items() if authorize.decide(question).allowed)


def contact(tree: Tree, question: Question) -> str:
    """Tell whom to ask.

    Args:
        tree: The standards.
        question: What was asked.

    Returns:
        The team's owner, the company's contact, or "the platform team".
    """
    team = tree.teams.get(question.team)
    return (team.owner if team is not None else "") or tree.org.contact or "the platform team"


def holders(tree: Tree, question: Question, roles: Iterable[Role]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Tell who has roles.

    Args:
        tree: The standards.
        question: What was asked; its team counts.
        roles: Which.

    Returns:
        Each role with the ids of its groups, ci with the repositories of its jobs; empty ones are bound to nobody.
    """
    team = tree.teams.get(question.team)
    bound: dict[str, tuple[str, ...]] = dict(tree.org.roles)
    if team is not None:
        fits = [job for job in team.workloads if question.project in (job.projects or team.projects)]
        bound |= {**team.roles, Role.CI: tuple(dict.fromkeys(job.repository for job in fits))}
    return tuple((role.value, tuple(bound.get(role, ()))) for role in roles)


def _told(tree: Tree, question: Question, decision: Decision) -> tuple[str, str, str]:
    """Give why, fix and where of a denial."""
    ask = f"ask {contact(tree, question)}"
    if decision.reason in _LOOKED_UP:
        why, fix = _LOOKED_UP[decision.reason](tree, question, decision)
        bound = f"teams/{shown(question.team)}/team.yaml" if question.team in tree.teams else "org.yaml"
        return why, fix or ask, bound if decision.reason != Reason.UNKNOWN_ENVIRONMENT else "org.yaml"
    why, fix, where = _PLAIN[decision.reason]
    return why, fix.format(ask=ask), where


_PLAIN: dict[Reason, tuple[str, str, str]] = {
    Reason.UNKNOWN_ACTION: ("there is no such action", f"use one of {', '.join(Action)}", "the name of the action"),
    Reason.SESSION_EXPIRED: ("the session has expired", _AGAIN, "the session"),
    Reason.SESSION_REVOKED: ("the session was ended", _AGAIN, "the session"),
    Reason.SESSION_LOCKED: ("the user, team, project or device is locked", "{ask} why", "the session"),
    Reason.SESSION_UNKNOWN: ("the state of the session is unknown", _AGAIN, "the session"),
    Reason.ACCOUNT_DISABLED: ("the directory says that the account is disabled", "{ask}", "the company's directory"),
    Reason.CONFIG_BY_REVIEW: ("standards are changed in git and nowhere else", _REVIEW, "org.yaml, teams/"),
    Reason.EXEC_IN_PRODUCTION: (
        "nobody may open a shell in production, and no setting can permit it",
        "use `waypoint logs`, or reproduce it in an environment before",
        "built in",
    ),
    Reason.SELF_APPROVAL: (
        "nobody approves what they asked for, or takes back what they rejected",
        "ask somebody else to approve, or to take it back",
        "built in",
    ),
    Reason.DEGRADED: ("the config service is away, and it takes more than a cached profile", "wait for it", "built in"),
    Reason.STALE_GROUPS: ("the groups were not read recently enough", "run it again, wps reads them", "the session"),
    Reason.DIGEST_UNSEEN: (
        "the image has not run in the environment before",
        "deploy it there first, then promote that digest",
        "built in",
    ),
}  # fmt: skip


def _no_role(tree: Tree, question: Question, decision: Decision) -> tuple[str, str]:
    """Say which roles it takes, who has them, and what the caller is."""
    whose = f"project {shown(question.project)} belongs to no team; " if question.project and not question.team else ""
    takes = _named(holders(tree, question, decision.holders), question)
    return f"{whose}it takes {takes}; roles of the caller there: {_roles(question)}", ""


def _no_approval(tree: Tree, question: Question, _decision: Decision) -> tuple[str, str]:
    wanted = max(LEAST_APPROVALS.get((question.action, question.kind), 0), question.facts.approvals_wanted)
    approvers = TABLE[Action.APPROVE, EnvironmentKind.PRODUCTION]
    who = _named(holders(tree, question, [role for role in Role if role in approvers]), question)
    return f"{question.facts.approvals} of {wanted} have approved", f"ask {who}, but not who asked, to approve"


def _unknown_environment(tree: Tree, question: Question, _decision: Decision) -> tuple[str, str]:
    known = ", ".join(tree.org.environments)
    close = nearest(question.environment, tree.org.environments)
    return f"the environments of {tree.org.name} are {known}", f"use {close}" if close else f"use one of {known}"


def _no_rule(_tree: Tree, question: Question, _decision: Decision) -> tuple[str, str]:
    kinds = [kind for kind in EnvironmentKind if (question.action, kind) in TABLE]
    return f"{question.action} is for environments of kind {' or '.join(kinds)}", "name one of these"


def _logs_closed(_tree: Tree, question: Question, _decision: Decision) -> tuple[str, str]:
    return f"team {shown(question.team)} keeps its developers from logs in production", ""


def _ref_unprotected(_tree: Tree, question: Question, _decision: Decision) -> tuple[str, str]:
    why = f"the job's ref is not bound as protected for project {shown(question.project)}, see team.workloads"
    return why, "run it for a protected ref"


_LOOKED_UP: dict[Reason, Callable[[Tree, Question, Decision], tuple[str, str]]] = {
    Reason.NO_ROLE: _no_role,
    Reason.APPROVAL_MISSING: _no_approval,
    Reason.UNKNOWN_ENVIRONMENT: _unknown_environment,
    Reason.NO_RULE: _no_rule,
    Reason.LOGS_CLOSED: _logs_closed,
    Reason.REF_UNPROTECTED: _ref_unprotected,
}
"""Why and fix of what depends on the standards; an empty fix is to ask the contact."""


def _named(who: Iterable[tuple[str, tuple[str, ...]]], question: Question) -> str:
    parts = []
    for role, groups in who:
        of = "" if role in ORGANIZATION_ROLES or not question.team else f" of team {shown(question.team)}"
        parts.append(f"{role}{of} ({', '.join(groups) or 'bound to nobody'})")
    return " or ".join(parts)


def _roles(question: Question) -> str:
    held = question.standing.in_team(question.team, question.project) | question.standing.organization
    return ", ".join(role for role in Role if role in held) or "none"


def _step(question: Question, decision: Decision, step: Step) -> str:
    """Write one step as "name: what was found"."""
    found = {
        "session": shown(question.session),
        "account": "disabled" if question.standing.disabled else "not disabled",
        "action": shown(question.action),
        "environment": _environment(question),
        "forbidden": "nobody may" if step.reason else "not forbidden to everybody",
        "mode": "the service is away" if question.mode == ServiceMode.DEGRADED else "the service answers",
        "rule": f"it takes {' or '.join(decision.holders) or 'what nobody has'}",
        "groups": "not read recently enough" if step.reason else "read recently enough",
        "role": f"roles of the caller there: {_roles(question)}",
        "logs": "closed to developers by the team" if step.reason else "open to that role",
        "ref": "the job's ref is not a protected one" if step.reason else "no protected ref is missing",
        "approver": "asked for by the caller" if step.reason else "not a self-approval",
        "digest": _digest(question, step),
        "approvals": "more are wanted" if step.reason else "enough, or still to come",
    }[step.name]
    return f"{step.name}: {found}"


def _digest(question: Question, step: Step) -> str:
    if step.reason:
        return "the image did not run in the environment before"
    takes = (question.action, question.kind) in LINEAGE
    return "an image that has run in the environment before" if takes else "any image"


def _environment(question: Question) -> str:
    if question.kind == EnvironmentKind.NONE:
        return "none"
    return f"{shown(question.environment or question.kind)}, of kind {shown(question.kind)}"


def _capability(question: Question) -> str:
    return shown(authorize.capability(question))


def shown(text: str) -> str:
    """Make a caller's text fit to be shown.

    Args:
        text: Anything.

    Returns:
        At most 80 signs, all printable.
    """
    return "".join(sign if sign.isprintable() else "?" for sign in text[:_LONGEST])
