"""`wps releases`: which release is in which environment, how old, on what evidence, by whom."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wps import commands, moments, promote, selection, terminal

if TYPE_CHECKING:
    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Record
    from wps.promotion.stages import Stages

app = commands.app()


@app.command(
    help="Show the releases of an app: the newest of each environment with version, digest, age, evidence and who made "
    "it, what is held, rejected or on its way; with --env, the history of one."
)
def run(
    app_name: promote.App = None,
    *,
    env: Annotated[
        str | None, typer.Option("--env", "--workspace", "-workspace", metavar="E", help="history of this environment")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", help="at most so many records of a history")] = 20,
    project: selection.Project = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """Show releases.

    Args:
        app_name: The app, or None.
        env: Environment whose history is wanted, or None for all.
        limit: At most so many records of a history.
        project: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: Nothing says which app, or the ledger cannot be read.
    """
    from wps.promotion import ledgers  # noqa: PLC0415  # --help needs no ledger

    with ledgers.of(selection.Choice(None, project, app_name, file)) as (stages, ledger):
        if ledger.advisory and not as_json:
            terminal.note(ledger.about)
        if env is not None:
            return _history(stages, ledger, stages.check(env, "the argument --env"), limit, as_json=as_json)
        rows = [_stage(stages, ledger, one) for one in stages.environments]
    if as_json:
        terminal.document({"project": stages.project, "app": stages.app, "environments": rows})
        return 0
    terminal.heading(f"{stages.project}/{stages.app}")
    head = ("environment", "release", "image", "age", "evidence", "who", "state")
    terminal.table(head, [(row["environment"], *_cells(row), ", ".join(row["states"]) or "-") for row in rows])
    return 0


def _stage(stages: Stages, ledger: Ledger, environment: str) -> dict[str, Any]:
    """Collect what is known of an environment."""
    from wps.promotion import showing  # noqa: PLC0415  # as above

    newest = ledger.latest(stages.project, stages.app, environment)
    states = []
    held = ledger.held(stages.project, stages.app, environment)
    if held is not None:
        states.append(f"held by {held.by_name or held.by}: {held.reason}")
    if newest is not None and ledger.rejection(stages.project, newest.digest) is not None:
        states.append("rejected")
    running = ledger.promotion(stages.project, stages.app, environment)
    if running is not None and not running.ended:
        steps = ", ".join(step.name for step in running.steps) or "nothing"
        states.append(
            f"{showing.short(running.wanted.digest)} on its way by {running.by_name or running.by} ({steps} done)"
        )
    record = showing.record(newest) if newest is not None else None
    return {"environment": environment, "record": record, "states": states}


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    from wps.promotion import showing  # noqa: PLC0415  # as above

    one = row["record"]
    if one is None:
        return ("none", "-", "-", "-", "-")
    age = moments.span(time.time() - one["made_at"])
    version = f"{one['number']} {one['id'][: showing.SHOWN_DIGITS]}"
    spared = " (waived)" if one["waivers"] else ""
    evidence = f"{len(one['evidence'])}{spared}"
    return (version, showing.short(one["digest"]), age, evidence, one["made_by_name"] or one["made_by"])


def _history(stages: Stages, ledger: Ledger, environment: str, limit: int, *, as_json: bool) -> int:
    from wps.promotion import showing  # noqa: PLC0415  # as above

    found = ledger.history(stages.project, stages.app, environment, limit)
    if as_json:
        terminal.document([showing.record(one) for one in found])
    elif not found:
        terminal.line(f"{environment} has no release record of {stages.project}/{stages.app}")
    else:
        terminal.heading(f"{stages.project}/{stages.app} in {environment}")
        terminal.table(("release", "image", "kind", "when", "evidence", "who"), [_row(one) for one in found])
    return 0


def _row(one: Record) -> tuple[str, ...]:
    from wps.promotion import showing  # noqa: PLC0415  # as above

    version = f"{one.number} {one.id[: showing.SHOWN_DIGITS]}"
    who = one.made_by_name or one.made_by
    return (version, one.digest, one.kind, moments.at(one.made_at), str(len(one.evidence)), who)
