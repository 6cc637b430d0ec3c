"""`wps explain`: which standards hold for an app, and where each came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from teamconfig import explain
from wps import commands, positions, selection, terminal

if TYPE_CHECKING:
    from teamconfig.profile import Profile

app = commands.app()


@app.command(
    help="Show the standards of the app in this directory, or all about one KEY: where its value comes from, what it "
    "overrides, which rule binds it, who may change it. With --can: whether you may do something, who may, and whom to "
    "ask: wps explain --can ACTION [PROJECT] ENV. Exit code 1: you may not."
)
def run(
    context: typer.Context,
    key: Annotated[str | None, typer.Argument(metavar="KEY", help="kubernetes.memory, memory, ...")] = None,
    second: Annotated[str | None, typer.Argument(hidden=True, metavar="ENV")] = None,
    *,
    can: Annotated[str | None, typer.Option(metavar="ACTION", help="explain a right: deploy, promote, exec, ...")]
    = None,
    env: selection.Env = None,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:  # fmt: skip
    """Explain.

    Args:
        context: Typer's.
        key: What of it; everything if left out. With `can`: the project, or the environment.
        second: With `can`: the environment.
        can: The right to explain.
        env: As in `selection.Choice`.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: There are no standards, or what is set breaks them.
    """
    if can is not None:
        from wps import rights  # noqa: PLC0415  # only who asks for rights pays for it

        named, place = (key, second) if second is not None else (project, key)
        choice = selection.Choice(place or env, named or project, app_name, file)
        where = "the argument ENV" if place else selection.place(env)
        return rights.explain(can, choice, where, as_json=as_json)
    if second is not None:
        context.fail(f"Got unexpected extra argument ({second})")
    selected = selection.select(selection.Choice(env, project, app_name, file))
    profile = positions.profile(selected.profile, selected.lines)
    names = explain.key(profile, key) if key else None
    if as_json:
        terminal.document(explain.as_json(profile, names))
    else:
        _show(profile, key, names, {stanza.section for stanza in selected.stanzas})
    return 0


_PLATFORMS = frozenset({"kubernetes", "ecs"})
"""Sections of which an app needs only that of the plugin that it deploys with."""


def _section(key: str) -> str:
    return key.partition(".")[0]


def _show(profile: Profile, key: str | None, names: tuple[str, ...] | None, used: set[str]) -> None:
    hidden = _PLATFORMS - used if _PLATFORMS & used else frozenset()
    if names is None:
        whose = f"{profile.project}/{profile.app} of team {profile.team} in {profile.environment}"
        terminal.heading(f"{whose}, standards {profile.revision}")
        rows = [row for row in explain.rows(profile) if _section(row.key) not in hidden]
        terminal.table(("key", "value", "layer", "where"), [(row.key, row.value, row.layer, row.where) for row in rows])
        return
    if not names:
        lines = list(explain.unset(explain.full_key(key or "")))
        terminal.heading(lines[0])
        for line in lines[1:]:
            terminal.line(line)
    for name in names:
        first, *rest = explain.lines(profile.provenance[name])
        terminal.heading(first)
        for line in rest:
            terminal.line(line)
