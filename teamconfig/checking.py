"""Resolve every app in every environment: what a change to the standards would break, before anyone runs into it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import resolve
from teamconfig.errors import Problem, StandardsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from teamconfig.tree import Tree

ANY_APP = "any-app"
"""Stands for an app without files of its own, so that a team's own layers are checked where it names no apps."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found.

    Args:
        teams: Number of teams.
        apps: Number of apps with layers of their own.
        profiles: Number of (app, environment) that were resolved.
        problems: Each problem once, with where it shows: "shop/web in production".
    """

    teams: int
    apps: int
    profiles: int
    problems: tuple[tuple[Problem, tuple[str, ...]], ...]


def check(tree: Tree, teams: Iterable[str] | None = None) -> Report:
    """Resolve everything.

    Args:
        tree: A revision of the standards.
        teams: Names of the teams to look at; all if left out.

    Returns:
        What was found.
    """
    found: dict[Problem, list[str]] = {}
    apps = profiles = 0
    names = sorted(tree.teams if teams is None else teams)
    for name in names:
        team = tree.teams[name]
        apps += len(team.apps)
        for project, app in [*sorted(team.apps), *((project, ANY_APP) for project in team.projects)]:
            for environment in tree.org.environments:
                profiles += 1
                try:
                    resolve.profile(tree, project=project, app=app, workspace=environment)
                except StandardsError as err:
                    shown = f"{project} in {environment}" if app == ANY_APP else f"{project}/{app} in {environment}"
                    for problem in err.problems:
                        found.setdefault(problem, []).append(shown)
    problems = tuple((problem, tuple(at)) for problem, at in found.items())
    return Report(len(names), apps, profiles, problems)
