"""`wps locks`: who is shut out; and what `wps lock` and `wps unlock` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from teamconfig import errors
from teamconfig.keys import nearest
from wps import commands, connection, moments, terminal

if TYPE_CHECKING:
    from teamconfig.client.service import Service

app = commands.app()

Kind = Annotated[str, typer.Argument(metavar="KIND", help="user, team, project or device")]
Subject = Annotated[
    str,
    typer.Argument(
        metavar="SUBJECT",
        help="a user as `wps whoami` and `wps audit read --long` show it (issuer|subject), a device's key as `wps "
        "whoami` shows it, or a name",
    ),
]
KINDS = ("user", "team", "project", "device")


@app.command(help="List the locks that you may see: those of your teams and your own; all, with a role in the company.")
def run(*, as_json: terminal.Json = False) -> int:
    """List the locks.

    Args:
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: Nobody is signed in, or the service is away.
    """
    with connection.signed_in() as service:
        found = service.call("Rights/ListLocks", connection.message("rights_pb2.ListLocksRequest")).locks
    if as_json:
        terminal.document([data(lock) for lock in found])
    elif not found:
        terminal.line("nobody is locked out")
    else:
        rows = [(lock.kind, lock.subject, end(lock), lock.by.name or lock.by.subject, lock.reason) for lock in found]
        terminal.table(("kind", "subject", "until", "by", "reason"), rows)
    return 0


def check_kind(kind: str) -> None:
    """Refuse what no lock can be on, before the service is asked.

    Args:
        kind: As the user wrote it.

    Raises:
        StandardsError: It is none of `KINDS` (kind option).
    """
    if kind in KINDS:
        return
    close = nearest(kind, KINDS)
    known = f"{', '.join(KINDS[:-1])} or {KINDS[-1]}"
    fix = f"write {close}" if close else f"write {known}"
    why = f"a lock is on a {known}"
    raise errors.StandardsError([errors.Problem(f"unknown kind {kind}", why, fix, "the argument KIND", "option")])


def own(service: Service, who: Any) -> list[Any]:
    """List the locks that hold against the user: on themselves, this device, their teams and their projects.

    Args:
        service: Signed in at.
        who: WhoAmIReply.

    Returns:
        Locks of the contract.

    Raises:
        StandardsError: The service is away.
    """
    subjects = {
        ("user", f"{who.principal.issuer}|{who.principal.subject}"),
        ("device", service.session().public_key().hex()),
        *(("team", one.team) for one in who.teams),
        *(("project", project) for one in who.teams for project in one.projects),
    }
    found = service.call("Rights/ListLocks", connection.message("rights_pb2.ListLocksRequest")).locks
    return [lock for lock in found if (lock.kind, lock.subject) in subjects]


def told(lock: Any) -> str:
    """Tell a lock in one line.

    Args:
        lock: Of the contract.

    Returns:
        What is locked, how long, by whom and why.
    """
    return f"{lock.kind} {lock.subject} is locked {end(lock)} by {lock.by.name or lock.by.subject}: {lock.reason}"


def data(lock: Any) -> dict[str, Any]:
    """Give a lock as data.

    Args:
        lock: Of the contract.

    Returns:
        By name.
    """
    return {
        "kind": lock.kind,
        "subject": lock.subject,
        "reason": lock.reason,
        "until": lock.until,
        "by": f"{lock.by.issuer}|{lock.by.subject}",
    }


def end(lock: Any) -> str:
    """Tell how long a lock holds.

    Args:
        lock: Of the contract.

    Returns:
        "until 2025-11-25 22:14", or "until it is removed".
    """
    return f"until {moments.at(lock.until)}" if lock.until else "until it is removed"
