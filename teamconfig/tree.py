"""A revision of a company's standards as a value: org, teams, apps and their layers, indexed by app.

Whole and valid by construction: `reading.tree` builds one or refuses the
revision. Looking up one app touches its own layers only, however many teams
there are.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from teamconfig.bindings import Workload
    from teamconfig.layers import Layer


PREVIEW = "preview-"
"""How the workspace of a preview begins: it stands for the first environment, unless org.workspaces maps it."""


_PLAIN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""What DNS has as it is."""


@dataclass(frozen=True, slots=True)
class Org:
    """The company.

    Args:
        name: Its name.
        environments: In the order of promotion; workspace `default` is the first.
        protected: Environments in which nobody may open a shell.
        workspaces: Environment by workspace, for workspaces that are not named like one; "pr-*" matches a prefix.
        contact: Whom to ask about the standards.
        roles: Ids of identity groups by role of the company: "platform-admin", "security".
    """

    name: str
    environments: tuple[str, ...]
    protected: frozenset[str] = frozenset()
    workspaces: Mapping[str, str] = field(default_factory=dict)
    contact: str = ""
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class App:
    """What a team says about one of its apps.

    Args:
        layer: Its app.yaml, or None.
        environments: Its layers by environment.
    """

    layer: Layer | None = None
    environments: Mapping[str, Layer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Team:
    """A team.

    Args:
        name: Name of its directory.
        projects: Waypoint projects that belong to it.
        roles: Ids of identity groups by role in the team: "viewer", "developer", "lead".
        owner: Whom to ask about its standards.
        layer: Its team.yaml.
        environments: Its layers by environment.
        apps: Its apps by project and app.
        workloads: CI jobs that work for it.
    """

    name: str
    projects: tuple[str, ...]
    roles: Mapping[str, tuple[str, ...]]
    owner: str
    layer: Layer
    environments: Mapping[str, Layer] = field(default_factory=dict)
    apps: Mapping[tuple[str, str], App] = field(default_factory=dict)
    workloads: tuple[Workload, ...] = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """One revision of the standards.

    Args:
        revision: As "dir:1f0c6a2b9d3e" or "git:1f0c6a2b9d3e"; what file:line is good for.
        origin: Where it was read from, for people.
        note: Something the user must be told, as the age of a cached copy; empty if nothing.
        authority: Service that holds everybody to the standards; empty where nobody does.
        offline: The authority is away, and this is a kept copy.
        org: The company.
        layer: org.yaml.
        environments: Layers of the company by environment.
        teams: By name.
        owners: Name of the team by project.
    """

    revision: str
    origin: str
    org: Org
    layer: Layer
    environments: Mapping[str, Layer]
    teams: Mapping[str, Team]
    owners: Mapping[str, str]
    note: str = ""
    authority: str = ""
    offline: bool = False

    def team_of(self, project: str) -> Team:
        """Find the team that a project belongs to.

        Args:
            project: Waypoint's project.

        Returns:
            The team.

        Raises:
            StandardsError: No team claims it (kind missing).
        """
        owner = self.owners.get(project)
        if owner is not None:
            return self.teams[owner]
        close = nearest(project, self.owners)
        hint = f'write project = "{close}" if you meant that one, or ' if close else ""
        raise errors.missing(
            f'project "{project}" belongs to no team',
            f'no team.yaml of "{self.org.name}" lists it under team.projects (revision {self.revision})',
            f"{hint}ask {self.org.contact or 'the platform team'} to add it to teams/<team>/team.yaml",
            "project in waypoint.hcl",
        )

    def with_projects(self, registered: Mapping[str, str]) -> Tree:
        """Add projects that were registered with a service.

        Args:
            registered: Team by project; a project that team.yaml lists, or a team that is gone, changes nothing.

        Returns:
            The same standards, with more projects.
        """
        new = {name: team for name, team in registered.items() if name not in self.owners and team in self.teams}
        if not new:
            return self
        teams = dict(self.teams)
        for name, team in sorted(new.items()):
            teams[team] = replace(teams[team], projects=(*teams[team].projects, name))
        return replace(self, teams=teams, owners={**self.owners, **new})

    def is_preview(self, workspace: str) -> bool:
        """Tell whether a workspace is a preview's, which has the rights of an environment and is no release there.

        Args:
            workspace: Waypoint's workspace.

        Returns:
            Whether it is.
        """
        return workspace.startswith(PREVIEW) and workspace not in self.org.environments

    def mark_of(self, workspace: str) -> str:
        """Give what tells a preview's name in DNS from that of its environment.

        Args:
            workspace: Waypoint's workspace.

        Returns:
            "-" and the rest of its name, or eight digits that stand for it where DNS cannot have it as it is; empty
            where it is no preview's.
        """
        if not self.is_preview(workspace):
            return ""
        rest = workspace.removeprefix(PREVIEW)
        return f"-{rest if _PLAIN.fullmatch(rest) else hashlib.sha256(rest.encode()).hexdigest()[:8]}"

    def environment_of(self, workspace: str) -> str:
        """Find the environment that a Waypoint workspace stands for.

        Args:
            workspace: Waypoint's workspace, or the name of an environment.

        Returns:
            The environment.

        Raises:
            StandardsError: It stands for none (kind missing), or a preview for a protected one (kind policy).
        """
        org = self.org
        if workspace in org.environments:
            return workspace
        if workspace == "default" and workspace not in org.workspaces:
            return org.environments[0]
        found = self._mapped(workspace)
        if self.is_preview(workspace):
            found = found or org.environments[0]
            if found in org.protected:
                raise errors.StandardsError([_protected(workspace, found)])
        if found:
            return found
        close = nearest(workspace, org.environments) or org.environments[0]
        raise errors.missing(
            f'workspace "{workspace}" stands for no environment',
            f'the environments of "{org.name}" are {", ".join(org.environments)}',
            f"use workspace {close}, or map it under org.workspaces in org.yaml",
            "the workspace of this run (-workspace, or the default)",
        )

    def _mapped(self, workspace: str) -> str:
        """Look a workspace up in org.workspaces: the name itself, else the longest pattern; empty for none."""
        known = self.org.workspaces
        patterns = [name for name in known if name.endswith("*") and workspace.startswith(name[:-1])]
        return known.get(workspace) or (known[max(patterns, key=len)] if patterns else "")

    def layers(self, team: Team, project: str, app: str, environment: str) -> Iterator[Layer]:
        """Give the layers of one app in one environment, those that exist, lowest first.

        Args:
            team: The team that owns the project.
            project: Waypoint's project.
            app: Waypoint's app.
            environment: One of the environments.

        Yields:
            Layers from the org up to the app in this environment.
        """
        own = team.apps.get((project, app), _NO_APP)
        for layer in (
            self.layer,
            self.environments.get(environment),
            team.layer,
            team.environments.get(environment),
            own.layer,
            own.environments.get(environment),
        ):
            if layer is not None:
                yield layer


def _protected(workspace: str, environment: str) -> errors.Problem:
    return errors.Problem(
        f'workspace "{workspace}" is a preview, and would stand for {environment}',
        f"{environment} is a protected environment, and previews never run in one",
        f'map "{PREVIEW}*" to another environment under org.workspaces in org.yaml',
        "the workspace of this run (-workspace, or the default)",
        "policy",
    )


_NO_APP = App()
