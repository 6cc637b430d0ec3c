"""An app's project as previews see it: its standards, its apps, and what the real Waypoint knows of all workspaces."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from teamconfig.errors import StandardsError
from teamconfig.tree import PREVIEW
from wps import appfile, selection
from wps.previews import lifetimes, listing
from wps.promotion import stages
from wps.promotion.waypoint import LOCAL, Waypoint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wps.previews.listing import Preview
    from wps.promotion.stages import Stages
    from wps.selection import Choice, Selected


class Workspace(Waypoint):
    """Waypoint, for one app in the workspace of a preview."""

    def everywhere(self, what: str) -> list[Any]:
        """List the deployments or releases of the app in all workspaces.

        Args:
            what: "deployment" or "release".

        Returns:
            As Waypoint's JSON has them.

        Raises:
            StandardsError: Waypoint does not say (kind state).
        """
        return self._look(what, "list", "-json", "-workspace-all")

    def beside(self, workspace: str, app: str) -> Workspace:
        """Give Waypoint for another app or workspace, under the same lock: what it leaves at work is waited for.

        Args:
            workspace: Its name.
            app: One of the project.

        Returns:
            It.
        """
        made = Workspace(self._folder, app, workspace, lambda: None)
        made._children = self._children  # its own kind
        return made


@dataclass(frozen=True)
class Project:
    """The project of an app, for its previews.

    Args:
        choice: What the user named; its `env` does not count.
        stages: The app in its environments.
        stdout: Where Waypoint's output goes: None for ours, or a file descriptor.
    """

    choice: Choice
    stages: Stages
    stdout: int | None = None

    @property
    def folder(self) -> Path:
        """Directory of waypoint.hcl."""
        return self.stages.folder

    @property
    def named(self) -> str:
        """What a command about this project has behind it, where waypoint.hcl has several apps."""
        return f" --app {self.stages.app}" if len(self.stages.file.apps) > 1 else ""

    @property
    def lock(self) -> Path:
        """A file that is locked while Waypoint works on a preview from this directory."""
        from teamconfig.client.vault import state_directory  # noqa: PLC0415  # only where something is done

        mark = hashlib.sha256(str(self.folder.resolve()).encode()).hexdigest()[:24]
        return state_directory(os.environ) / "previews" / f"{mark}.lock"

    @property
    def is_local(self) -> bool:
        """Whether Waypoint works in local mode, and keeps what it knows beside waypoint.hcl."""
        return (self.folder / LOCAL).exists()

    def waypoint(self, workspace: str, app: str = "") -> Workspace:
        """Give Waypoint in a workspace.

        Args:
            workspace: Its name.
            app: One of the project; the chosen one if left out.

        Returns:
            It.

        Raises:
            StandardsError: It is not installed (kind missing).
        """
        return Workspace(self.folder, app or self.stages.app, workspace, lambda: None, self.stdout)

    def selected(self, workspace: str = PREVIEW) -> Selected:
        """Resolve the standards of the chosen app in a preview.

        Args:
            workspace: Of the preview; that of any if left out.

        Returns:
            The app there.

        Raises:
            StandardsError: What is set breaks the standards, or previews would run in a protected environment.
        """
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # its notes were told when the app was found
                return selection.select(replace(self.choice, env=workspace))
        except errors.StandardsError as err:
            wrong = err.problems[0]
            if wrong.where != selection.place(workspace):
                raise
            fix = f'map "{PREVIEW}*" to another environment under org.workspaces in org.yaml'  # no --env was given
            found = errors.Problem(wrong.what, wrong.why, fix, "org.yaml: org.workspaces", "policy")
            raise errors.StandardsError([found]) from err

    def previews(self) -> list[Preview]:
        """List the previews of the project: those of all apps in waypoint.hcl.

        Returns:
            The oldest first; an environment that is called like a preview is none.

        Raises:
            StandardsError: Waypoint does not say (kind state).
        """
        deployments: list[Any] = []
        releases: list[Any] = []
        for app in self.stages.file.apps:
            waypoint = self.waypoint(PREVIEW, app)
            deployments += waypoint.everywhere("deployment")
            releases += waypoint.everywhere("release")
        found = listing.previews(
            deployments, releases, lifetimes.seconds(self.selected().profile.standards.preview.ttl)
        )
        return [one for one in found if one.workspace not in self.stages.environments]

    def looked(self) -> list[Preview]:
        """List the previews; in local mode, only one Waypoint at a time can look.

        Returns:
            As `previews`.

        Raises:
            StandardsError: As `previews`, or another run is at work here for too long (kind state).
        """
        if not self.is_local:
            return self.previews()
        with self.waypoint(PREVIEW).alone(self.lock):
            return self.previews()

    def shares_host(self, there: Selected) -> str:
        """Tell whose traffic a preview would take over.

        Args:
            there: The app in the preview.

        Returns:
            The environment that has its name in DNS; empty if none has, it has no name, or only Waypoint can tell it,
            as it is written with ${workspace.name}.
        """
        host = there.release.network.host
        found = appfile.options(self.stages.file, self.stages.app, there.workspace)
        if not host or any(".network.host = " in one and "workspace.name" in one for one in found.undecided):
            return ""
        for environment in self.stages.environments:
            with contextlib.suppress(StandardsError):  # it is broken there, which is nothing to the preview
                if self.stages.selected(environment).release.network.host == host:
                    return environment
        return ""


def find(choice: Choice, stdout: int | None = None) -> Project:
    """Find the project of the app that the user chose.

    Args:
        choice: What the user named.
        stdout: Where Waypoint's output goes: None for ours, or a file descriptor.

    Returns:
        It.

    Raises:
        StandardsError: There are no standards, or nothing says which app, or it has no waypoint.hcl here (missing).
    """
    return Project(choice, stages.find(choice), stdout)


def apps_of(found: Sequence[Preview], workspace: str) -> tuple[str, ...]:
    """Tell which apps a preview has.

    Args:
        found: Previews of the project.
        workspace: Of the preview.

    Returns:
        Names; none if it is not there.
    """
    return next((one.apps for one in found if one.workspace == workspace), ())
