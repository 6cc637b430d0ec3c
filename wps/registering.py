"""Whose a project is, and telling it to whoever keeps that.

Standards in a directory or in git say so in team.yaml: a project is added there by a change that its owners review. A
team config service is told by a call, and then gives the project's standards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from teamconfig import StandardsError, errors, settings, source
from teamconfig.keys import nearest
from wps import connection, questions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.settings import Settings
    from teamconfig.tree import Team, Tree
    from wps.answers import Answers

_ARGUMENT = "the argument --team"
_MAY_REGISTER = frozenset({"developer", "lead"})


@dataclass(frozen=True, slots=True)
class Registration:
    """A project that belongs to a team, and its standards.

    Args:
        project: Waypoint's project.
        team: Its team.
        remote: Its git remote as host/path; empty if it has none.
        tree: The standards.
        note: What the user should know of it; empty if nothing.
    """

    project: str
    team: str
    remote: str
    tree: Tree
    note: str = ""


class Keeper(Protocol):
    """Who keeps whose a project is."""

    def apps(self, project: str, team: str | None) -> list[str]:
        """List the apps of a project that the standards name; refuse, if it is known already, whose it is not.

        Args:
            project: Waypoint's project.
            team: The team that the user named, or None.

        Returns:
            Names, sorted; none where only a registration would tell.

        Raises:
            StandardsError: No team has the project, or another one, or there is no such team (kind missing).
        """

    def register(
        self, project: str, app: str, remote: str, team: str | None, answers: Answers, *, dry_run: bool
    ) -> Registration:  # fmt: skip
        """Tie a project to its team and repository.

        Args:
            project: Waypoint's project.
            app: Waypoint's app.
            remote: Its git remote as host/path; empty if it has none.
            team: The team that the user named, or None.
            answers: Asks which team, if that is unclear.
            dry_run: Whether to register nothing.

        Returns:
            What holds now.

        Raises:
            StandardsError: It is refused, or the service is away.
        """


def keeper(start: Path, environ: Mapping[str, str]) -> Keeper:
    """Find who keeps whose projects are.

    Args:
        start: Directory of the app.
        environ: The process's environment.

    Returns:
        The standards' own files, or the team config service.

    Raises:
        StandardsError: No standards are named, or they cannot be read.
    """
    found = settings.find(start, environ)
    return ByService(found) if found.service else ByFiles(source.read(found.standards, found.base, environ))


class ByFiles:
    """Standards that say themselves whose projects are.

    Args:
        tree: The standards.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def apps(self, project: str, team: str | None) -> list[str]:
        """List apps, as `Keeper` says."""
        owner(self._tree, project, team)
        return sorted({app for one in self._tree.teams.values() for of, app in one.apps if of == project})

    def register(
        self, project: str, app: str, remote: str, team: str | None, answers: Answers, *, dry_run: bool
    ) -> Registration:  # fmt: skip
        """Say what team.yaml says, as `Keeper` says."""
        del app, answers, dry_run
        return Registration(project, owner(self._tree, project, team), remote, self._tree, self._tree.note)


class ByService:
    """A team config service.

    Args:
        found: Names it.
    """

    def __init__(self, found: Settings) -> None:
        self._found = found

    def apps(self, project: str, team: str | None) -> list[str]:
        """List none: the service shows the standards of a project that is registered."""
        del project, team
        return []

    def register(
        self, project: str, app: str, remote: str, team: str | None, answers: Answers, *, dry_run: bool
    ) -> Registration:  # fmt: skip
        """Register by a call, as `Keeper` says; a known project goes on from its kept standards while it is away."""
        from teamconfig.client.errors import UnreachableError  # noqa: PLC0415  # as grpc

        with connection.signed_in(self._found) as service:
            known, note = team or "", ""
            try:
                if dry_run:
                    known = self._known(service, project, remote)
                else:
                    made = self._registered(service, project, remote, known, answers)
                    known = made.team
                    note = f"project {project} is registered for team {known}" if made.created else ""
            except UnreachableError as away:
                try:
                    tree = service.tree(project, app, "default")
                except StandardsError:
                    raise away from None
                return Registration(project, tree.owners[project], remote, tree, tree.note)
            return Registration(project, known, remote, service.tree(project, app, "default"), note)

    @staticmethod
    def _known(service: Any, project: str, remote: str) -> str:
        """Find the team of a project that is registered already."""
        from wps import projects  # noqa: PLC0415  # here only

        for one in projects.everything(service):
            if one.project != project:
                continue
            if one.remote and one.remote != remote:
                why, fix = f"it is known with {one.remote}", "choose another name with --project"
                raise errors.missing(f"project {project} cannot be registered with {remote}", why, fix, "")
            return str(one.team)
        why = "none of your teams has it, and --dry-run registers nothing"
        raise errors.missing(f"project {project} is not registered", why, "run it without --dry-run", "")

    def _registered(self, service: Any, project: str, remote: str, team: str, answers: Answers) -> Any:
        from teamconfig.client.errors import ServiceError  # noqa: PLC0415  # as grpc

        request = connection.message(
            "standards_pb2.RegisterProjectRequest", project=project, remote=remote, team=team
        )  # fmt: skip
        try:
            return service.call("Standards/RegisterProject", request)
        except ServiceError as err:
            if err.reason != "team_unclear" or not answers.interactive or answers.agreed:
                raise
            own = self._own_teams(service)
            if not own:
                raise
        request.team = questions.ask(
            f"team, {', '.join(own)}", "", lambda text: "" if text in own else f"it is one of {', '.join(own)}"
        )
        return service.call("Standards/RegisterProject", request)

    @staticmethod
    def _own_teams(service: Any) -> list[str]:
        """List the teams in which the user may register projects."""
        reply = service.call("Sessions/WhoAmI", connection.message("sessions_pb2.WhoAmIRequest"))
        return [one.team for one in reply.teams if _MAY_REGISTER & set(one.roles)]


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
