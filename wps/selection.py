"""Which app and environment a command is about: its arguments, and the resolved standards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import teamconfig
from teamconfig import StandardsError, errors, resolve
from teamconfig.keys import nearest
from wps import appfile, positions, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from teamconfig.profile import Profile
    from teamconfig.stanza import Stanza
    from teamconfig.tree import Tree
    from wps.appfile import AppFile

VARIABLE = "WAYPOINT_WORKSPACE"

Env = Annotated[
    str | None,
    typer.Option(
        "--env", "--workspace", "-workspace", metavar="E", help="environment or workspace; the first one if left out"
    ),
]
Project = Annotated[str | None, typer.Option("--project", metavar="P", help="project, if not that of waypoint.hcl")]
App = Annotated[str | None, typer.Option("--app", metavar="A", help="app, if waypoint.hcl has several")]
File = Annotated[
    Path | None,
    typer.Option(
        "--file",
        metavar="FILE",
        help="the waypoint.hcl; that of this directory, or of one above it in the repository, if left out",
    ),
]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the user named on the command line.

    Args:
        env: Environment or workspace, or None.
        project: Project, or None.
        app: App, or None.
        file: The waypoint.hcl, or None.
    """

    env: str | None = None
    project: str | None = None
    app: str | None = None
    file: Path | None = None


@dataclass(frozen=True)
class Selected:
    """An app in an environment.

    Args:
        profile: Its resolved standards.
        release: Those of its release; the same, if the release has no options of its own.
        workspace: Waypoint's workspace.
        file: Its waypoint.hcl, or None where none is there.
        stanzas: Its options in it.
        lines: `file:line` by path of an option in it.
        authority: Service that holds everybody to the standards; empty where nobody does.
    """

    profile: Profile
    release: Profile
    workspace: str
    file: AppFile | None
    stanzas: list[Stanza]
    lines: Mapping[str, str]
    authority: str = ""


def select(choice: Choice) -> Selected:
    """Resolve the standards of the app that the user chose.

    Args:
        choice: What the user named.

    Returns:
        The app.

    Raises:
        StandardsError: There are no standards, or what is set breaks them, or nothing says which app.
    """
    workspace = choice.env or os.environ.get(VARIABLE) or "default"
    file = _file(choice)
    project, app = _names(choice, file)
    found = appfile.Options()
    own = file if file is not None and project == (file.project or project) and app in file.apps else None
    if own is not None:
        found = appfile.options(own, app, workspace)
    for text in [*found.notes, *(f"{one} is decided at run time and not known here" for one in found.undecided)]:
        terminal.note(text)
    start = file.path.absolute().parent if file is not None else Path.cwd()
    try:
        tree = teamconfig.load(start, os.environ, (project, app, workspace), found.stanzas)
    except StandardsError as err:
        positions.located(err, found.lines)
        raise
    if tree.note:
        terminal.note(tree.note)
    _check_project(tree, project, choice, file)
    _check_workspace(tree, workspace, choice)
    try:
        profile, release = profiles(tree, project, app, workspace, found)
    except StandardsError as err:
        positions.located(err, found.lines)
        raise
    return Selected(profile, release, workspace, own, found.stanzas, found.lines, tree.authority)


def named(choice: Choice) -> tuple[str, str]:
    """Tell project and app without any standards.

    Args:
        choice: What the user named.

    Returns:
        Project and app; the app is empty where nothing names it.

    Raises:
        StandardsError: The waypoint.hcl cannot be read, or nothing names a project (kind missing).
    """
    if choice.project is not None:
        return choice.project, choice.app or ""
    file = _file(choice)
    if file is None:
        raise errors.missing("no project is named", f"there is no {appfile.NAME} here", "add --project NAME", "")
    return appfile.project_of(file), choice.app or (file.apps[0] if len(file.apps) == 1 else "")


