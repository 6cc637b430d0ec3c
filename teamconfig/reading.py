"""From the files of one revision to a tree: the layout of a standards directory, whole or not at all.

    org.yaml                                          the company: org, standards, rules
    environments/ENV.yaml                             the company in one environment
    teams/TEAM/team.yaml                              a team: team, standards, rules
    teams/TEAM/environments/ENV.yaml
    teams/TEAM/apps/PROJECT/APP/app.yaml
    teams/TEAM/apps/PROJECT/APP/environments/ENV.yaml
    policy-tests.yaml                                 not a layer: read by policy.rows

Pure: takes the content of files, not their location. One broken file refuses
the revision, with every problem of every file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from teamconfig import bindings, document, strays, yamlfile
from teamconfig.document import Checker
from teamconfig.errors import Problem, StandardsError
from teamconfig.keys import nearest
from teamconfig.layers import Layer
from teamconfig.ranks import Rank
from teamconfig.tree import App, Org, Team, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.yamlfile import Node

_ORG_KEYS = ("name", "environments", "protected", "workspaces", "contact", "roles")
_TEAM_KEYS = ("name", "projects", "roles", "workloads", "owner")
_PRODUCTION = frozenset({"production", "prod"})
_SOURCE = ("promotion", "source")


@dataclass(slots=True)
class _App:
    layer: Layer | None = None
    environments: dict[str, Layer] = field(default_factory=dict)


@dataclass(slots=True)
class _Team:
    name: str
    projects: tuple[str, ...] = ()
    roles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    workloads: tuple[bindings.Workload, ...] = ()
    owner: str = ""
    layer: Layer | None = None
    lines: dict[str, int] = field(default_factory=dict)
    environments: dict[str, Layer] = field(default_factory=dict)
    apps: dict[tuple[str, str], _App] = field(default_factory=dict)


def tree(files: Mapping[str, bytes], *, revision: str, origin: str, note: str = "") -> Tree:
    """Read a revision.

    Args:
        files: Content by path within the standards, with forward slashes.
        revision: Name of the revision.
        origin: Where it comes from, for people.
        note: As in Tree.

    Returns:
        The tree.

    Raises:
        StandardsError: Anything is wrong with any file (kind state); carries every problem.
    """
    reader = _Reader(files)
    reader.read()
    if reader.problems or reader.org is None or reader.org_layer is None:
        head = f"standards {origin} ({revision}): {len(reader.problems)} problems, refused"
        raise StandardsError(reader.problems, head)
    return Tree(
        revision=revision,
        origin=origin,
        note=note,
        org=reader.org,
        layer=reader.org_layer,
        environments=reader.environments,
        teams={name: _frozen(team) for name, team in reader.teams.items()},
        owners=reader.owners,
    )


def _frozen(team: _Team) -> Team:
    layer = team.layer or Layer(Rank.TEAM, team.name, "", {})
    apps = {key: App(app.layer, app.environments) for key, app in team.apps.items()}
    return Team(team.name, team.projects, team.roles, team.owner, layer, team.environments, apps, team.workloads)


class _Reader:
    """Goes through the files once and collects trees and problems."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.problems: list[Problem] = []
        self.org: Org | None = None
        self.org_layer: Layer | None = None
        self.environments: dict[str, Layer] = {}
        self.teams: dict[str, _Team] = {}
        self.owners: dict[str, str] = {}

    def read(self) -> None:
        """Read everything; the org first, as all others need its environments."""
        if "org.yaml" not in self.files:
            fix = "write org.yaml, or point at the directory that holds it"
            why = "every directory of standards begins with it"
            self.problems.append(Problem("org.yaml is missing", why, fix, "org.yaml"))
            return
        self._read_org()
        for path in sorted(self.files):
            if path != "org.yaml":
                self._route(path)
        for team in self.teams.values():
            self._check_team(team)

    def _open(self, path: str) -> tuple[Checker, Node | None]:
        root, problems = yamlfile.read(self.files[path], path)
        self.problems += problems
        return Checker(path), root

    def _layer(self, path: str, rank: Rank, name: str) -> Layer:
        checker, root = self._open(path)
        result = document.layer(checker, root, rank, name)
        self.problems += checker.problems
        self._check_source(result)
        return result

    def _check_source(self, layer: Layer) -> None:
        """Refuse a promotion from an environment that there is not."""
        known = self.org.environments if self.org is not None else ()
        leaf = layer.leaves.get(_SOURCE)
        if leaf is None or not known or leaf.value in known:
            return
        what, why = f"promotion.source = {leaf.value} is no environment", f"org.environments has {', '.join(known)}"
        fix = f"write {nearest(str(leaf.value), known) or known[0]}"
        self.problems.append(Problem(what, why, fix, layer.where(_SOURCE)))

    def _read_org(self) -> None:
        checker, root = self._open("org.yaml")
        header = checker.mapping(root.value.get("org") if root and isinstance(root.value, dict) else None, "org")
        name = contact = ""
        environments: tuple[str, ...] = ()
        protected: tuple[str, ...] = ()
        workspaces: dict[str, str] = {}
        roles: dict[str, tuple[str, ...]] = {}
        for key, node, line in header.items() if header is not None else ():
            if key == "name":
                name = checker.text(node, "org.name", "acme")
            elif key == "contact":
                contact = checker.text(node, "org.contact", '"#platform"')
            elif key == "environments":
                environments = checker.texts(node, "org.environments")
            elif key == "protected":
                protected = checker.texts(node, "org.protected")
            elif key == "workspaces":
                entries = checker.mapping(node, "org.workspaces")
                pairs = entries.items() if entries is not None else ()
                workspaces = {one: checker.text(value, f"org.workspaces.{one}") for one, value, _ in pairs}
            elif key == "roles":
                roles = bindings.roles(checker, node, "org.roles", bindings.ORGANIZATION_ROLES)
            else:
                checker.unknown(key, _ORG_KEYS, "org", line)
        line = header.line if header is not None else 1
        if root is not None and not self.problems:
            self._check_org(checker, name, environments, (*protected, *workspaces.values()), line)
            self._check_workspaces(checker, workspaces, environments, line)
        if len(environments) > 1 and not protected and not _PRODUCTION & set(environments):
            protected = environments[-1:]
        shielded = frozenset(protected) | (_PRODUCTION & set(environments))
        self.org = Org(name, environments, shielded, workspaces, contact, roles)
        self.org_layer = document.layer(checker, root, Rank.ORG, name, header="org")
        self.problems += checker.problems
        self._check_source(self.org_layer)

    @staticmethod
    def _check_org(
        checker: Checker, name: str, environments: tuple[str, ...], named: tuple[str, ...], line: int
    ) -> None:
        if not name:
            checker.refuse("org.name is missing", "errors and layers name the company", "add org: {name: ...}", line)
        if not environments:
            fix = "add org: {environments: [dev, staging, production]}"
            checker.refuse("org.environments is missing", "workspace default is the first of them", fix, line)
        if len(set(environments)) != len(environments):
            checker.refuse("org.environments names one twice", "their order is that of promotion", "remove one", line)
        for one in named:
            if environments and one not in environments:
                close = nearest(one, environments) or environments[0]
                why = f"org.environments has {', '.join(environments)}"
                checker.refuse(f"org names unknown environment {one}", why, f"write {close}", line)

    @staticmethod
    def _check_workspaces(
        checker: Checker, workspaces: Mapping[str, str], environments: tuple[str, ...], line: int
    ) -> None:
        """Refuse a workspace that has one environment's name and stands for another: rules would be looked up there."""
        for workspace, environment in workspaces.items():
            if workspace in environments and workspace != environment:
                why = f"an environment is called {workspace}, and its rules would not count for the workspace"
                fix = "remove it, or give the workspace another name"
                checker.refuse(f"org.workspaces maps {workspace} to {environment}", why, fix, line)

    def _route(self, path: str) -> None:
        """Tell by its path what a file is; a YAML file that is nothing is a mistake, not ignored."""
        match path.split("/"):
            case ["environments", file] if self._environment(path, file) is not None:
                env = file.removesuffix(".yaml")
                self.environments[env] = self._layer(path, Rank.ORG_ENVIRONMENT, env)
            case ["teams", team, "team.yaml"]:
                self._read_team(path, self._team(team))
            case ["teams", team, "environments", file] if self._environment(path, file) is not None:
                env = file.removesuffix(".yaml")
                self._team(team).environments[env] = self._layer(path, Rank.TEAM_ENVIRONMENT, f"{team}/{env}")
            case ["teams", team, "apps", project, app, "app.yaml"]:
                self._app(team, project, app).layer = self._layer(path, Rank.APP, f"{project}/{app}")
            case ["teams", team, "apps", project, app, "environments", file] if self._environment(path, file):
                env = file.removesuffix(".yaml")
                found = self._layer(path, Rank.APP_ENVIRONMENT, f"{project}/{app}/{env}")
                self._app(team, project, app).environments[env] = found
            case ["environments", _] | ["teams", _, "environments", _] | ["teams", _, "apps", _, _, "environments", _]:
                pass
            case _:
                self._stray(path)

    def _environment(self, path: str, file: str) -> str | None:
        """Check the name of an environment's file; None after noting a problem."""
        env, dot, ending = file.rpartition(".")
        known = self.org.environments if self.org is not None else ()
        if ending != "yaml" or not dot:
            self._stray(path)
            return None
        if env in known:
            return env
        if known:  # else it is told already that org.yaml cannot be read
            self.problems.append(strays.environment(path, env, known))
        return None

    def _stray(self, path: str) -> None:
        found = strays.problem(path, self.org.environments if self.org is not None else ())
        if found is not None:
            self.problems.append(found)

    def _team(self, name: str) -> _Team:
        return self.teams.setdefault(name, _Team(name))

    def _app(self, team: str, project: str, app: str) -> _App:
        return self._team(team).apps.setdefault((project, app), _App())

    def _read_team(self, path: str, team: _Team) -> None:
        checker, root = self._open(path)
        header = checker.mapping(root.value.get("team") if root and isinstance(root.value, dict) else None, "team")
        if header is not None:
            self._read_header(checker, header, team)
        team.layer = document.layer(checker, root, Rank.TEAM, team.name, header="team")
        self.problems += checker.problems
        for project in team.projects:
            other = self.owners.setdefault(project, team.name)
            if other != team.name:
                why = f'team "{other}" claims it at teams/{other}/team.yaml:{self.teams[other].lines[project]}'
                where = f"{path}:{team.lines[project]}"
                fix = "remove it from one of the two"
                self.problems.append(Problem(f"project {project} has two teams", why, fix, where))

    @staticmethod
    def _read_header(checker: Checker, header: Node, team: _Team) -> None:
        workloads: Node | None = None
        for key, node, line in header.items():
            if key == "name":
                if checker.text(node, "team.name", team.name) != team.name:
                    why = f"the directory is called {team.name}"
                    checker.refuse(f"team.name is not {team.name}", why, "make them equal, or remove name", line)
            elif key == "owner":
                team.owner = checker.text(node, "team.owner")
            elif key == "roles":
                team.roles = bindings.roles(checker, node, "team.roles", bindings.TEAM_ROLES)
            elif key == "workloads":
                workloads = node
            elif key == "projects":
                team.projects = checker.texts(node, "team.projects")
                items = node.value if isinstance(node.value, list) else []
                team.lines = {item.value: item.line for item in items if isinstance(item.value, str)}
            else:
                checker.unknown(key, _TEAM_KEYS, "team", line)
        if workloads is not None:  # once the projects are known, wherever they stand
            team.workloads = bindings.workloads(checker, workloads, team.projects)

    def _check_team(self, team: _Team) -> None:
        where = f"teams/{team.name}/team.yaml"
        if team.layer is None:
            why = "it names the team's projects and roles"
            self.problems.append(Problem(f"{where} is missing", why, "write it, or remove the directory", where))
            return
        for project, app in team.apps:
            if project not in team.projects:
                close = nearest(project, team.projects)
                why = f"{where} claims {', '.join(team.projects) or 'no projects'}"
                fix = f"rename it to {close}, or add it to team.projects" if close else "add it to team.projects"
                place = f"teams/{team.name}/apps/{project}/{app}"
                self.problems.append(Problem(f"project {project} is not one of team {team.name}", why, fix, place))
