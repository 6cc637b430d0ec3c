"""`wps ci init`: write the pipeline of an app for a CI system: build, dev, staging, production."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from wps import commands, selection, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wps.pipelines.flow import Flow
    from wps.promotion.stages import Stages

app = commands.app("Write the pipeline of an app for a CI system.")

PROVIDERS = ("github", "gitlab", "jenkins")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")
_AUDIENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_ADDRESS = re.compile(r"[A-Za-z0-9\[][A-Za-z0-9._:\]-]*")
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@app.command(
    "init",
    help="Write the pipeline: a branch is built; merges to the first branch are built, deployed and recorded in the "
    "first environment; merges to the main branch bring the same digest into the next; the last environment is started "
    "by hand. Jobs sign in by the CI system's own token, so no secret is stored.",
    short_help="write the pipeline of an app",
)
def run_init(
    *,
    provider: Annotated[str, typer.Option("--provider", metavar="NAME", help=f"one of {', '.join(PROVIDERS)}")],
    image: Annotated[
        str, typer.Option("--image", metavar="REF", help="for the jobs; has wps, waypoint, git, curl, jq")
    ],
    trunk: Annotated[
        str, typer.Option("--dev-branch", metavar="B", help="its merges go to the first environment")
    ] = "dev",
    main: Annotated[str, typer.Option("--main-branch", metavar="B", help="its merges go on")] = "main",
    audience: Annotated[
        str,
        typer.Option("--audience", metavar="URL", help="of the service's provider of kind workload; with a service"),
    ] = "",
    preview: Annotated[
        bool | None,
        typer.Option(
            "--preview/--no-preview", help="branches get previews; as the standard preview.enabled, if left out"
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="replace a file that is there")] = False,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
) -> int:
    """Write the pipeline.

    Args:
        provider: The CI system.
        image: Container image of the jobs.
        trunk: Branch whose merges go to the first environment.
        main: Branch whose merges go on.
        audience: That the service wants tokens to be for.
        preview: Whether branches get previews, or None for what the standards say.
        yes: Whether to replace a file that is there.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.

    Returns:
        The exit code.

    Raises:
        BadParameter: An option is none that may stand in a pipeline.
        StandardsError: There are no standards, or another file is there.
    """
    _check(provider, image, trunk, main, audience)
    from wps import answers, connection  # noqa: PLC0415  # --help needs no standards
    from wps.pipelines import flow  # noqa: PLC0415
    from wps.promotion import stages  # noqa: PLC0415

    choice = selection.Choice(None, project, app_name, file)
    found = stages.find(choice)
    several = len(found.file.apps) > 1
    if several and answers.wrong_name(found.app):
        raise typer.BadParameter(f"in a pipeline, {answers.wrong_name(found.app)}", param_hint="--app")
    service = connection.found().service
    if service and not audience:
        raise typer.BadParameter(
            "a job's token is for somebody: give the audience of the service", param_hint="--audience"
        )
    _check_found(service, found.environments)
    made = flow.Flow(
        found.app, image, flow.stages(found.environments, trunk, main), trunk, main, service, audience,
        is_named=several, has_previews=_has_previews(found, choice, preview),
    )  # fmt: skip
    _write(provider, made, _root(found.folder), yes=yes)
    if made.has_previews:
        terminal.note("previews need a Waypoint server that all jobs reach: else nothing finds and ends them")
    if not service:
        terminal.note(
            "no team config service is configured: releases are recorded where each job runs, so the jobs need one "
            "state directory, or a service"
        )
    return 0


def _has_previews(found: Stages, choice: selection.Choice, wanted: bool | None) -> bool:  # noqa: FBT001  # as asked
    """Tell whether branches get previews; where they do and the standards do not let them yet, say so."""
    from wps.previews.known import Project  # noqa: PLC0415  # as above

    if wanted is False:
        return False
    profile = Project(choice, found).selected().profile
    enabled = bool(profile.preview.enabled)
    if (wanted or enabled) and profile.environment != found.environments[0]:
        terminal.note(
            f"previews stand for {profile.environment}: with a service a job of a branch may not deploy there, and no "
            "job may destroy"
        )
    if wanted and not enabled:
        terminal.note(
            "the standard preview.enabled is false for this app: its preview jobs are refused until it is true"
        )
    return wanted or enabled


def _check(provider: str, image: str, trunk: str, main: str, audience: str) -> None:
    """Refuse what does not belong into a pipeline's text."""
    if provider not in PROVIDERS:
        raise typer.BadParameter(f"it is one of {', '.join(PROVIDERS)}", param_hint="--provider")
    given = (
        ("--image", image, _IMAGE), ("--dev-branch", trunk, _BRANCH), ("--main-branch", main, _BRANCH),
        ("--audience", audience or "none", _AUDIENCE),
    )  # fmt: skip
    for name, value, pattern in given:
        if not pattern.fullmatch(value):
            raise typer.BadParameter("it has signs that do not belong there", param_hint=name)


def _check_found(service: str, environments: Sequence[str]) -> None:
    """Refuse names of the settings and standards that a shell would take for more than names."""
    from teamconfig import errors  # noqa: PLC0415  # --help needs no standards

    given = [("the address of the service", service or "none", _ADDRESS)]
    given += [("the name of an environment", name, _ENVIRONMENT) for name in environments]
    for what, value, pattern in given:
        if not pattern.fullmatch(value):
            why = "it would stand in shell commands, and has signs that mean something there"
            raise errors.state(f"{what} cannot stand in a pipeline: {value!r}", why, "choose another name", "")


def _root(folder: Path) -> Path:
    """Find the root of the repository."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def _write(provider: str, made: Flow, root: Path, *, yes: bool) -> None:
    import importlib  # noqa: PLC0415  # only where something is written

    from teamconfig import errors  # noqa: PLC0415
    from wps import writing  # noqa: PLC0415

    system = importlib.import_module(f"wps.pipelines.{provider}")
    path, text = root / system.PATH, system.text(made)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before == text:
        terminal.line(f"{path} is as it should be")
        return
    if before and not yes:
        terminal.show_diff(terminal.diff(before, text, system.PATH))
        what, why = f"{path} is there, and is another", "what differs stands above"
        raise errors.state(what, why, "give --yes to replace it", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    writing.replace(path, text)
    terminal.line(f"{path} is written; commit it")
