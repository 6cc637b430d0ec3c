"""`wps reject`: refuse an image everywhere from now on, and show where it still runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from wps import commands, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Record

app = commands.app()


@app.command(
    help="Reject an image: no promotion, no deploy and no credentials for it any more. What runs goes on, and is "
    "listed; exit code 1 while the image still runs somewhere. Without DIGEST: list what is rejected."
)
def run(
    digest: Annotated[str, typer.Argument(metavar="DIGEST", help="of the image: sha256:...")] = "",
    *,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="why, for everybody who meets it")] = "",
    project: Annotated[
        str, typer.Option("--project", metavar="P", help="in this project only; everywhere if left out")
    ] = "",
    lift: Annotated[
        bool, typer.Option("--lift", help="take the rejection back; with a service another person has to")
    ] = False,
    as_json: terminal.Json = False,
) -> int:
    """Reject.

    Args:
        digest: Of the image; empty to list.
        reason: Why.
        project: Where it counts; empty for everywhere.
        lift: Whether to take it back.
        as_json: Whether to print JSON.

    Returns:
        1 while the image still runs somewhere, else 0.

    Raises:
        StandardsError: It is no digest, or one may not reject it.
    """
    from teamconfig.releases.record import is_digest  # noqa: PLC0415  # --help needs no ledger
    from wps.promotion import ledgers  # noqa: PLC0415

    if digest and not is_digest(digest):
        raise typer.BadParameter("it is sha256: and 64 hex digits, as `wps releases` shows it", param_hint="DIGEST")
    if digest and not lift and not reason.strip():
        raise typer.BadParameter("say why, for those who meet it", param_hint="--reason")
    with ledgers.here() as ledger:
        if ledger.advisory and not as_json:
            terminal.note(ledger.about)
        if not digest:
            return _list(ledger, project, as_json=as_json)
        if lift:
            ledger.unreject(digest, project)
            terminal.line(f"{digest} is not rejected any more")
            return 0
        made = ledger.reject(digest, reason, project)
        running = ledger.running(digest, project)
    if as_json:
        terminal.document({**asdict(made), "running": [_place(one) for one in running]})
    else:
        where = f"in {made.project}" if made.project else "everywhere"
        terminal.line(f"{made.digest} is rejected {where}: {made.reason}")
        _show(running)
    return 1 if running else 0


def _place(one: Record) -> dict[str, str]:
    return {"project": one.project, "app": one.app, "environment": one.environment, "record": one.id}


def _show(running: Sequence[Record]) -> None:
    if not running:
        terminal.line("it runs nowhere")
        return
    terminal.line("it still runs here; roll it back:")
    for one in running:
        terminal.line(f"  {one.project}/{one.app} in {one.environment}: wps rollback --env {one.environment}")


def _list(ledger: Ledger, project: str, *, as_json: bool) -> int:
    found = ledger.rejections(project)
    if as_json:
        terminal.document([asdict(one) for one in found])
    elif not found:
        terminal.line("no image is rejected")
    else:
        from wps import moments  # noqa: PLC0415  # only where there is something to show

        rows = [
            (one.digest, one.project or "everywhere", one.reason, one.by_name or one.by, moments.at(one.at))
            for one in found
        ]
        terminal.table(("image", "where", "why", "who", "since"), rows)
    return 0
