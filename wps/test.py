"""`wps test`: the tests of `use "test"`, from a hook, a pipeline's step, or by hand; same code, same result."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from teamconfig import errors
from teamconfig.model.tests import Check
from teamconfig.schema import specs
from wps import appfile, commands, selection, terminal, useblock

if TYPE_CHECKING:
    from teamtests.session import Session
    from teamtests.target import Target
    from wps import hclfile

app = commands.app()

Stage = Literal["build", "release"]
TEXTS = ("then", "url", "image", "launcher")
"""Options of `use "test"` that are texts of its own."""


@dataclass
class Block:
    """What waypoint.hcl says about tests.

    Args:
        path: Of the `use`: "app.web.release.use".
        checks: Tests of the app's own.
        texts: Options of its own, by name.
        launcher_options: Of the task launcher.
    """

    path: str
    checks: list[Check] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    launcher_options: dict[str, str] = field(default_factory=dict)


@app.command(
    help="Run the tests of the app in this directory, those of the standards and those of waypoint.hcl: of its source "
    "(build), or of a deployment that you name by its --url (release). The report is kept, and with --image the "
    "evidence for that image. Exit code 1 if a test fails.",
)
def run(
    stage: Annotated[str | None, typer.Argument(metavar="STAGE", help="build, or release: left out with --url")] = None,
    *,
    url: Annotated[str | None, typer.Option(metavar="URL", help="where the deployment is reached")] = None,
    image: Annotated[str | None, typer.Option(metavar="REF", help="its image, with @sha256:...")] = None,
    env: selection.Env = None,
    project: selection.Project = None,
    app_name: selection.App = None,
    file: selection.File = None,
    as_json: terminal.Json = False,
) -> int:
    """Test.

    Args:
        stage: Which tests; release if a URL is known, build otherwise.
        url: Of the deployment.
        image: Of the deployment.
        env: As in `selection.Choice`.
        project: As in `selection.Choice`.
        app_name: As in `selection.Choice`.
        file: As in `selection.Choice`.
        as_json: Whether to print JSON.

    Returns:
        0 if all tests hold, 1 otherwise.

    Raises:
        StandardsError: There are no standards, or what is set breaks them.
    """
    from teamtests import keeping, session  # noqa: PLC0415  # `wps --help` needs no tests
    from waypaas_sdk.call import Call  # noqa: PLC0415  # as above

    if stage not in {None, "build", "release"}:
        raise errors.missing(
            f"{stage} is no stage", "tests are of the source, or of a deployment", "write build or release",
            "the argument STAGE",
        )  # fmt: skip
    wanted: Stage = "build" if stage == "build" or (stage is None and not url) else "release"
    selected = selection.select(selection.Choice(env, project, app_name, file))
    found = read(selected.file, selected.profile.app, wanted, selected.workspace)
    given = {"url": url or found.texts.get("url", ""), "image": image or found.texts.get("image", "")}
    show = terminal.note if as_json else terminal.line
    planned = prepared(selected, found, wanted, show)
    target = session.with_way(target_of(selected), given if wanted == "release" else {})
    profile_hash = selected.profile.digest()
    with keeping.opened(planned.standards, profile_hash, target.source, planned.show) as keeper:
        planned = session.with_keeper(planned, keeper if wanted == "release" else None)
        kept = session.run(planned, target, Call("test"))
    if as_json:
        terminal.document({**kept.report.as_json(), "report": kept.directory, "evidence": list(kept.evidence)})
    return 1 if kept.report.failed else 0


def prepared(selected: selection.Selected, found: Block, stage: Stage, show: Any) -> Session:
    """Say what is to be run.

    Args:
        selected: The app, with its standards.
        found: What waypoint.hcl says.
        stage: Which tests.
        show: Shows a line to the user.

    Returns:
        The stage of tests, which keeps no evidence yet.
    """
    from teamtests import jobtest, session  # noqa: PLC0415  # `wps --help` needs no tests
    from waypaas_sdk.logger import Logger  # noqa: PLC0415

    deploys = platform(selected.file, selected.profile.app, selected.workspace)
    launcher = found.texts.get("launcher") or found.texts.get("then") or deploys
    quiet = {**os.environ, "WAYPOINT_LOG_LEVEL": "off"}
    jobs = jobtest.Launcher(launcher, found.launcher_options, Logger("wps", level="off"), quiet)
    return session.Session(
        selected.profile.tests, found.checks, stage, found.path, lambda text, style="": _shown(show, text, style),
        {"job": jobs.run} if launcher else {},
    )  # fmt: skip


def _shown(show: Any, text: str, style: str) -> None:
    (terminal.note if style == "warning" else show)(terminal.printable(text))


def _directory(selected: selection.Selected) -> Path:
    return selected.file.path.absolute().parent if selected.file is not None else Path.cwd()


def target_of(selected: selection.Selected) -> Target:
    """Say whose tests these are.

    Args:
        selected: The app, with its standards.

    Returns:
        A target that is reached nowhere yet.
    """
    from teamtests.target import Target as Made  # noqa: PLC0415  # `wps --help` needs no tests

    profile = selected.profile
    return Made(_directory(selected), profile.project, profile.app, profile.environment, selected.workspace)


def platform(file: appfile.AppFile | None, app_name: str, workspace: str = "") -> str:
    """Name the plugin that deploys, which may run jobs, too.

    Args:
        file: The waypoint.hcl, or None.
        app_name: Name of an app in it.
        workspace: Waypoint's workspace; its own `use` counts instead.

    Returns:
        As after `use`; empty if nothing deploys.
    """
    use = appfile.used(file, app_name, "deploy", workspace)
    return use.labels[0] if use is not None and use.labels else ""


def read(file: appfile.AppFile | None, app_name: str, stage: Stage, workspace: str) -> Block:
    """Read what waypoint.hcl says about the tests of a stage.

    Args:
        file: The waypoint.hcl, or None.
        app_name: Name of an app in it.
        stage: Which.
        workspace: Waypoint's workspace; its own `workspace "NAME" { use ... }` counts instead.

    Returns:
        What it says; nothing where the stage has no `use "test"`.

    Raises:
        StandardsError: A test is not valid, or only Waypoint can work it out when it runs (kind option).
    """
    path = f"app.{app_name}.{stage}.use"
    use = appfile.used(file, app_name, stage, workspace)
    if file is None or use is None or use.labels[:1] != ("test",):
        return Block(path)
    made = Block(path)
    made.texts = {name: use.attributes[name] for name in TEXTS if isinstance(use.attributes.get(name), str)}
    options = use.attributes.get("launcher_options")
    made.launcher_options = (
        {str(name): str(value) for name, value in options.items()} if isinstance(options, dict) else {}
    )
    made.checks = [_check(file, inner, path) for inner in use.blocks if inner.type == "test"]
    return made


def _check(file: appfile.AppFile, block: hclfile.Block, path: str) -> Check:
    name = block.labels[0] if block.labels else ""
    known, inside = specs(Check), f"{path}.test.{name}"
    reader = useblock.Reader(str(file.path))
    values = reader.values(block, known, inside)
    reader.unknown(values, known, inside, f'test "{name}"')
    for undecided in reader.undecided:
        reader.problems.append(
            errors.Problem(
                f"{undecided} is not known here", "only Waypoint works it out, when it runs",
                "write the value itself, or let Waypoint run the tests", f"{file.path}:{block.line}", "option",
            )
        )  # fmt: skip
    if reader.problems:
        raise errors.StandardsError(reader.problems)
    return Check(**{**values, "name": name})
