"""`wps explain`: which standards hold for an app, and where each came from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from teamconfig import explain
from wps import positions, selection, terminal

if TYPE_CHECKING:
    import argparse

    from teamconfig.profile import Profile


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
    selection.add_arguments(parser)
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
    selected = selection.select(arguments)
    profile = positions.profile(selected.profile, selected.lines)
    names = explain.key(profile, arguments.key) if arguments.key else None
    if arguments.json:
        terminal.line(json.dumps(explain.as_json(profile, names), indent=2, ensure_ascii=False))
    else:
        _show(profile, arguments.key, names, {stanza.section for stanza in selected.stanzas})
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
