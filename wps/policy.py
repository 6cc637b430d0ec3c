"""`wps policy`: hold standards against the expectations that stand beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from teamconfig import errors, reading
from teamconfig.policy import rows
from teamconfig.store import directory
from wps import commands, terminal

app = commands.app("Test who may do what.")


@app.command(
    "test", help=f"Read standards and hold them against their {rows.PATH}: who must be able to do what, and who must "
    "not. The team config service refuses a revision of which one row fails. Exit code 1 if one does.",
    short_help=f"hold standards against their {rows.PATH}",
)  # fmt: skip
def run_test(
    address: Annotated[Path, typer.Argument(metavar="[DIR]", help="directory of the standards")] = Path(),
    *,
    as_json: terminal.Json = False,
) -> int:
    """Test.

    Args:
        address: Directory of the standards.
        as_json: Whether to print JSON.

    Returns:
        0 if every row holds, 1 otherwise.

    Raises:
        StandardsError: The standards cannot be read, or have no tests.
    """
    root = address.expanduser()
    if not root.is_dir():
        why = "it is a file" if root.exists() else "there is no such directory"
        fix = "name a directory with an org.yaml in it"
        raise errors.missing(f"standards {address} cannot be read", why, fix, "the argument DIR")
    files = directory.read(root)
    tree = reading.tree(files, revision=directory.revision(files), origin=str(root))
    if rows.PATH not in files:
        why, fix = f"there is no {rows.PATH}", "write one: tests: [{who: ..., can: ..., expect: allow}]"
        raise errors.missing(f"{address} has no policy tests", why, fix, str(root / rows.PATH))
    found, problems = rows.read(files[rows.PATH])
    problems += rows.check(tree, found)
    if as_json:
        facts = {"revision": tree.revision, "tests": len(found)}
        terminal.document({**facts, "problems": [terminal.problem(one) for one in problems]})
        return 1 if problems else 0
    for problem in problems:
        terminal.error(str(problem))
    tests, wrong = terminal.counted(len(found), "test"), terminal.counted(len(problems), "problem")
    terminal.line(f"{tree.revision}: {tests}, {wrong}")
    return 1 if problems else 0
