"""`wps diff`: what differs between an app in two environments: its image, and its standards, declared or not."""

from __future__ import annotations

from typing import Annotated

import typer

from wps import commands, selection, terminal

app = commands.app()


@app.command(
    help="Compare an app in two environments: the images of their newest release records, and every standard that "
    "differs, with the line that makes it. Marked ~: declared by the standards of an environment; marked !: by none. "
    "Exit code 1 if something is marked !."
)
def run(
    first: Annotated[str, typer.Argument(metavar="ENV", help="an environment")],
    second: Annotated[str, typer.Argument(metavar="ENV", help="another")],
    *,
    app_name: selection.App = None,
    project: selection.Project = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """Compare.

    Args:
        first: An environment.
        second: Another.
        app_name: As in `selection.Choice`.
        project: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        1 if something differs that no standard of an environment declares, else 0.

    Raises:
        StandardsError: There is no such environment, or what is set breaks the standards.
    """
    from wps.promotion import differing, ledgers, showing  # noqa: PLC0415  # --help needs no ledger

    with ledgers.of(selection.Choice(None, project, app_name, file)) as (stages, ledger):
        names = [stages.check(one, f"the argument {one}") for one in (first, second)]
        found = differing.differences(stages.profile(names[0]), stages.profile(names[1]))
        records = [ledger.latest(stages.project, stages.app, one) for one in names]
    digests = [one.digest if one is not None else "" for one in records]
    others = differing.undeclared(found)
    if as_json:
        images = dict(zip(names, digests, strict=True))
        terminal.document({"images": images, "differences": [one.to_json() for one in found]})
    else:
        terminal.heading(f"{stages.project}/{stages.app}: {names[0]} and {names[1]}")
        if digests[0] == digests[1]:
            terminal.line(f"image      {digests[0] or 'none is recorded'}" + (" in both" if digests[0] else ""))
        else:
            terminal.line(f"image      {' -> '.join(one or 'none' for one in digests)}")
        for one in found:
            terminal.line(f"{'~' if one.is_declared else '!'} {showing.difference(one)}")
        terminal.line(f"{terminal.counted(len(found), 'standard')} differ, {len(others)} by no environment's standards")
    return 1 if others else 0
