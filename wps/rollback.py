"""`wps rollback`: bring back what an environment had before, and hold it there until somebody lifts the hold."""

from __future__ import annotations

from typing import Annotated

import typer

from wps import commands, promote, selection, terminal

app = commands.app()


@app.command(
    help="Roll back: bring the release before into an environment again, and hold the environment, so that nothing "
    "newer comes until `wps promote --lift-hold`. A deployment that Waypoint still has only gets the traffic; else the "
    "image of the record is deployed anew."
)
def run(
    app_name: promote.App = None,
    *,
    env: Annotated[str, typer.Option("--env", "--workspace", "-workspace", metavar="E", help="environment")],
    to: Annotated[
        str | None, typer.Option("--to", metavar="RECORD", help="record to go back to; that of the image before")
    ] = None,
    yes: promote.Yes = False,
    plan_only: Annotated[bool, typer.Option("--plan", help="show the plan, change nothing; 1: it is refused")] = False,
    project: selection.Project = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """Roll back.

    Args:
        app_name: The app, or None.
        env: The environment.
        to: Id of a record, or its first digits; None for that of the image before.
        yes: Whether to ask nothing.
        plan_only: Whether only the plan is wanted.
        project: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: There is nothing to go back to, or a step failed.
    """
    from wps.promotion import gathering, ledgers  # noqa: PLC0415  # --help needs no ledger

    with ledgers.of(selection.Choice(None, project, app_name, file)) as (stages, ledger):
        environment = stages.check(env, "the argument --env")
        found = gathering.rollback(stages, ledger, environment, to)
        code = promote.carried(stages, ledger, found, yes=yes, plan_only=plan_only, as_json=as_json)
        if code == 0 and not plan_only and ledger.held(stages.project, stages.app, environment) is not None:
            terminal.note(f"{environment} is held; when it may go on: wps promote --to {environment} --lift-hold")
    return code