def profiles(tree: Tree, project: str, app: str, workspace: str, found: appfile.Options) -> tuple[Profile, Profile]:
    """Resolve deploy and release, and refuse what is wrong with either at once.

    Args:
        tree: The standards.
        project: Waypoint's project.
        app: Waypoint's app.
        workspace: Waypoint's workspace, or an environment.
        found: The app's options in waypoint.hcl.

    Returns:
        The profiles of deploy and release; the same twice, if the release has no options of its own.

    Raises:
        StandardsError: What is set breaks the standards.
    """
    resolved: list[Profile] = []
    refused: list[StandardsError] = []
    wanted = [found.stanzas] if found.release is None else [found.stanzas, found.release]
    for stanzas in wanted:
        try:
            resolved.append(resolve.profile(tree, project=project, app=app, workspace=workspace, stanzas=stanzas))
        except StandardsError as err:
            refused.append(err)
    if refused:
        problems = list(dict.fromkeys(problem for err in refused for problem in err.problems))
        raise StandardsError(problems, f"{len(problems)} problems with {project}/{app}") from refused[0]
    return resolved[0], resolved[-1]


def _file(choice: Choice) -> AppFile | None:
    """Read the waypoint.hcl, or the one that is nearest; None if there is none and it is not needed."""
    if choice.file is not None:
        return appfile.read(choice.file)
    start = Path.cwd()
    path = appfile.search(start)
    if path is not None:
        return appfile.read(path)
    if choice.project is None and choice.app is None:
        why = f"there is none in {start}, nor above it up to the root of its repository"
        fix = "go to the directory of the app, or give --file, or --project and --app"
        raise errors.missing(f"no {appfile.NAME} is found", why, fix, str(start))
    return None


def _names(choice: Choice, file: AppFile | None) -> tuple[str, str]:
    """Tell project and app."""
    project, app = choice.project, choice.app
    if file is None or (project is not None and file.project and project != file.project):
        if project is not None and app is not None:
            return project, app
        given, other = ("--project", "--app") if app is None else ("--app", "--project")
        why = f"{given} stands alone, and no {appfile.NAME} here says the rest"
        if file is not None:
            why = f"{file.path} is of project {file.project}, which has other apps"
        fix = f"add {other} NAME, or go to the directory of the app and leave {given} out"
        raise errors.missing(f"{other} is missing", why, fix, f"the argument {given}")
    if app is None or (app not in file.apps and project is None):
        app = appfile.choose(file, app)
    return project or appfile.project_of(file), app


def _check_project(tree: Tree, project: str, choice: Choice, file: AppFile | None) -> None:
    """Refuse a project that no team has, and name the place where it was written."""
    try:
        tree.team_of(project)
    except StandardsError as err:
        problem = err.problems[0]
        if choice.project is None and file is not None:
            where = f"{file.path}:{file.root.lines['project']}"
            raise errors.missing(problem.what, problem.why, problem.fix, where) from err
        close = nearest(project, tree.owners)
        hint = f"write --project {close} if you meant that one, or " if close else ""
        fix = f"{hint}ask {tree.org.contact or 'the platform team'} to add it to teams/<team>/team.yaml"
        raise errors.missing(problem.what, problem.why, fix, "the argument --project") from err


def _check_workspace(tree: Tree, workspace: str, choice: Choice) -> None:
    """Refuse a workspace that stands for no environment, and name the place where it was written."""
    try:
        tree.environment_of(workspace)
    except StandardsError as err:
        problem = err.problems[0]
        close = meant(workspace, tree.org.environments)
        write = f"write --env {close}" if choice.env else f"set {VARIABLE}={close}"
        fix = f"{write}, or map it under org.workspaces in org.yaml"
        raise errors.missing(problem.what, problem.why, fix, place(choice.env)) from err


def meant(environment: str, known: Sequence[str]) -> str:
    """Guess which environment somebody meant.

    Args:
        environment: As written.
        known: Those that there are, at least one.

    Returns:
        The one that begins so, else the most similar one, else the first.
    """
    begins = next((name for name in known if environment and name.startswith(environment)), None)
    return begins or nearest(environment, known) or known[0]


def place(env: str | None) -> str:
    """Name the place where the environment was written.

    Args:
        env: The value of --env, or None.

    Returns:
        The option, or the variable.
    """
    return "the argument --env" if env else f"the environment variable {VARIABLE}"
