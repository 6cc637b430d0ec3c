"""May they? A total function of a question, over the frozen table.

Pure: no clock, no I/O, and every text is an answerable question. What is
unknown is denied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig.policy.table import (
    ABOUT_ONESELF,
    BY_ANOTHER,
    FORBID,
    LEAST_APPROVALS,
    LINEAGE,
    OFFLINE,
    PROTECTED_REF,
    TABLE,
)
from teamconfig.policy.words import Action, EnvironmentKind, Reason, Role, ServiceMode, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.policy.question import Question

    Check = Callable[[Question], Reason | None]

_SESSIONS: dict[str, Reason | None] = {
    SessionState.FRESH: None,
    SessionState.STALE_GROUPS: None,
    SessionState.EXPIRED: Reason.SESSION_EXPIRED,
    SessionState.REVOKED: Reason.SESSION_REVOKED,
    SessionState.LOCKED: Reason.SESSION_LOCKED,
}
_ACTIONS = frozenset(Action)
_KINDS = frozenset(EnvironmentKind) - {EnvironmentKind.UNKNOWN}
_ROLES = tuple(Role)
_NOBODY: frozenset[Role] = frozenset()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at.

    Args:
        name: "session", "account", "action", "environment", "forbidden", "mode", "rule", "groups", "role", "logs",
            "ref", "approver", "digest" or "approvals".
        reason: Why it ended here, or None if it is fine.
    """

    name: str
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer.

    Args:
        allowed: Whether they may.
        reason: Why; ALLOWED, or the reason of the last step.
        steps: What was looked at, in order.
        holders: Roles that the table names for it, in the order of `Role`.
        missing: The capability that they lack: "promote in production"; empty if they lack something else.
    """

    allowed: bool
    reason: Reason
    steps: tuple[Step, ...]
    holders: tuple[Role, ...]
    missing: str = ""


def decide(question: Question) -> Decision:
    """Decide.

    Args:
        question: Any.

    Returns:
        The decision; never an exception.
    """
    row = TABLE.get((question.action, question.kind), _NOBODY)
    holders = tuple(role for role in _ROLES if role in row)
    steps: list[Step] = []
    for name, check in _GENERAL if question.action == Action.WHOAMI else _ALL:
        reason = check(question)
        steps.append(Step(name, reason))
        if reason is not None:
            missing = capability(question) if reason == Reason.NO_ROLE else ""
            return Decision(allowed=False, reason=reason, steps=tuple(steps), missing=missing, holders=holders)
    return Decision(allowed=True, reason=Reason.ALLOWED, steps=tuple(steps), holders=holders)


def capability(question: Question) -> str:
    """Name what somebody needs.

    Args:
        question: Any.

    Returns:
        "promote in production", or the action alone where it is about no environment.
    """
    if question.kind == EnvironmentKind.NONE:
        return question.action
    return f"{question.action} in {question.environment or question.kind}"


def fitting(question: Question) -> frozenset[Role]:
    """Give the roles by which they may, conditions apart.

    Args:
        question: Any.

    Returns:
        Those of their roles that the table names: roles of the company count everywhere, of a team there.
    """
    standing = question.standing
    own = standing.in_team(question.team, question.project)
    if question.action in ABOUT_ONESELF:
        own = frozenset(role for roles in standing.teams.values() for role in roles)
    return (own | standing.organization) & TABLE.get((question.action, question.kind), _NOBODY)


def _session(question: Question) -> Reason | None:
    return _SESSIONS.get(question.session, Reason.SESSION_UNKNOWN)


def _account(question: Question) -> Reason | None:
    return Reason.ACCOUNT_DISABLED if question.standing.disabled else None


def _action(question: Question) -> Reason | None:
    return None if question.action in _ACTIONS else Reason.UNKNOWN_ACTION


def _environment(question: Question) -> Reason | None:
    return None if question.kind in _KINDS else Reason.UNKNOWN_ENVIRONMENT


def _forbidden(question: Question) -> Reason | None:
    return FORBID.get((question.action, question.kind))


def _mode(question: Question) -> Reason | None:
    offline = (question.action, question.kind) in OFFLINE
    return None if question.mode == ServiceMode.NORMAL or offline else Reason.DEGRADED


def _rule(question: Question) -> Reason | None:
    return None if (question.action, question.kind) in TABLE else Reason.NO_RULE


def _groups(question: Question) -> Reason | None:
    unread = question.kind == EnvironmentKind.PRODUCTION and not question.facts.groups_fresh
    return Reason.STALE_GROUPS if unread or question.session != SessionState.FRESH else None


def _role(question: Question) -> Reason | None:
    return None if fitting(question) else Reason.NO_ROLE


def _logs(question: Question) -> Reason | None:
    closed = question.facts.logs_closed and (question.action, question.kind) == (
        Action.LOGS,
        EnvironmentKind.PRODUCTION,
    )
    return Reason.LOGS_CLOSED if closed and fitting(question) == {Role.DEVELOPER} else None


def _ref(question: Question) -> Reason | None:
    needed = (question.action, question.kind) in PROTECTED_REF and fitting(question) == {Role.CI}
    return Reason.REF_UNPROTECTED if needed and question.project not in question.standing.protected else None


def _approver(question: Question) -> Reason | None:
    own = question.action in BY_ANOTHER and not question.facts.requested_by_another
    return Reason.SELF_APPROVAL if own else None


def _digest(question: Question) -> Reason | None:
    needed = (question.action, question.kind) in LINEAGE
    return Reason.DIGEST_UNSEEN if needed and not question.facts.digest_seen else None


def _approvals(question: Question) -> Reason | None:
    least = LEAST_APPROVALS.get((question.action, question.kind))
    facts = question.facts
    lacking = least is not None and facts.approvals < max(least, facts.approvals_wanted)
    return Reason.APPROVAL_MISSING if lacking else None


_GENERAL: tuple[tuple[str, Check], ...] = (
    ("session", _session), ("account", _account), ("action", _action), ("environment", _environment),
    ("forbidden", _forbidden), ("mode", _mode),
)  # fmt: skip
_ALL: tuple[tuple[str, Check], ...] = (
    *_GENERAL, ("rule", _rule), ("groups", _groups), ("role", _role), ("logs", _logs), ("ref", _ref),
    ("approver", _approver), ("digest", _digest), ("approvals", _approvals),
)  # fmt: skip
"""In this order; what waiting or others can mend comes last."""
