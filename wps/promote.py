"""`wps promote`: bring the image that ran in one environment into the next, with everything the standards want.

Owns the command line and the order: plan, question, steps. The plan is made in `wps.promotion`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from wps import commands, selection, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Record
    from wps.promotion.plan import Plan
    from wps.promotion.stages import Stages

app = commands.app()

App = Annotated[str | None, typer.Argument(metavar="APP", help="app, if waypoint.hcl has several")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="ask nothing")]

_STDERR = 2


@app.command(
    help="Promote: bring the release of one environment into the next. Shows the plan, asks, brings the image, deploys "
    "the same digest through Waypoint in the workspace of the environment, tests it, gives it the traffic, and writes "
    "the release record. Without --to, the newest release goes to where it has not been yet. Into the first "
    "environment: build, deploy, test, release and record. A run that was stopped goes on when it is run again. "
    "WAYPOINT_BIN names the program of Waypoint, if it is not on the PATH."
)
def run(
    app_name: App = None,
    *,
    to: Annotated[str | None, typer.Option("--to", metavar="ENV", help="environment that it goes to")] = None,
    commit: Annotated[
        str | None,
        typer.Option("--commit", metavar="C", help="take the release of this git commit, and no other: for pipelines"),
    ] = None,
    yes: Yes = False,
    plan_only: Annotated[bool, typer.Option("--plan", help="show the plan, change nothing; 1: it is refused")] = False,
    lift_hold: Annotated[bool, typer.Option("--lift-hold", help="lift the hold that a rollback left, first")] = False,
    waive: Annotated[
        list[str] | None,
        typer.Option("--waive", metavar="WHAT", help="evidence, soak or test:NAME: spare a release this, for others"),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="why it may be waived")] = "",
    hours: Annotated[int, typer.Option("--hours", metavar="N", help="how long the waiver counts")] = 4,
    project: selection.Project = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """Promote.

    Args:
        app_name: The app, or None.
        to: Environment, or None.
        commit: That the release is to be of, or None for the newest.
        yes: Whether to ask nothing.
        plan_only: Whether only the plan is wanted.
        lift_hold: Whether to lift the hold of the environment first.
        waive: What is spared the release; nothing is promoted then.
        reason: Why.
        hours: How long the waiver counts.
        project: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: The plan has reasons to refuse, or a step failed.
    """
    from wps.promotion import gathering, ledgers  # noqa: PLC0415  # --help needs no ledger

    with ledgers.of(selection.Choice(None, project, app_name, file)) as (stages, ledger):
        environment = gathering.target(stages, ledger, to)
        if not environment:
            return _nothing(stages, as_json=as_json)
        if lift_hold:
            ledger.lift(stages.project, stages.app, environment)
            terminal.note(f"{environment} is not held any more")
        if waive:
            return _waived(ledger, gathering.promotion(stages, ledger, environment, commit), waive, reason, hours)
        found = gathering.promotion(stages, ledger, environment, commit)
        return carried(stages, ledger, found, yes=yes, plan_only=plan_only, as_json=as_json)


def carried(
    stages: Stages, ledger: Ledger, found: Plan, *, yes: bool, plan_only: bool = False, as_json: bool = False
) -> int:
    """Show a plan, ask, and carry it out.

    Args:
        stages: The app.
        ledger: Its records.
        found: The plan.
        yes: Whether to ask nothing.
        plan_only: Whether only the plan is wanted.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: The plan has reasons to refuse, or a step failed.
    """
    from wps.promotion import showing  # noqa: PLC0415  # as above

    if not as_json:
        showing.plan(found)
        if ledger.advisory:
            terminal.note(ledger.about)
    if plan_only:
        if as_json:
            terminal.document(showing.data(found))
        for one in () if as_json else found.problems:
            terminal.error(str(one))
        return 1 if found.problems else 0
    if found.is_there and not found.done:
        if as_json:
            terminal.document({**showing.data(found), "record": showing.record(_current(found))})
        else:
            terminal.line(f"nothing to do: {found.facts.target.environment} has it already")
        return 0
    found.check()
    _agree(found, yes=yes, as_json=as_json)
    made = _done(stages, ledger, found, as_json=as_json)
    if as_json:
        terminal.document({**showing.data(found), "record": showing.record(made)})
    else:
        where = f" at {made.url}" if made.url else ""
        record = made.id[: showing.SHOWN_DIGITS]
        terminal.line(f"{made.environment} has {showing.release(made)}{where}: record {record}")
    return 0


def _current(found: Plan) -> Record:
    if found.facts.current is None:
        raise ValueError("what is there has a record")
    return found.facts.current


def _done(stages: Stages, ledger: Ledger, found: Plan, *, as_json: bool) -> Record:
    from wps.promotion import steps  # noqa: PLC0415  # only where something is done

    todo = steps.Run(ledger, stages, found, _STDERR if as_json else None)
    return steps.build(todo) if found.facts.kind == "deploy" else steps.promote(todo)


def _agree(found: Plan, *, yes: bool, as_json: bool) -> None:
    """Ask, if somebody can be asked.

    Raises:
        StandardsError: Nobody has agreed (kind state).
    """
    from teamconfig import errors  # noqa: PLC0415  # as above
    from wps import questions  # noqa: PLC0415

    if yes:
        return
    target = found.facts.target
    what = f"{target.project}/{target.app} is not brought to {target.environment}"
    if as_json or not terminal.interactive():
        raise errors.state(what, "nobody can be asked here", "give --yes", "")
    if not questions.confirm("go on?"):
        raise errors.state(what, "you did not agree", "run it again", "")


def _nothing(stages: Stages, *, as_json: bool) -> int:
    text = f"nothing to promote: each environment of {stages.project}/{stages.app} has what the one before it has"
    if as_json:
        terminal.document({"project": stages.project, "app": stages.app, "target": "", "is_there": True})
    else:
        terminal.line(text)
    return 0


def _waived(ledger: Ledger, found: Plan, waive: Sequence[str], reason: str, hours: int) -> int:
    """Spare a release something."""
    from teamconfig.releases.record import TEST, WAIVABLE, is_waivable  # noqa: PLC0415  # as above
    from wps import moments  # noqa: PLC0415

    words = sorted(set(waive))
    if not all(is_waivable(word) for word in words):
        raise typer.BadParameter(f"it is {', '.join(WAIVABLE)} or {TEST}NAME", param_hint="--waive")
    if not reason.strip():
        raise typer.BadParameter("say why it may be waived", param_hint="--reason")
    if found.facts.chosen is None:
        found.check()
    target = found.facts.target
    made = ledger.waive(target.project, target.app, target.environment, found.digest, words, reason, hours * 3600)
    terminal.line(f"{' and '.join(made.waives)} waived for {found.digest} in {target.environment}, until "
                  f"{moments.at(made.expires)}: it counts for everybody but you")  # fmt: skip
    return 0
