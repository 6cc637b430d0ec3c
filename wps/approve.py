"""`wps approve`: approve what somebody else asked for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from teamconfig import errors
from wps import commands, connection, moments, questions, terminal

app = commands.app()


@app.command(
    help="Approve a grant that somebody else asked for, after showing what it is. Nobody approves what they asked for "
    "themselves."
)
def run(
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="its id, as the one who asked was told")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="ask nothing")] = False,
    as_json: terminal.Json = False,
) -> int:
    """Approve.

    Args:
        grant: Its id.
        yes: Whether to ask nothing.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: There is no such grant, or it may not be approved.
    """
    with connection.signed_in() as service:
        found = service.call("Rights/GetGrant", connection.message("rights_pb2.GetGrantRequest", id=grant))
        if not as_json:
            _show(found)
        if terminal.interactive() and not yes and not as_json and not questions.confirm("approve it?"):
            raise errors.state(f"{grant} is not approved", "you did not agree", "run it again", "")
        made = service.call("Rights/ApproveGrant", connection.message("rights_pb2.ApproveGrantRequest", id=grant))
    if as_json:
        terminal.document(_data(made))
    else:
        terminal.line(f"{made.state}: {len(made.approvers)} of {made.approvals_wanted} approvals")
    return 0


def _data(grant: Any) -> dict[str, Any]:
    target = grant.target
    return {
        "id": grant.id,
        "state": grant.state,
        "action": grant.action,
        "target": {"project": target.project, "app": target.app, "environment": target.workspace},
        "digest": grant.digest,
        "requester": f"{grant.requester.issuer}|{grant.requester.subject}",
        "approvers": [f"{one.issuer}|{one.subject}" for one in grant.approvers],
        "approvals_wanted": grant.approvals_wanted,
        "expires": grant.expires,
    }


def _show(grant: Any) -> None:
    who, target = grant.requester, grant.target
    terminal.heading(f"{grant.action} {target.project}/{target.app} in {target.workspace}")
    terminal.line(f"image      {grant.digest or 'none'}")
    if grant.action == "deploy":
        terminal.line("covers     its deploy, its traffic, and the removal of what it replaces")
    terminal.line(f"asked by   {who.name or who.subject} ({who.issuer}|{who.subject})")
    terminal.line(f"state      {grant.state}, until {moments.at(grant.expires)}")
