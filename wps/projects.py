"""`wps projects`: which projects there are, whose they are, and which git remote they are tied to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from wps import commands, connection, terminal

if TYPE_CHECKING:
    from teamconfig.client.service import Service

app = commands.app()


@app.command(help="List the projects of your teams, and the git remotes that they are tied to.")
def run(
    *,
    team: Annotated[str, typer.Option(metavar="T", help="of this team only")] = "",
    as_json: terminal.Json = False,
) -> int:
    """List projects.

    Args:
        team: Of this team only.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: Nobody is signed in, or the service is away.
    """
    with connection.signed_in() as service:
        found = everything(service, team)
    if as_json:
        terminal.document([{"project": one.project, "team": one.team, "remote": one.remote} for one in found])
    elif not found:
        terminal.line("no project: `wps create` registers one")
    else:
        rows = [(one.project, one.team, one.remote or "none") for one in found]
        terminal.table(("project", "team", "git remote"), rows)
    return 0


def everything(service: Service, team: str = "") -> list[Any]:
    """Ask for all projects that one may see.

    Args:
        service: Signed in.
        team: Of this team only; empty for all.

    Returns:
        Projects of the contract, by name.

    Raises:
        StandardsError: The service refuses, or is away.
    """
    found: list[Any] = []
    token = ""
    while True:
        request = connection.message("standards_pb2.ListProjectsRequest", team=team, page_token=token)
        page = service.call("Standards/ListProjects", request)
        found += page.projects
        token = page.next_page_token
        if not token:
            return found
