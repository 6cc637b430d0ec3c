"""What `authorize.decide` is asked, and how it is put together from the standards.

What a caller leaves out counts against it: facts are False until somebody has
looked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from teamconfig.policy.standing import Standing
from teamconfig.policy.words import EnvironmentKind, ServiceMode, SessionState

if TYPE_CHECKING:
    from teamconfig.tree import Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the caller of `decide` has looked up, beside who and what.

    Args:
        groups_fresh: Groups or claims were read for this very call; everything in production needs it.
        requested_by_another: What is to be approved was asked for, or what is to be taken back was rejected, by
            somebody else, under no other name the same.
        digest_seen: The image ran in the environment before this one, for this team.
        approvals: Others who have approved.
        approvals_wanted: As the standards say (`promotion.approvals`).
        logs_closed: The team keeps its developers from logs in production.
    """

    groups_fresh: bool = False
    requested_by_another: bool = False
    digest_seen: bool = False
    approvals: int = 0
    approvals_wanted: int = 1
    logs_closed: bool = False

    def wanting(self, approvals: int) -> Facts:
        """Give the same facts where so many approvals are wanted, and all of them are there.

        Args:
            approvals: How many.

        Returns:
            The facts.
        """
        return replace(self, approvals=max(approvals, 1), approvals_wanted=approvals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this principal do that, there, now? Any text is a fair question; what is unknown is denied.

    Args:
        action: One of `Action`.
        kind: One of `EnvironmentKind`.
        environment: Its name, for people; nothing is decided by it.
        team: Team that owns the target, from the standards and never from the caller; "" if none.
        project: The target, "" if none.
        standing: Who asks.
        session: One of `SessionState`.
        mode: One of `ServiceMode`.
        facts: What was looked up.
    """

    action: str
    kind: str = EnvironmentKind.NONE
    environment: str = ""
    team: str = ""
    project: str = ""
    standing: Standing = field(default_factory=Standing)
    session: str = SessionState.EXPIRED
    mode: str = ServiceMode.NORMAL
    facts: Facts = field(default_factory=Facts)


FAVOURABLE = Facts(groups_fresh=True, requested_by_another=True, digest_seen=True, approvals=1)
"""Everything that can be looked up speaks for it: shows what roles permit."""


def environment_kind(tree: Tree, environment: str) -> EnvironmentKind:
    """Tell what sort of environment it is.

    Args:
        tree: The standards.
        environment: Name of an environment, not of a workspace; "" for none.

    Returns:
        NONE for "", UNKNOWN for what the company does not have; a protected one is production, even if it is the first.
    """
    org = tree.org
    if not environment:
        return EnvironmentKind.NONE
    if environment not in org.environments:
        return EnvironmentKind.UNKNOWN
    if environment in org.protected:
        return EnvironmentKind.PRODUCTION
    return EnvironmentKind.DEV if environment == org.environments[0] else EnvironmentKind.STAGE


def about(
    tree: Tree,
    action: str,
    standing: Standing,
    *,
    project: str = "",
    team: str = "",
    environment: str = "",
    session: str = SessionState.FRESH,
    mode: str = ServiceMode.NORMAL,
    facts: Facts | None = None,
) -> Question:
    """Put a question about a project, a team, or neither.

    Args:
        tree: The standards; they say whose the project is.
        action: One of `Action`.
        standing: Who asks.
        project: Waypoint's project; one that no team has belongs to none.
        team: For what is about a team and no project, as registering one; a project's own team goes before it.
        environment: Name of an environment; "" for none.
        session: One of `SessionState`.
        mode: One of `ServiceMode`.
        facts: What was looked up; None if nothing was.

    Returns:
        The question.
    """
    return Question(
        action=action,
        kind=environment_kind(tree, environment),
        environment=environment,
        team=tree.owners.get(project, "" if project else team),
        project=project,
        standing=standing,
        session=session,
        mode=mode,
        facts=facts or Facts(),
    )
