"""Whose a project is, and telling it to whoever keeps that.

Standards in a directory or in git say so in team.yaml: a project is added there by a change that its owners review. A
team config service is told by a call; that belongs into `register`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import StandardsError, errors
from teamconfig.keys import nearest

if TYPE_CHECKING:
    from teamconfig.tree import Team, Tree

_ARGUMENT = "the argument --team"


@dataclass(frozen=True, slots=True)
class Registration:
    """A project that belongs to a team.

    Args:
        project: Waypoint's project.
        team: Its team.
        remote: Its git remote as host/path; empty if it has none.
        note: What the user should know of it; empty if nothing.
    """

    project: str
    team: str
    remote: str
    note: str = ""


def register(project: str, remote: str, team: str) -> Registration:
    """Tie a project to its repository.

    Args:
        project: Waypoint's project.
        remote: Its git remote as host/path; empty if it has none.
        team: Its team, as `owner` gives it.

    Returns:
        What holds now.
    """
    return Registration(project, team, remote)  # team.yaml says it already, or `owner` has refused


def owner(tree: Tree, project: str, team: str | None) -> str:
    """Find the team of a project.

    Args:
        tree: The standards.
        project: Waypoint's project.
        team: The team that the user named, or None.

    Returns:
        Its name.

    Raises:
        StandardsError: No team has the project, or another one, or there is no such team (kind missing); the fix is the
            line to change.
    """
    if team is not None and team not in tree.teams:
        close = nearest(team, tree.teams)
        fix = f"write --team {close}" if close else "name one of them"
        known = ", ".join(sorted(tree.teams)) or "none"
        raise errors.missing(f"unknown team {team}", f"the standards have the teams {known}", fix, _ARGUMENT)
    try:
        found = tree.team_of(project).name
    except StandardsError as err:
        problem = err.problems[0]
        close = nearest(project, tree.owners)
        meant = f"give --project {close} if you meant that one, or " if close else ""
        fix, where = _line_to_change(tree, project, team)
        raise errors.missing(problem.what, problem.why, meant + fix, where) from err
    if team is not None and team != found:
        why = f"teams/{found}/team.yaml lists it under team.projects"
        fix = f"leave --team out, or ask {tree.teams[found].owner or found} to give it to you"
        raise errors.missing(f'project "{project}" is not of team {team}', why, fix, _ARGUMENT)
    return found


def _line_to_change(tree: Tree, project: str, team: str | None) -> tuple[str, str]:
    """Tell which line of which file makes a project a team's."""
    ask = tree.org.contact or "the platform team"
    teams = sorted(tree.teams)
    chosen = team or (teams[0] if len(teams) == 1 else None)
    if chosen is None:
        some = ", ".join(teams) or "none yet"
        return f"name your team with --team to read which line to change (teams: {some}), or ask {ask}", "team.projects"
    one: Team = tree.teams[chosen]
    line = f"projects: [{', '.join([*one.projects, project])}]"
    path = f"teams/{chosen}/team.yaml"
    folder = Path(tree.origin)
    if not folder.is_dir():
        return f"have {path} of {tree.origin} changed to: {line}", path
    return f"change team.projects to: {line}", _numbered(folder / path)


def _numbered(path: Path) -> str:
    """Name the line of a team.yaml that lists its projects."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return str(path)
    found = (
        number for number, line in enumerate(lines, 1) if re.match(r"\s+projects\s*:|team\s*:.*\bprojects\s*:", line)
    )
    return f"{path}:{number}" if (number := next(found, 0)) else str(path)
