"""`wps standards`: check a directory of standards, and print the JSON Schema of its files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from teamconfig import StandardsError, checking, jsonschema, source
from wps import commands, revision, terminal

app = commands.app("Check a directory of standards, and print the JSON Schema of its files.")

_SHOWN = 3


@app.command(
    "check", help="Read standards and resolve every app in every environment. Exit code 1 if anything is wrong.",
    short_help="resolve every app in every environment",
)  # fmt: skip
def run_check(
    address: Annotated[str, typer.Argument(metavar="DIR", help="a directory, or git+URL-or-path#ref[:folder]")],
    *,
    as_json: terminal.Json = False,
) -> int:
    """Check standards.

    Args:
        address: Where they are.
        as_json: Whether to print JSON.

    Returns:
        0 if everything resolves, 1 otherwise.

    Raises:
        StandardsError: They cannot be read, or a file is wrong.
    """
    revision.check(address, "the argument DIR")
    try:
        tree = source.read(address, Path.cwd(), os.environ)
    except StandardsError as err:
        revision.placed(err, address)
        if not as_json:
            raise
        problems = [terminal.problem(problem) for problem in err.problems]
        terminal.document({"problems": problems})
        return 1
    report = checking.check(tree)
    found = [(revision.place(problem, address), at) for problem, at in report.problems]
    if as_json:
        facts = {"revision": tree.revision, "teams": report.teams, "apps": report.apps, "profiles": report.profiles}
        problems = [terminal.problem(problem, at) for problem, at in found]
        terminal.document({**facts, "problems": problems})
        return 1 if problems else 0
    if tree.note:
        terminal.note(tree.note)
    for problem, at in found:
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


@app.command(
    "schema", help="Print the JSON Schema (draft 2020-12) of the YAML files, for editors.",
    short_help="print the JSON Schema of the YAML files",
)  # fmt: skip
def run_schema() -> int:
    """Print the schema.

    Returns:
        0.
    """
    terminal.document(jsonschema.document())
    return 0
