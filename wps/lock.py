"""`wps lock`: shut out a user, team, project or device, within seconds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from teamconfig import errors, units
from wps import commands, connection, locks, terminal

if TYPE_CHECKING:
    from datetime import timedelta

app = commands.app()


@app.command(
    help="Shut out a user, team, project or device, on every replica of the service within seconds. A locked user's "
    "sessions end at once."
)
def run(
    kind: locks.Kind,
    subject: locks.Subject,
    *,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="why; everybody who is locked out reads it")],
    lasts: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="30m, 12h, ...; until `wps unlock` if left out")
    ] = None,
    as_json: terminal.Json = False,
) -> int:
    """Lock.

    Args:
        kind: What is locked.
        subject: Which one.
        reason: Why.
        lasts: For how long.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: There is no such kind, one may not lock it, or the service is away.
    """
    locks.check_kind(kind)
    until = int(time.time() + _duration(lasts).total_seconds()) if lasts else 0
    with connection.signed_in() as service:
        made = service.call(
            "Rights/PutLock",
            connection.message("rights_pb2.PutLockRequest", kind=kind, subject=subject, reason=reason, until=until),
        )
    if as_json:
        terminal.document(locks.data(made))
    else:
        terminal.line(f"{made.kind} {made.subject} is locked {locks.end(made)}")
    return 0


def _duration(text: str) -> timedelta:
    try:
        return units.parse_duration(text)
    except units.UnitError as err:
        what, fix = f"--for {text} is not allowed", f"write --for {err.example}"
        problem = errors.Problem(what, err.why, fix, "the argument --for", "option")
        raise errors.StandardsError([problem]) from err
