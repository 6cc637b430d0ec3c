"""`wps status`: whether the team config service is well, and which revision of the standards it serves."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from wps import commands, connection, moments, terminal

app = commands.app()

_PAUSE_SECONDS = 2.0


@app.command(
    help="Show which revision of the standards the team config service serves, why a newer one was refused, and which "
    "of its parts are not well. Exit code 1: something is not well; 75: it cannot be reached."
)
def run(
    *,
    wait: Annotated[bool, typer.Option("--wait", help="wait until all is well")] = False,
    as_json: terminal.Json = False,
) -> int:
    """Tell how the service is.

    Args:
        wait: Whether to wait until all is well.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: Nobody is signed in, or the service is away.
    """
    from teamconfig.client.errors import UnreachableError  # noqa: PLC0415  # as grpc

    named = connection.found()
    if not named.service:
        return _without(as_json=as_json)
    said = ""
    with connection.signed_in(named) as service:
        while True:
            waits_for = ""
            try:
                reply = service.call("Standards/GetStatus", connection.message("standards_pb2.GetStatusRequest"))
                wrong = _wrong(reply)
                waits_for = next((f"{part}: {text}" for part, text in wrong.items()), "")
            except UnreachableError as err:
                if not wait:
                    raise
                waits_for = f"{err.problems[0].what}: {err.problems[0].why}"
            if not wait or not waits_for:
                break
            if waits_for != said:
                terminal.note(f"waiting: {waits_for}")
                said = waits_for
            time.sleep(_PAUSE_SECONDS)
    if as_json:
        terminal.document(_data(reply, named.service, wrong))
    else:
        _show(reply, named.service, wrong)
    return 1 if wrong else 0


def _wrong(reply: Any) -> dict[str, str]:
    """Give what is wrong, by part."""
    return {part: text for part, text in sorted(reply.parts.items()) if text}


def _data(reply: Any, address: str, wrong: dict[str, str]) -> dict[str, Any]:
    names = ("what", "why", "fix", "where", "kind")
    return {
        "service": address,
        "version": reply.version,
        "organization": reply.organization,
        "revision": reply.revision,
        "revision_since": reply.revision_since,
        "environments": list(reply.environments),
        "refused_revision": reply.refused_revision,
        "problems": [{name: getattr(one, name) for name in names} for one in reply.problems],
        "parts": dict(sorted(reply.parts.items())),
        "well": not wrong,
    }


def _show(reply: Any, address: str, wrong: dict[str, str]) -> None:
    from teamconfig.errors import Problem  # noqa: PLC0415  # shown only where one is

    terminal.heading(f"{reply.organization} at {address}, version {reply.version}")
    since = f"{moments.span(time.time() - reply.revision_since)} ago" if reply.revision_since else "never"
    terminal.line(f"standards {reply.revision or 'none'}, taken {since}, for {', '.join(reply.environments)}")
    if reply.refused_revision or reply.problems:
        terminal.error(f"revision {reply.refused_revision or 'unknown'} is refused, the one before is served")
        for one in reply.problems:
            terminal.error(str(Problem(one.what, one.why, one.fix, one.where)))
    terminal.table(("part", "state"), [(part, wrong.get(part, "well")) for part in sorted(reply.parts)])


def _without(*, as_json: bool) -> int:
    """Tell of standards that no service serves."""
    import os  # noqa: PLC0415  # here only
    from pathlib import Path  # noqa: PLC0415

    import teamconfig  # noqa: PLC0415

    tree = teamconfig.load(Path.cwd(), os.environ)
    if as_json:
        facts = {"service": "", "organization": tree.org.name, "revision": tree.revision, "well": True}
        terminal.document({**facts, "environments": list(tree.org.environments)})
        return 0
    terminal.heading(f"{tree.org.name}: standards {tree.revision} from {tree.origin}")
    if tree.note:
        terminal.note(tree.note)
    terminal.line("no team config service is configured: limits are advisory")
    return 0
