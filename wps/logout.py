"""`wps logout`: end the session at the team config service, here or on every device."""

from __future__ import annotations

from typing import Annotated

import typer

from wps import commands, connection, moments, terminal

app = commands.app()


@app.command(
    help="End your session at the team config service and forget it on this machine. Exit code 75: forgotten here, but "
    "the service could not be told, and the session ends by itself."
)
def run(
    *,
    everywhere: Annotated[bool, typer.Option("--everywhere", help="end your sessions on all machines")] = False,
    as_json: terminal.Json = False,
) -> int:
    """Sign out.

    Args:
        everywhere: Whether sessions on other machines end too.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: The session cannot be read, or the service is away and all sessions should end.
    """
    from teamconfig.client.errors import ServiceError, UnreachableError  # noqa: PLC0415  # as grpc
    from wps.main import UNREACHABLE  # noqa: PLC0415  # it has loaded us

    with connection.signed_in() as service:
        address = service.settings.service
        kept = service.vault.load()
        if kept is None:
            return _told(f"you are not signed in at {address}, there is nothing to end", 0, as_json=as_json)
        code, why = 0, ""
        closed = 0
        try:
            closed = service.call(
                "Sessions/Close", connection.message("sessions_pb2.CloseRequest", everywhere=everywhere)
            ).closed
        except UnreachableError as err:
            if everywhere:
                raise
            code, why = UNREACHABLE, err.problems[0].why
        except ServiceError as err:
            if everywhere:
                raise
            why = err.problems[0].why
        service.vault.forget()
    told = f"signed out at {address}"
    if everywhere:
        told += f", {terminal.counted(closed, 'session')} ended"
    if code:
        until = moments.at(kept.refresh_expires)
        terminal.note(f"the service could not be told: {why}. The session ends by itself, at the latest on {until}")
    elif why:
        terminal.note(f"the session was over already: {why}")
    return _told(told, closed, as_json=as_json, code=code)


def _told(text: str, closed: int, *, as_json: bool, code: int = 0) -> int:
    if as_json:
        terminal.document({"closed": closed, "told": text})
    else:
        terminal.line(text)
    return code
