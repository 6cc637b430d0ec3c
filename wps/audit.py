"""`wps audit`: read what was asked of the team config service and how it was answered, and check that it is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from wps import auditwords, commands, connection, moments, terminal

if TYPE_CHECKING:
    from teamconfig.client.service import Service

app = commands.app("Read the audit of the team config service, and check that nobody has altered it.")

_MILLISECONDS = 1000
_PAGE = 500
_VERIFY_SECONDS = 30.0


@app.command(
    "read", help="Print rows of the audit, oldest first: your own; your team's, as its lead, with --team; all, with a "
    "role in the company.",
    short_help="print rows, oldest first",
)  # fmt: skip
def run_read(
    *,
    team: Annotated[str, typer.Option(metavar="T", help="of this team only")] = "",
    project: Annotated[str, typer.Option(metavar="P", help="about this project only")] = "",
    action: Annotated[str, typer.Option(metavar="A", help="of this action only: deploy, sign-in, ...")] = "",
    outcome: Annotated[str, typer.Option(metavar="O", help="allowed, denied, failed or expired")] = "",
    after: Annotated[int, typer.Option(metavar="N", help="rows behind this number")] = 0,
    limit: Annotated[int, typer.Option(metavar="N", help="at most so many")] = 100,
    long: Annotated[
        bool, typer.Option("--long", help="also who it is at the provider, as `wps lock user` takes it; whole requests")
    ] = False,
    as_json: terminal.Json = False,
) -> int:
    """Read the audit.

    Args:
        team: Of this team only.
        project: About this project only.
        action: Of this action only.
        outcome: Of this outcome only.
        after: Rows behind this number.
        limit: At most so many.
        long: Whether to show the ids of people, and requests in full.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: A filter is none, one may not read it, or the service is away.
    """
    auditwords.check_outcome(outcome)
    auditwords.check_limit(limit)
    actions = auditwords.stored(action)
    wanted = {"team": team, "project": project, "outcome": outcome}
    with connection.signed_in() as service:
        # one more than wanted of each, to tell whether there is more
        found = [_rows(service, after, limit + 1, {**wanted, "action": one}) for one in actions]
    rows = sorted((row for some in found for row in some), key=lambda row: int(row.sequence))
    more, rows = len(rows) > limit, rows[:limit]
    if as_json:
        terminal.document([_data(row) for row in rows])
    elif not rows:
        terminal.line("no rows")
    else:
        subject = ("subject",) if long else ()
        head = ("row", "time", "who", *subject, "action", "about", "outcome", "reason", "request")
        terminal.table(head, [_row(row, long=long) for row in rows])
    if more:
        terminal.note(f"there is more: --after {rows[-1].sequence}")
    return 0


def _rows(service: Service, after: int, most: int, wanted: dict[str, str]) -> list[Any]:
    """Read rows behind a number, page by page."""
    rows: list[Any] = []
    while len(rows) < most:
        size = min(_PAGE, most - len(rows))
        request = connection.message("audit_pb2.ReadAuditRequest", after=after, page_size=size, **wanted)
        page = service.call("Audit/Read", request)
        rows += page.rows
        after = page.next
        if not after:
            break
    return rows


@app.command(
    "verify", help="Check the chain of all rows against the checkpoints kept elsewhere. Exit code 1 if it is broken.",
    short_help="check that no row was altered or removed",
)  # fmt: skip
def run_verify(
    *,
    without_checkpoints: Annotated[
        bool, typer.Option("--without-checkpoints", help="accept that there is none to compare with")
    ] = False,
    as_json: terminal.Json = False,
) -> int:
    """Check the audit.

    Args:
        without_checkpoints: Whether it is enough that the chain itself holds.
        as_json: Whether to print JSON.

    Returns:
        0 if it is whole, 1 otherwise.

    Raises:
        StandardsError: One may not check it, or the service is away.
    """
    request = connection.message("audit_pb2.VerifyAuditRequest", without_checkpoints=without_checkpoints)
    with connection.signed_in() as service:
        told = service.call("Audit/Verify", request, deadline=_VERIFY_SECONDS)
    if as_json:
        facts = {"intact": told.intact, "rows": told.rows, "checkpoints": told.checkpoints}
        terminal.document({**facts, "problem": told.problem, "at": told.at})
    elif told.intact:
        rows, checkpoints = terminal.counted(told.rows, "row"), terminal.counted(told.checkpoints, "checkpoint")
        terminal.line(f"the audit is whole: {rows}, {checkpoints}")
    else:
        terminal.error(f"the audit is not whole\n  {told.problem}\n  tell who runs the service\n  at row {told.at}")
    return 0 if told.intact else 1


def _data(row: Any) -> dict[str, Any]:
    names = ("sequence", "time_ms", "action", "team", "environment", "outcome", "reason", "request_id", "revision")
    target = row.target
    return {
        **{name: getattr(row, name) for name in names},
        "principal": f"{row.principal.issuer}|{row.principal.subject}",
        "name": row.principal.name,
        "target": {"project": target.project, "app": target.app, "workspace": target.workspace},
        "details": row.details,
    }


def _row(row: Any, *, long: bool) -> tuple[str, ...]:
    about = "/".join(part for part in (row.target.project, row.target.app) if part) or row.team
    where = f"{about} {row.environment}".strip()
    who = row.principal.name or row.principal.subject or "-"
    moment = moments.at(row.time_ms / _MILLISECONDS)
    subject = (f"{row.principal.issuer}|{row.principal.subject}" if row.principal.subject else "-",) if long else ()
    action, request = auditwords.shown(row.action), row.request_id if long else row.request_id[:12]
    return (str(row.sequence), moment, who, *subject, action, where, row.outcome, row.reason, request)
