"""Which namespaces a team's apps may run in, as its standards say. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import templates
from teamconfig.credentials import names
from teamconfig.errors import Problem, StandardsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from teamconfig.tree import Team, Tree

_KEY = ("kubernetes", "namespace")
_ANY_APP = ""
"""An app that the standards do not mention."""

_ANY_PROJECT = "any-project"
"""Stands for one that is registered with the service, and in no team.yaml."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of a team.

    Args:
        name: Of the namespace.
        team: Whose it is.
        environments: That run there, in the order of promotion.
        protected: Whether they are protected.
    """

    name: str
    team: str
    environments: tuple[str, ...]
    protected: bool


def of(tree: Tree, environments: Iterable[str]) -> list[Namespace]:
    """List the namespaces of all teams in some environments.

    Args:
        tree: The standards.
        environments: Those that share a cluster.

    Returns:
        In the order of their names; each belongs to one team, and is protected or is not.

    Raises:
        StandardsError: One would belong to two teams, or to a protected environment and to another (kind state).
    """
    users: dict[str, list[tuple[str, str]]] = {}
    for environment in environments:
        for team in tree.teams.values():
            for name in dict.fromkeys(_names(tree, team, environment)):
                users.setdefault(name, []).append((team.name, environment))
    clashes = [problem for name, found in users.items() for problem in _clashes(tree, name, found)]
    if clashes:
        raise StandardsError(
            clashes, f"{len(clashes)} namespaces would open one team's or environment's pods to another"
        )
    return [
        Namespace(name, found[0][0], tuple(environment for _, environment in found), found[0][1] in tree.org.protected)
        for name, found in sorted(users.items())
    ]


def _names(tree: Tree, team: Team, environment: str) -> Iterator[str]:
    """Go through what each app, and one that is not mentioned, gets."""
    apps = [(_ANY_PROJECT, _ANY_APP), *((project, _ANY_APP) for project in team.projects), *team.apps]
    for project, app in apps:
        value = ""
        for layer in tree.layers(team, project, app, environment):
            leaf = layer.leaves.get(_KEY)
            value = str(leaf.value) if leaf is not None else value
        if not value:
            yield names.namespace(team.name, environment)
        elif (app != _ANY_APP or "{app}" not in value) and (project != _ANY_PROJECT or "{project}" not in value):
            words = {"org": tree.org.name, "team": team.name, "project": project, "app": app,
                     "environment": environment}  # fmt: skip
            yield templates.fill(value, words)


def _clashes(tree: Tree, name: str, users: list[tuple[str, str]]) -> Iterator[Problem]:
    fix = "give each its own kubernetes.namespace, as {team}-{environment}"
    teams = sorted({team for team, _ in users})
    if name == names.RIGHTS_NAMESPACE:
        why = "it holds the service accounts of all teams"
        yield Problem(f"namespace {name} is used by team {teams[0]}", why, fix, "kubernetes.namespace", "state")
    if len(teams) > 1:
        why = f"teams {', '.join(teams)} would reach each other's pods"
        yield Problem(f"namespace {name} belongs to {len(teams)} teams", why, fix, "kubernetes.namespace", "state")
    guarded = sorted({environment for _, environment in users if environment in tree.org.protected})
    others = sorted({environment for _, environment in users} - set(guarded))
    if guarded and others:
        why = f"who may exec in {', '.join(others)} could in {', '.join(guarded)} too"
        what = f"namespace {name} holds protected and other environments"
        yield Problem(what, why, fix, "kubernetes.namespace", "state")
