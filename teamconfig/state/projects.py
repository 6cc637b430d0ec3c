"""Projects: which team and git remote a project belongs to.

Owns the statements over `projects`. Knows no clock: times come from the
caller, in seconds since 1970.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from teamconfig.state.errors import refused
from teamconfig.state.people import from_columns, to_columns
from teamconfig.state.tables import PROJECTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, RowMapping

    from teamconfig.identity.principal import Principal

MOST_PROJECTS = 500
"""That a team may register; team.yaml may list more."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project, tied to a team.

    Args:
        name: Of the project, as in waypoint.hcl.
        team: Whose it is.
        remote: Git remote, normalised: host/path.
        by: Who registered it.
        created: Seconds since 1970.
    """

    name: str
    team: str
    remote: str
    by: Principal
    created: float


@dataclass(frozen=True, slots=True)
class Registration:
    """What registering did.

    Args:
        project: As it stands now.
        created: Whether this call made it.
    """

    project: Project
    created: bool


def register(tx: Connection, name: str, *, team: str, remote: str, by: Principal, now: float) -> Registration:
    """Tie a project to a team and a git remote; the same again changes nothing.

    Args:
        tx: Transaction of the writer.
        name: Of the project.
        team: Whose it is.
        remote: Git remote, normalised.
        by: Who registers it.
        now: Seconds since 1970.

    Returns:
        The project, and whether it is new.

    Raises:
        RefusedError: "project_taken" (another team has it), "remote_differs" (another git remote is known for it),
            or "too_many_projects".
    """
    before = find(tx, name)
    if before is None:
        mine = select(func.count()).select_from(PROJECTS).where(PROJECTS.c.team == team)
        if (tx.execute(mine).scalar() or 0) >= MOST_PROJECTS:
            raise refused(
                "too_many_projects",
                f"project {name} cannot be registered for team {team}",
                f"a team registers at most {MOST_PROJECTS}",
                "list it in team.yaml instead",
            )
        row = {"project": name, "team": team, "remote": remote, **to_columns("by", by), "created": now}
        tx.execute(insert(PROJECTS), row)
        return Registration(Project(name, team, remote, by, now), created=True)
    if before.team != team:
        raise refused(
            "project_taken",
            f"project {name} cannot be registered for team {team}",
            "another team has a project of this name",
            "choose another name, or ask the platform team",
        )
    if before.remote != remote:
        raise refused(
            "remote_differs",
            f"project {name} cannot be registered with {remote}",
            f"it is known with {before.remote}",
            "choose another name, or ask the platform team to move it",
        )
    return Registration(before, created=False)


def find(tx: Connection, name: str) -> Project | None:
    """Find a project.

    Args:
        tx: Any connection.
        name: Of the project.

    Returns:
        The project, or None.
    """
    row = tx.execute(select(PROJECTS).where(PROJECTS.c.project == name)).mappings().first()
    return None if row is None else _from_row(row)


def page(tx: Connection, *, teams: Collection[str] | None = None, after: str = "", limit: int = 100) -> list[Project]:
    """List projects by name, a page at a time.

    Args:
        tx: Any connection.
        teams: Of these teams only; None for all.
        after: Name of the last project of the page before; empty for the first page.
        limit: At most so many.

    Returns:
        The projects; fewer than `limit` on the last page.
    """
    wanted = select(PROJECTS).where(PROJECTS.c.project > after)
    if teams is not None:
        wanted = wanted.where(PROJECTS.c.team.in_(sorted(teams)))
    rows = tx.execute(wanted.order_by(PROJECTS.c.project).limit(limit)).mappings()
    return [_from_row(row) for row in rows]


def _from_row(row: RowMapping) -> Project:
    return Project(row["project"], row["team"], row["remote"], from_columns("by", row), row["created"])
