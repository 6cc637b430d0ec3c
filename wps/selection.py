"""Which app and environment a command is about: its arguments, and the resolved standards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import teamconfig
from teamconfig import StandardsError, errors, resolve
from teamconfig.keys import nearest
from wps import appfile, positions, terminal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from teamconfig.profile import Profile
    from teamconfig.stanza import Stanza
    from teamconfig.tree import Tree
    from wps.appfile import AppFile

_VARIABLE = "WAYPOINT_WORKSPACE"


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
    """

    profile: Profile
    release: Profile
    workspace: str
    file: AppFile | None
    stanzas: list[Stanza]
    lines: Mapping[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments by which a user chooses.

    Args:
        parser: Of a command.
    """
    parser.add_argument(
        "--env", "--workspace", "-workspace", metavar="E", help="environment or workspace; the first one if left out"
    )
    parser.add_argument("--project", metavar="P", help="project, if not that of waypoint.hcl")
    parser.add_argument("--app", metavar="A", help="app, if waypoint.hcl has several")
    parser.add_argument(
        "--file", metavar="FILE", type=Path,
        help="the waypoint.hcl; that of this directory, or of one above it in the repository, if left out",
    )  # fmt: skip


def select(arguments: argparse.Namespace) -> Selected:
    """Resolve the standards of the app that the user chose.

    Args:
        arguments: What `add_arguments` declares.

    Returns:
        The app.

    Raises:
        StandardsError: There are no standards, or what is set breaks them, or nothing says which app.
    """
    workspace = arguments.env or os.environ.get(_VARIABLE) or "default"
    file = _file(arguments)
    project, app = _names(arguments, file)
    found = appfile.Options()
    own = file if file is not None and project == (file.project or project) and app in file.apps else None
    if own is not None:
        found = appfile.options(own, app, workspace)
    for text in [*found.notes, *(f"{one} is decided at run time and not known here" for one in found.undecided)]:
        terminal.note(text)
    tree = teamconfig.load(file.path.absolute().parent if file is not None else Path.cwd(), os.environ)
    if tree.note:
        terminal.note(tree.note)
    _check_project(tree, project, arguments, file)
    _check_workspace(tree, workspace, arguments)
    try:
        profile, release = _profiles(tree, project, app, workspace, found)
    except StandardsError as err:
        raise positions.located(err, found.lines) from err
    return Selected(profile, release, workspace, own, found.stanzas, found.lines)


def _profiles(tree: Tree, project: str, app: str, workspace: str, found: appfile.Options) -> tuple[Profile, Profile]:
    """Resolve deploy and release, and refuse what is wrong with either at once."""
    profiles: list[Profile] = []
    refused: list[StandardsError] = []
    wanted = [found.stanzas] if found.release is None else [found.stanzas, found.release]
    for stanzas in wanted:
        try:
            profiles.append(resolve.profile(tree, project=project, app=app, workspace=workspace, stanzas=stanzas))
        except StandardsError as err:
            refused.append(err)
    if refused:
        problems = list(dict.fromkeys(problem for err in refused for problem in err.problems))
        raise StandardsError(problems, f"{len(problems)} problems with {project}/{app}") from refused[0]
    return profiles[0], profiles[-1]


def _file(arguments: argparse.Namespace) -> AppFile | None:
    """Read the waypoint.hcl, or the one that is nearest; None if there is none and it is not needed."""
    if arguments.file is not None:
        return appfile.read(arguments.file)
    start = Path.cwd()
    path = appfile.search(start)
    if path is not None:
        return appfile.read(path)
    if arguments.project is None and arguments.app is None:
        why = f"there is none in {start}, nor above it up to the root of its repository"
        fix = "go to the directory of the app, or give --file, or --project and --app"
        raise errors.missing(f"no {appfile.NAME} is found", why, fix, str(start))
    return None


def _names(arguments: argparse.Namespace, file: AppFile | None) -> tuple[str, str]:
    """Tell project and app."""
    project, app = arguments.project, arguments.app
    if file is None or (project is not None and file.project and project != file.project):
        for given, other, missing in (("--project", "--app", app), ("--app", "--project", project)):
            if missing is None:
                why = f"{given} stands alone, and no {appfile.NAME} here says the rest"
                if file is not None:
                    why = f"{file.path} is of project {file.project}, which has other apps"
                fix = f"add {other} NAME, or go to the directory of the app and leave {given} out"
                raise errors.missing(f"{other} is missing", why, fix, f"the argument {given}")
        return project, app
    if app is None or (app not in file.apps and project is None):
        app = appfile.choose(file, app)
    return project or appfile.project_of(file), app


def _check_project(tree: Tree, project: str, arguments: argparse.Namespace, file: AppFile | None) -> None:
    """Refuse a project that no team has, and name the place where it was written."""
    try:
        tree.team_of(project)
    except StandardsError as err:
        problem = err.problems[0]
        if arguments.project is None and file is not None:
            where = f"{file.path}:{file.root.lines['project']}"
            raise errors.missing(problem.what, problem.why, problem.fix, where) from err
        close = nearest(project, tree.owners)
        hint = f"write --project {close} if you meant that one, or " if close else ""
        fix = f"{hint}ask {tree.org.contact or 'the platform team'} to add it to teams/<team>/team.yaml"
        raise errors.missing(problem.what, problem.why, fix, "the argument --project") from err


def _check_workspace(tree: Tree, workspace: str, arguments: argparse.Namespace) -> None:
    """Refuse a workspace that stands for no environment, and name the place where it was written."""
    try:
        tree.environment_of(workspace)
    except StandardsError as err:
        problem = err.problems[0]
        known = tree.org.environments
        close = next((name for name in known if name.startswith(workspace)), None) or nearest(workspace, known)
        write = f"write --env {close or known[0]}" if arguments.env else f"set {_VARIABLE}={close or known[0]}"
        where = "the argument --env" if arguments.env else f"the environment variable {_VARIABLE}"
        fix = f"{write}, or map it under org.workspaces in org.yaml"
        raise errors.missing(problem.what, problem.why, fix, where) from err
