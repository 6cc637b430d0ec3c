"""What a principal is, in which team: from groups, or from a CI job's claims, to roles.

Pure. Positive rules only: what is missing, malformed or unknown gives nothing,
so that to lose a group never gains a right. Groups and jobs never mix: a person
is no job whatever the claims, a job has no role by groups.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import ascii_lowercase, ascii_uppercase
from typing import TYPE_CHECKING

from teamconfig.policy.words import ORGANIZATION_ROLES, TEAM_ROLES, Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from teamconfig.bindings import Workload
    from teamconfig.identity.principal import Membership, Principal
    from teamconfig.tree import Team, Tree

_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


@dataclass(frozen=True, slots=True)
class Standing:
    """Roles of one principal.

    Args:
        teams: Roles of a person, by team.
        organization: Roles in the company.
        jobs: Of a CI job: the projects that it may work on.
        protected: Of these, the ones for which its ref is protected.
        disabled: The account is disabled, locked or gone: nothing else counts.
    """

    teams: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    organization: frozenset[Role] = frozenset()
    jobs: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    disabled: bool = False

    def in_team(self, team: str, project: str) -> frozenset[Role]:
        """Give the roles that count for one team's project.

        Args:
            team: Name of a team, or "".
            project: A project of it, or "".

        Returns:
            Roles in the team; with ci if this is a job of that project.
        """
        roles = self.teams.get(team, frozenset())
        return roles | {Role.CI} if project in self.jobs else roles


def of(tree: Tree, principal: Principal, membership: Membership) -> Standing:
    """Find out what somebody is.

    Args:
        tree: The standards, which bind groups and jobs to roles.
        principal: Who.
        membership: What the issuer says of them.

    Returns:
        The standing; teams without a role are not in it.
    """
    if membership.disabled:
        return Standing(disabled=True)
    if principal.kind == "person":
        groups = _folded(membership.groups)
        teams = {name: _bound(team.roles, groups, TEAM_ROLES) for name, team in tree.teams.items()}
        held = {name: roles for name, roles in teams.items() if roles}
        return Standing(teams=held, organization=_bound(tree.org.roles, groups, ORGANIZATION_ROLES))
    matching = [
        (frozenset(job.projects or team.projects), _is_protected(job, membership.claims))
        for team in tree.teams.values()
        for job in team.workloads
        if _is_job(job, principal.issuer, membership.claims)
    ]
    jobs = frozenset(project for projects, _ in matching for project in projects)
    protected = frozenset(project for projects, sure in matching if sure for project in projects)
    return Standing(jobs=jobs, protected=protected)


def memberships(tree: Tree, standing: Standing) -> tuple[Team, ...]:
    """Give the teams that somebody has to do with.

    Args:
        tree: The standards that the standing was made with.
        standing: Whose.

    Returns:
        Teams in which a role is held, or whose projects a job works on; by name.
    """
    owners = {tree.owners[project] for project in standing.jobs if project in tree.owners}
    return tuple(tree.teams[name] for name in sorted(owners | standing.teams.keys()) if name in tree.teams)


def _bound(roles: Mapping[str, tuple[str, ...]], groups: frozenset[str], known: tuple[Role, ...]) -> frozenset[Role]:
    return frozenset(role for role in known if groups & _folded(roles.get(role, ())))


def _folded(groups: Iterable[str]) -> frozenset[str]:
    """Fold the case of ASCII only: directories ignore it, and other letters have twins that must not be one."""
    return frozenset(group.translate(_LOWER) for group in groups)


def _is_job(job: Workload, issuer: str, claims: Mapping[str, str]) -> bool:
    return (
        job.issuer == issuer
        and job.repository == claims.get("repository")
        and job.repository_id in ("", claims.get("repository_id"))
        and claims.get("event") in job.events
        and "ref" in claims
        and any(_matches(pattern, claims["ref"]) for pattern in job.refs)
    )


def _matches(pattern: str, ref: str) -> bool:
    return ref.startswith(pattern[:-1]) if pattern.endswith("*") else ref == pattern


def _is_protected(job: Workload, claims: Mapping[str, str]) -> bool:
    """Take the team's word for it, unless the issuer knows better; that it is a job of the binding is known already."""
    return job.protected and claims.get("ref_protected", "true") == "true"
