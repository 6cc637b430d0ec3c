"""`wps whoami`: who one is at the team config service, in which teams, and what is allowed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from wps import commands, connection, locks, moments, terminal

if TYPE_CHECKING:
    from collections.abc import Iterable

app = commands.app()


@app.command(
    help="Show who you are at the team config service, your teams and roles, what they allow in which environment, the "
    "key of this device, and what of all that is locked."
)
def run(*, as_json: terminal.Json = False) -> int:
    """Tell who one is.

    Args:
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: Nobody is signed in, or the service is away.
    """
    with connection.signed_in() as service:
        reply = service.call("Sessions/WhoAmI", connection.message("sessions_pb2.WhoAmIRequest"))
        address = service.settings.service
        device = service.session().public_key().hex()
        held = locks.own(service, reply)
    if as_json:
        terminal.document({**data(reply, address), "device": device, "locks": [locks.data(one) for one in held]})
        return 0
    show(reply, address)
    terminal.line(f"this device is {device}")
    for one in held:
        terminal.note(locks.told(one))
    return 0


def data(reply: Any, address: str) -> dict[str, Any]:
    """Give what the service says of somebody as data.

    Args:
        reply: WhoAmIReply.
        address: Of the service.

    Returns:
        By name.
    """
    who = reply.principal
    return {
        "service": address,
        "principal": {"issuer": who.issuer, "subject": who.subject, "name": who.name, "kind": who.kind},
        "teams": [
            {
                "team": team.team,
                "roles": list(team.roles),
                "projects": list(team.projects),
                "allowed": {one.environment: list(one.actions) for one in team.allowed},
            }
            for team in reply.teams
        ],
        "organization_roles": list(reply.organization_roles),
        "environments": list(reply.environments),
        "access_expires": reply.access_expires,
        "refresh_expires": reply.refresh_expires,
        "groups_read": reply.groups_read,
        "note": reply.note,
    }


def show(reply: Any, address: str) -> None:
    """Write what the service says of somebody, as a table.

    Args:
        reply: WhoAmIReply.
        address: Of the service.
    """
    who = reply.principal
    terminal.heading(f"{who.name or who.subject} at {address} ({who.kind} {who.issuer}|{who.subject})")
    if reply.organization_roles:
        terminal.line(f"in the company: {', '.join(reply.organization_roles)}")
    rows = [
        (team.team, ", ".join(team.roles) or "ci", one.environment, ", ".join(one.actions) or "nothing")
        for team in reply.teams
        for one in team.allowed
    ]
    if rows:
        terminal.table(("team", "roles", "environment", "allowed"), rows)
    elif reply.organization_roles:
        terminal.line(f"in no team; allowed in every team: {_of_company(reply.organization_roles)}")
    else:
        terminal.line("in no team: ask the platform team which group makes you a member of one")
    if reply.note:
        terminal.note(reply.note)
    now = time.time()
    read = f"groups read {moments.span(now - reply.groups_read)} ago" if reply.groups_read else "no groups were read"
    left = moments.span(reply.refresh_expires - now)
    terminal.line(f"signed in until {moments.at(reply.refresh_expires)} ({left}), {read}")


def _of_company(roles: Iterable[str]) -> str:
    """Tell what roles in the company allow, for who is in no team: the service lists what is allowed by team."""
    from teamconfig.policy.table import TABLE  # noqa: PLC0415  # most are in a team
    from teamconfig.policy.words import Action  # noqa: PLC0415

    held = frozenset(roles)
    allowed = {action for (action, _), holders in TABLE.items() if held & holders}
    return ", ".join(action for action in Action if action in allowed) or "nothing"
