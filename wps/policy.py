"""`wps policy`: hold standards against the expectations that stand beside them."""

from __future__ import annotations

from typing import Annotated

import typer

from teamconfig import errors
from teamconfig.policy import rows
from wps import commands, revision, terminal

app = commands.app("Test who may do what.")


@app.command(
    "test", help=f"Read standards and hold them against their {rows.PATH}: who must be able to do what, and who must "
    "not. The team config service refuses a revision of which one row fails. Exit code 1 if one does.",
    short_help=f"hold standards against their {rows.PATH}",
)  # fmt: skip
def run_test(
    address: Annotated[
        str, typer.Argument(metavar="DIR", help="a directory, or git+URL-or-path#ref[:folder]; this one if left out")
    ] = ".",
    *,
    as_json: terminal.Json = False,
) -> int:
    """Test.

    Args:
        address: Where the standards are.
        as_json: Whether to print JSON.

    Returns:
        0 if every row holds, 1 otherwise.

    Raises:
        StandardsError: The standards cannot be read, or have no tests.
    """
    read = revision.read(address, "the argument DIR")
    tree = read.tree
    if rows.PATH not in read.files:
        why, fix = f"there is no {rows.PATH}", "write one: tests: [{who: ..., can: ..., expect: allow}]"
        missing = errors.missing(f"{address} has no policy tests", why, fix, rows.PATH)
        revision.placed(missing, address)
        raise missing
    found, problems = rows.read(read.files[rows.PATH])
    problems = [revision.place(one, address) for one in (*problems, *rows.check(tree, found))]
    if as_json:
        facts = {"revision": tree.revision, "tests": len(found)}
        terminal.document({**facts, "problems": [terminal.problem(one) for one in problems]})
        return 1 if problems else 0
    for problem in problems:
        terminal.error(str(problem))
    tests, wrong = terminal.counted(len(found), "test"), terminal.counted(len(problems), "problem")
    terminal.line(f"{tree.revision}: {tests}, {wrong}")
    return 1 if problems else 0
