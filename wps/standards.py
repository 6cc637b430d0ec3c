"""`wps standards`: check a directory of standards, and print the JSON Schema of its files."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import StandardsError, checking, errors, jsonschema, source
from wps import terminal

if TYPE_CHECKING:
    import argparse

    from teamconfig.tree import Tree

_SHOWN = 3


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line.

    Args:
        commands: Where commands are added.
    """
    parser = commands.add_parser("standards", help="check standards, print their schema", allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check", help="resolve every app in every environment", allow_abbrev=False,
        description="Read standards and resolve every app in every environment. Exit code 1 if anything is wrong.",
    )  # fmt: skip
    check.add_argument("address", metavar="DIR", help="a directory, or git+URL-or-path#ref[:folder]")
    check.add_argument("--json", action="store_true", help="print JSON")
    check.set_defaults(run=run_check)
    schema = actions.add_parser(
        "schema", help="print the JSON Schema of the YAML files", allow_abbrev=False,
        description="Print the JSON Schema (draft 2020-12) of the YAML files, for editors.",
    )  # fmt: skip
    schema.set_defaults(run=run_schema)


def run_check(arguments: argparse.Namespace) -> int:
    """Check standards.

    Args:
        arguments: `address` and `json`.

    Returns:
        0 if everything resolves, 1 otherwise.
    """
    try:
        tree = _read(arguments.address)
    except StandardsError as err:
        if not arguments.json:
            raise
        problems = [_data(problem, ()) for problem in err.problems]
        terminal.line(json.dumps({"problems": problems}, indent=2, ensure_ascii=False))
        return 1
    report = checking.check(tree)
    if arguments.json:
        facts = {"revision": tree.revision, "teams": report.teams, "apps": report.apps, "profiles": report.profiles}
        problems = [_data(problem, at) for problem, at in report.problems]
        terminal.line(json.dumps({**facts, "problems": problems}, indent=2, ensure_ascii=False))
        return 1 if problems else 0
    if tree.note:
        terminal.note(tree.note)
    for problem, at in report.problems:
        terminal.error(str(problem))
        more = f" and {len(at) - _SHOWN} more" if len(at) > _SHOWN else ""
        terminal.error(f"  in {', '.join(at[:_SHOWN])}{more}")
    numbers = {
        "team": report.teams, "environment": len(tree.org.environments), "profile": report.profiles,
        "problem": len(report.problems),
    }  # fmt: skip
    teams, environments, profiles, wrong = (terminal.counted(number, noun) for noun, number in numbers.items())
    own = f"{terminal.counted(report.apps, 'app')} with files of {'its' if report.apps == 1 else 'their'} own"
    terminal.line(f"{tree.revision}: {teams}, {own}, {environments}, {profiles} resolved, {wrong}")
    return 1 if report.problems else 0


def _read(address: str) -> Tree:
    """Read standards; what cannot be read was named by the user, not by a file of settings."""
    folder = Path(address).expanduser()
    if not address.startswith("git+") and not folder.is_dir():
        why = "it is a file" if folder.exists() else "there is no such directory"
        what = f"standards {address} cannot be read"
        raise errors.missing(what, why, "name a directory with an org.yaml in it", f"the argument DIR, {address}")
    return source.read(address, Path.cwd(), os.environ)


def _data(problem: object, at: tuple[str, ...]) -> dict[str, object]:
    names = ("what", "why", "fix", "where", "kind")
    return {**{name: getattr(problem, name) for name in names}, "in": list(at)}


def run_schema(arguments: argparse.Namespace) -> int:
    """Print the schema.

    Args:
        arguments: Nothing of it is used.

    Returns:
        0.
    """
    del arguments
    terminal.line(json.dumps(jsonschema.document(), indent=2, ensure_ascii=False))
    return 0
