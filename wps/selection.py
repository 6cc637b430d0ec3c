"""Which app and environment a command is about: its arguments, and the resolved standards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import teamconfig
from teamconfig import resolve
from wps import appfile, terminal

if TYPE_CHECKING:
    import argparse

    from teamconfig.profile import Profile
    from teamconfig.stanza import Stanza
    from wps.appfile import AppFile


@dataclass(frozen=True)
class Selected:
    """An app in an environment.

    Args:
        profile: Its resolved standards.
        workspace: Waypoint's workspace.
        file: Its waypoint.hcl, or None where none is there.
        stanzas: Its options in it.
    """

    profile: Profile
    workspace: str
    file: AppFile | None
    stanzas: list[Stanza]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments by which a user chooses.

    Args:
        parser: Of a command.
    """
    parser.add_argument("--env", metavar="E", help="environment or workspace; the first one if left out")
    parser.add_argument("--project", metavar="P", help="project, if not that of waypoint.hcl")
    parser.add_argument("--app", metavar="A", help="app, if waypoint.hcl has several")
    parser.add_argument("--file", metavar="FILE", type=Path, default=Path("waypoint.hcl"), help="the waypoint.hcl")


def select(arguments: argparse.Namespace) -> Selected:
    """Resolve the standards of the app that the user chose.

    Args:
        arguments: What `add_arguments` declares.

    Returns:
        The app.

    Raises:
        StandardsError: There are no standards, or what is set breaks them, or nothing says which app.
    """
    workspace = arguments.env or os.environ.get("WAYPOINT_WORKSPACE") or "default"
    stanzas: list[Stanza] = []
    file = None
    project, app = arguments.project, arguments.app
    if project is None or app is None or arguments.file.exists():
        file = appfile.read(arguments.file)
        same_project = project in (None, file.project)
        if app is None or (same_project and app in file.apps) or project is None:
            app = appfile.choose(file, app)
        if same_project and app in file.apps:
            stanzas, undecided = appfile.stanzas(file, app, workspace)
            for one in undecided:
                terminal.note(f"{one} is decided at run time and not known here")
        project = project or file.project
    tree = teamconfig.load(arguments.file.absolute().parent, os.environ)
    if tree.note:
        terminal.note(tree.note)
    profile = resolve.profile(tree, project=project, app=app, workspace=workspace, stanzas=stanzas)
    return Selected(profile, workspace, file, stanzas)
