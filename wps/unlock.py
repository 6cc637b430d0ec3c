"""`wps unlock`: let in again whom `wps lock` has shut out."""

from __future__ import annotations

from wps import commands, connection, locks, terminal

app = commands.app()


@app.command(help="Remove the lock of a user, team, project or device. Exit code 1 if there is none.")
def run(kind: locks.Kind, subject: locks.Subject, *, as_json: terminal.Json = False) -> int:
    """Unlock.

    Args:
        kind: What is locked.
        subject: Which one.
        as_json: Whether to print JSON.

    Returns:
        0 if there was a lock, 1 otherwise.

    Raises:
        StandardsError: There is no such kind, one may not unlock it, or the service is away.
    """
    locks.check_kind(kind)
    with connection.signed_in() as service:
        request = connection.message("rights_pb2.RemoveLockRequest", kind=kind, subject=subject)
        removed = service.call("Rights/RemoveLock", request).removed
    if as_json:
        terminal.document({"kind": kind, "subject": subject, "removed": removed})
    else:
        terminal.line(f"{kind} {subject} {'is not locked any more' if removed else 'was not locked'}")
    return 0 if removed else 1
