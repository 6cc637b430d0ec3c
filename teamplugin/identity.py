"""Whose deployment it is, and that a job is about the same one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from waypaas_sdk.errors import PolicyError

if TYPE_CHECKING:
    from waypaas_sdk.arguments import JobInfo


@dataclass(frozen=True)
class Identity:
    """Whose deployment it is.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        workspace: Waypoint's workspace.
        environment: That the workspace maps to.
        team: That the project belongs to.
    """

    project: str
    app: str
    workspace: str
    environment: str
    team: str


def refuse_other(identity: Identity, job: JobInfo) -> None:
    """Refuse a job about something else than what it was handed: its standards would be the wrong ones.

    Args:
        identity: Of the deployment.
        job: As the host says.

    Raises:
        PolicyError: Project, app or workspace differ.
    """
    stored, asked = (identity.project, identity.app, identity.workspace), (job.project, job.app, job.workspace)
    if stored != asked:
        raise PolicyError(
            f"the deployment is of {'/'.join(stored)}, and the job is about {'/'.join(asked)}",
            why="a deployment is judged by the standards of its own project, app and workspace",
            fix="run it in that workspace",
        )
