"""`wps explain`: which standards hold for an app, and where each came from."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import teamconfig
from teamconfig import explain, resolve
from wps import appfile, terminal

if TYPE_CHECKING:
    import argparse

    from teamconfig.profile import Profile
    from teamconfig.stanza import Stanza


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line.

    Args:
        commands: Where commands are added.
    """
    parser = commands.add_parser(
        "explain",
        help="show which value each standard has, and where it comes from",
        description="Show the standards of the app in this directory, or all about one KEY: where its value comes "
        "from, what it overrides, which rule binds it, who may change it.",
        allow_abbrev=False,
    )
    parser.add_argument("key", nargs="?", metavar="KEY", help="kubernetes.memory, memory, kubernetes.probe, ...")
    parser.add_argument("--env", metavar="E", help="environment or workspace; the first one if left out")
    parser.add_argument("--project", metavar="P", help="project, if not that of waypoint.hcl")
    parser.add_argument("--app", metavar="A", help="app, if waypoint.hcl has several")
    parser.add_argument("--file", metavar="FILE", type=Path, default=Path("waypoint.hcl"), help="the waypoint.hcl")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Explain.

    Args:
        arguments: What `add` declares.

    Returns:
        The exit code.

    Raises:
        StandardsError: There are no standards, or what is set breaks them.
    """
    workspace = arguments.env or os.environ.get("WAYPOINT_WORKSPACE") or "default"
    stanzas: list[Stanza] = []
    project, app = arguments.project, arguments.app
    if project is None or app is None or arguments.file.exists():
        file = appfile.read(arguments.file)
        same_project = project in (None, file.project)
        if app is None or (same_project and app in file.apps) or project is None:
            app = appfile.choose(file, app)
        if same_project and app in file.apps:
            stanzas, undecided = appfile.stanzas(file, app, workspace)
            for one in undecided:
                terminal.note(f"{one} is decided at run time and not in this table")
        project = project or file.project
    tree = teamconfig.load(arguments.file.absolute().parent, os.environ)
    if tree.note:
        terminal.note(tree.note)
    profile = resolve.profile(tree, project=project, app=app, workspace=workspace, stanzas=stanzas)
    names = explain.key(profile, arguments.key) if arguments.key else None
    if arguments.json:
        terminal.line(json.dumps(explain.as_json(profile, names), indent=2, ensure_ascii=False))
    else:
        _show(profile, arguments.key, names, {stanza.section for stanza in stanzas})
    return 0


_PLATFORMS = frozenset({"kubernetes", "ecs"})
"""Sections of which an app needs only that of the plugin that it deploys with."""


def _section(key: str) -> str:
    return key.partition(".")[0]


def _show(profile: Profile, key: str | None, names: tuple[str, ...] | None, used: set[str]) -> None:
    hidden = _PLATFORMS - used if _PLATFORMS & used else frozenset()
    if names is None:
        whose = f"{profile.project}/{profile.app} of team {profile.team} in {profile.environment}"
        terminal.heading(f"{whose}, standards {profile.revision}")
        rows = [row for row in explain.rows(profile) if _section(row.key) not in hidden]
        terminal.table(("key", "value", "layer", "where"), [(row.key, row.value, row.layer, row.where) for row in rows])
        return
    if not names:
        lines = list(explain.unset(explain.full_key(key or "")))
        terminal.heading(lines[0])
        for line in lines[1:]:
            terminal.line(line)
    for name in names:
        first, *rest = explain.lines(profile.provenance[name])
        terminal.heading(first)
        for line in rest:
            terminal.line(line)
