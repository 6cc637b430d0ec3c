"""`wps preview`: deploy a branch into a workspace of its own, for a while; list and end such previews.

Owns the command lines. What a preview is, and how it begins and ends, is in `wps.previews`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from wps import commands, moments, promote, selection, terminal

if TYPE_CHECKING:
    from wps.previews.known import Project
    from wps.previews.listing import Preview

app = commands.app("Deploy branches into workspaces of their own, for a while.")

Branch = Annotated[str | None, typer.Option("--branch", metavar="B", help="the branch, if not the one checked out")]

_STDERR = 2


@app.command(
    "up",
    help="Build, deploy and release what is checked out in the preview of its branch, and renew its time. Tells where "
    "it answers and when it ends. A project has at most as many previews as the standard preview.quota says.",
    short_help="deploy the preview of a branch",
)
def run_up(
    app_name: promote.App = None,
    *,
    branch: Branch = None,
    ttl: Annotated[
        str | None, typer.Option("--ttl", metavar="TIME", help="how long it lives, as 8h; at most preview.ttl")
    ] = None,
    project: selection.Project = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """Deploy a preview.

    Args:
        app_name: The app, or None.
        branch: The branch, or None.
        ttl: How long it lives, or None.
        project: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: The standards do not permit it, or a step failed.
    """
    from wps.previews import known, names, steps  # noqa: PLC0415  # --help needs no standards

    there = known.find(selection.Choice(None, project, app_name, file), _STDERR if as_json else None)
    wanted = steps.wanted(there, names.check(_branch(there, branch), "the branch"), ttl)
    made = steps.up(there, wanted)
    if there.is_local:
        terminal.note(f"Waypoint keeps what it knows in {there.folder / 'data.db'}: only from this directory can the "
                      "preview be listed and ended")  # fmt: skip
    if as_json:
        terminal.document(_data(made, time.time()))
        return 0
    where = f" at {made.urls[there.stages.app]}" if there.stages.app in made.urls else ""
    terminal.line(f"{made.workspace} has {wanted.branch}{where} until {moments.at(made.ends)}")
    return 0


@app.command(
    "list",
    help="List the previews of the project, the oldest first: branch, apps, and until when they live.",
    short_help="list the previews",
)
def run_list(
    *,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """List previews.

    Args:
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: Waypoint does not say which there are.
    """
    there = _found(project, app_name, file)
    now = time.time()
    found = there.looked()
    if as_json:
        terminal.document([_data(one, now) for one in found])
    elif not found:
        terminal.line(f"project {there.stages.project} has no previews")
    else:
        terminal.table(("preview", "branch", "apps", "age", "ends", "url"), [_row(one, now) for one in found])
    return 0


@app.command(
    "down",
    help="End a preview: destroy everything that it has deployed. One that is not there is ended already. A run that "
    "was stopped goes on when it is run again.",
    short_help="end a preview",
)
def run_down(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="as `wps preview list` shows it")] = None,
    *,
    branch: Branch = None,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
) -> int:
    """End a preview.

    Args:
        name: Its workspace, or None for that of the branch.
        branch: The branch, or None.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.

    Returns:
        The exit code.

    Raises:
        BadParameter: Both a name and a branch are given.
        StandardsError: It is no preview, or not all of it could be destroyed.
    """
    from wps.previews import names, steps  # noqa: PLC0415  # as above

    if name is not None and branch is not None:
        raise typer.BadParameter("give a name or a branch", param_hint="--branch")
    if name is not None:
        names.check_workspace(name, "the argument NAME")
    there = _found(project, app_name, file)
    whose = "" if name else names.check(_branch(there, branch), "the branch")
    workspace = name or names.workspace(whose)
    was_there = steps.end(there, workspace, whose)
    terminal.line(f"{workspace} is ended" if was_there else f"{workspace} is not there: nothing to end")
    return 0


@app.command(
    "sweep",
    help="End all previews of the project that are over their time; for a scheduled job. One that cannot be ended "
    "does not keep the others: exit code 1 then.",
    short_help="end what is over its time",
)
def run_sweep(
    *,
    gone: Annotated[bool, typer.Option("--gone", help="also those whose branch the remote does not have")] = False,
    remote: Annotated[str, typer.Option("--remote", metavar="R", help="the remote, for --gone")] = "origin",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tell which")] = False,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
) -> int:
    """End what is over its time.

    Args:
        gone: Whether to end those without their branch too.
        remote: That has the branches.
        dry_run: Whether only to tell which.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.

    Returns:
        The exit code.

    Raises:
        StandardsError: Waypoint or the remote does not say what there is.
    """
    from wps.previews import checkout, steps  # noqa: PLC0415  # as above

    there = _found(project, app_name, file)
    branches = checkout.branches(there.folder, remote) if gone else None
    listed = steps.due(there.looked(), time.time(), branches)
    if dry_run:
        for one in listed:
            terminal.line(f"{one.preview.workspace} would be ended: {one.why}")
        return 0
    failed = steps.sweep(there, listed)
    for _, err in failed:
        terminal.error(str(err))
    terminal.line(f"{terminal.counted(len(listed) - len(failed), 'preview')} ended")
    return 1 if failed else 0


def _found(project: str | None, app_name: str | None, file: Any) -> Project:
    """Find the project, with Waypoint ready; what Waypoint says goes to stderr."""
    from wps.previews import known  # noqa: PLC0415  # as above

    there = known.find(selection.Choice(None, project, app_name, file), _STDERR)
    there.waypoint("default").ready()
    return there


def _branch(there: Project, named: str | None) -> str:
    from wps.previews import checkout  # noqa: PLC0415  # as above

    return checkout.branch(there.folder) if named is None else named


def _row(one: Preview, now: float) -> tuple[str, ...]:
    left = f"in {moments.span(one.ends - now)}" if one.ends > now else f"over for {moments.span(now - one.ends)}"
    urls = " ".join(one.urls.values()) or "-"
    return (one.workspace, one.branch or "-", ", ".join(one.apps), moments.span(now - one.began), left, urls)


def _data(one: Preview, now: float) -> dict[str, Any]:
    return {
        "workspace": one.workspace, "branch": one.branch, "apps": list(one.apps), "urls": dict(one.urls),
        "began": one.began, "ends": one.ends, "is_over": one.ends <= now,
    }  # fmt: skip
