"""`wps doctor`: find each thing that is broken here, and say how to mend it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from teamconfig import StandardsError
from wps import appfile, commands, connection, selection, terminal
from wps.checks import cluster, company, machine, options
from wps.checks.finding import Finding, ok, refused, warn

if TYPE_CHECKING:
    from team_k8s.kubeconfig import Access
    from wps.appfile import AppFile

app = commands.app()

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@app.command(
    help="Look at Waypoint, plugins, standards or the service, the session, the project, what its waypoint.hcl sets, "
    "and the cluster, and say what is broken and how to mend it. Exit code 1 if something fails; warnings alone are 0."
)
def run(
    *,
    runner: Annotated[
        bool, typer.Option("--runner", help="also prove that this machine's own identity has no rights that matter")
    ] = False,
    as_json: terminal.Json = False,
) -> int:
    """Look.

    Args:
        runner: Whether the machine is a runner, whose own identity is tried too.
        as_json: Whether to print JSON.

    Returns:
        1 if something fails, else 0.
    """
    findings = _all(runner=runner)
    if as_json:
        names = ("check", "state", "text", "fix")
        terminal.document([{name: getattr(one, name) for name in names} for one in findings])
    else:
        width = max(len(one.check) for one in findings)
        for one in findings:
            mended = f"; {one.fix}" if one.fix else ""
            state = terminal.coloured(f"{one.state:<4}", _COLOURS[one.state])
            print(f"{state}  {one.check:<{width}}  {terminal.printable(one.text + mended)}")
    return 1 if any(one.state == "fail" for one in findings) else 0


def _all(*, runner: bool) -> list[Finding]:
    file, findings = _file()
    folder = file.path.absolute().parent if file is not None else Path.cwd()
    findings += [machine.waypoint()]
    findings += machine.plugins(folder, machine.wanted(file.root if file is not None else None), os.environ)
    embedded = True
    try:
        named = connection.found()
    except StandardsError as err:
        findings.append(refused("standards", err))
    else:
        embedded = not named.service
        theirs = company.files(named, file) if embedded else company.service(named, file, folder)
        findings += theirs
        if file is not None and not any(one.state == "fail" for one in theirs):
            findings += options.check(file)
    if embedded or runner:
        findings += _cluster(embedded=embedded, runner=runner)
    return findings


def _file() -> tuple[AppFile | None, list[Finding]]:
    """Read the waypoint.hcl, if there is one."""
    path = appfile.search(Path.cwd())
    if path is None:
        return None, [warn("waypoint.hcl", "there is none here", "go to the directory of an app, or run `wps create`")]
    try:
        file = appfile.read(path)
    except StandardsError as err:
        return None, [refused("waypoint.hcl", err)]
    return file, [ok("waypoint.hcl", f"project {file.project or 'without a name'}, {', '.join(file.apps) or 'no app'}")]


def _cluster(*, embedded: bool, runner: bool) -> list[Finding]:
    """Look at the cluster that this machine reaches by itself."""
    from waypaas_sdk.errors import MissingError, PluginError  # noqa: PLC0415  # only where a cluster is asked

    try:
        access = _access()
    except MissingError as err:
        none = ok("runner", "it has no credentials of its own for a cluster")
        return ([refused("cluster", err)] if embedded else []) + ([none] if runner else [])
    except PluginError as err:
        return [refused("cluster", err)]
    found = [cluster.own(access)]
    if runner and found[0].state != "fail":
        found.append(cluster.runner(access))
    return found


def _access() -> Access:
    """Find the cluster that a deploy would use, or the usual one where that is not known."""
    from team_k8s import kubeconfig  # noqa: PLC0415  # as above
    from wps import plan  # noqa: PLC0415

    try:
        selected = selection.select(selection.Choice())
    except StandardsError:
        return kubeconfig.load()
    return plan.own_access(selected, None)
