"""`wps create`: write the waypoint.hcl of the app in a repository, within the standards of its team.

Nothing is written that the standards refuse, nor over what is there without its difference shown and agreed to.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from teamconfig import errors, gitremote
from wps import (
    appfile,
    asking,
    carrying,
    commands,
    creation,
    detecting,
    questions,
    reference,
    registering,
    repository,
    sizing,
    terminal,
    writing,
)
from wps.answers import Answers, as_name, wrong_name
from wps.checks import machine

if TYPE_CHECKING:
    from teamconfig.tree import Tree
    from wps.appfile import AppFile

app = commands.app()

_PLUGINS = {platform.plugin: infra.value for infra, platform in sizing.PLATFORMS.items()}


@dataclass(slots=True)
class _Target:
    """The file to write, and what is known of its app before anybody is asked."""

    path: Path
    before: str
    file: AppFile | None
    remote: gitremote.Remote | None
    notes: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """The directory of the file."""
        return self.path.absolute().parent


@app.command(
    help="Write the waypoint.hcl of the app in this repository: about ten lines, as all else comes from the standards "
    "of its team. Asks at a terminal what no option says. What the standards do not permit is refused now. Run it "
    "again to change what an option says; what stands in the file besides stays as it is."
)
def run(
    *,
    infra: Annotated[sizing.Infra | None, typer.Option(metavar="I", help="where it runs: k8s or ecs")] = None,
    resources: Annotated[
        sizing.Size | None, typer.Option(metavar="R", help="small, medium or large; the standards' own if left out")
    ] = None,
    cpu: Annotated[str | None, typer.Option(metavar="CPU", help="250m, 1, ..., instead of --resources")] = None,
    memory: Annotated[str | None, typer.Option(metavar="M", help="512Mi, 1Gi, ..., instead of --resources")] = None,
    port: Annotated[int | None, typer.Option(metavar="N", help="port that it listens on")] = None,
    worker: Annotated[bool, typer.Option("--worker", help="it listens on no port")] = False,
    name: Annotated[str | None, typer.Option(metavar="APP", help="name of the app")] = None,
    project: Annotated[
        str | None, typer.Option(metavar="P", help="its project; named like the repository if left out")
    ] = None,
    team: Annotated[str | None, typer.Option(metavar="T", help="team that the project has to belong to")] = None,
    image: Annotated[str | None, typer.Option(metavar="REF", help="an image that is there, instead of a build")] = None,
    remote: Annotated[str | None, typer.Option(metavar="URL", help="git remote, if not origin; or none")] = None,
    file: Annotated[Path | None, typer.Option(metavar="FILE", help="the waypoint.hcl, if not that of here")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="ask nothing, take what is proposed, and write")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would be written, and write nothing")] = False,
    as_json: terminal.Json = False,
) -> int:
    """Create.

    Args:
        infra: Where it runs.
        resources: Size.
        cpu: CPU, instead of a size.
        memory: Memory, instead of a size.
        port: Port.
        worker: Whether it has none.
        name: Name of the app.
        project: Name of the project.
        team: Team that the project has to belong to.
        image: Image, instead of a build.
        remote: Git remote, instead of origin.
        file: The waypoint.hcl.
        yes: Whether to ask nothing.
        dry_run: Whether to write nothing.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: The standards do not permit it, or something is missing that nobody can be asked for.
    """
    _exclusive(("--worker", worker), ("--port", port is not None))
    for other, given in (("--cpu", cpu), ("--memory", memory)):
        _exclusive(("--resources", resources is not None), (other, given is not None))
    if image is not None:
        reference.check(image, "the argument --image")
    answers = Answers(terminal.interactive() and not as_json, yes)
    target = _target(file, remote)
    keeper = registering.keeper(target.folder, os.environ)
    project = _project(target, answers, project)
    wishes = creation.Wishes(
        _app(target, answers, keeper.apps(project, team), name, worker=worker), sizing.Infra.K8S, resources, cpu,
        memory, 0 if worker else port, image, "the argument --worker" if worker else "the argument --port",
    )  # fmt: skip
    chosen = _infra(target, answers, wishes.app, infra)
    answers.check()
    remote_text = str(target.remote) if target.remote else ""
    registered = keeper.register(project, wishes.app, remote_text, team, answers, dry_run=dry_run)
    target.notes += [registered.note] if registered.note else []
    tree = registered.tree
    wishes = _completed(target, tree, answers, wishes, sizing.Infra(chosen), project)
    after = _written(target, tree, wishes, project)
    draft = appfile.parse(after, target.path)
    profiles = creation.check(tree, draft, wishes)
    facts = {
        "file": str(target.path), "project": project, "app": wishes.app, "team": registered.team, "infra": chosen,
        "remote": remote_text, "environments": list(profiles), "revision": tree.revision,
        "not_looked_at": [name for name in tree.org.environments if name not in profiles],
    }  # fmt: skip
    return _finish(target, after, facts, agreed=yes, dry_run=dry_run, answers=answers, as_json=as_json)


def _exclusive(one: tuple[str, bool], other: tuple[str, bool]) -> None:
    """Refuse two options that say the same."""
    if one[1] and other[1]:
        raise typer.BadParameter(f"not together with {other[0]}", param_hint=one[0])


def _target(given: Path | None, remote: str | None) -> _Target:
    """Find out what is there."""
    path = given or appfile.search(Path.cwd()) or Path(appfile.NAME)
    before, file = "", None
    if path.exists():
        file = appfile.read(path)
        before = path.read_bytes().decode()  # as it is: reading translates the ends of lines
    folder = path.absolute().parent
    if not folder.is_dir():
        raise errors.missing(f"{path} cannot be written", f"there is no directory {folder}", "make it", str(path))
    address = remote if remote is not None else repository.origin(folder)
    found = None if address == gitremote.NONE else gitremote.normalise(address)
    return _Target(path, before, file, found)


def _project(target: _Target, answers: Answers, given: str | None) -> str:
    known = given
    if known is None and target.file is not None and "project" in target.file.root.attributes:
        known = appfile.project_of(target.file)
    proposal = as_name(target.remote.name) if target.remote else ""
    project = answers.choose("--project", "project", known, proposal, wrong_name, evident=True)
    answers.check()
    return project


def _app(target: _Target, answers: Answers, named: list[str], given: str | None, *, worker: bool) -> str:
    apps = target.file.apps if target.file else ()
    if given is None and len(apps) == 1:
        given = apps[0]
    proposal = named[0] if len(named) == 1 else "worker" if worker else "web"
    proposal = "" if len(apps) > 1 else proposal  # which of them is meant, nobody can guess
    return answers.choose("--name", "app", given, proposal, wrong_name, evident=len(named) == 1 and not apps)


def _infra(target: _Target, answers: Answers, app: str, given: sizing.Infra | None) -> str:
    known = given.value if given else _PLUGINS.get(creation.deployed_by(target.file, app))
    choices = [infra.value for infra in sizing.Infra]
    return answers.choose(
        "--infra", "infra, k8s or ecs", known, sizing.Infra.K8S.value,
        lambda text: "" if text in choices else f"it is one of {', '.join(choices)}",
    )  # fmt: skip


def _completed(
    target: _Target, tree: Tree, answers: Answers, wishes: creation.Wishes, infra: sizing.Infra, project: str
) -> creation.Wishes:
    """Add to a new app what its directory tells, and what the user answers."""
    size, port, where = wishes.size, wishes.port, wishes.port_from
    if creation.deployed_by(target.file, wishes.app) != sizing.PLATFORMS[infra].plugin:
        asked = answers.interactive and not answers.agreed
        if asked and size is None and wishes.cpu is None and wishes.memory is None:
            size = asking.size()
        if port is None:
            bases = creation.Bases(tree, project, wishes.app)
            port = detecting.look(target.folder).port
            where = f"EXPOSE in {detecting.DOCKERFILE}"
            if asked:
                where = "the answer about the port"
                port = asking.port(port if port is not None else bases.port(infra))
            elif port is not None:
                target.notes += [note] if (note := bases.overridden(infra, port, where)) else []
    return creation.Wishes(wishes.app, infra, size, wishes.cpu, wishes.memory, port, wishes.image, where)


def _written(target: _Target, tree: Tree, wishes: creation.Wishes, project: str) -> str:
    """Give the text of the file as it should be, its lines ending as they do now."""
    bases = creation.Bases(tree, project, wishes.app)
    found = detecting.look(target.folder)
    build = creation.build(wishes, target.file, bases, found)
    if build is not None and found.because and not wishes.image:
        target.notes.append(f"built from {found.because}")
        if not build.image:
            target.notes.append("the standards name no registry (registry.url), so the image stays on this machine")
    carried = carrying.options(target.file, wishes)
    if carried:
        target.notes.append(f"carried over to {wishes.platform.words}: {', '.join(carried)}")
    windows = "\r\n" in target.before
    before = target.before.replace("\r\n", "\n") if windows else target.before
    after = creation.text(before, str(target.path), wishes, bases, build, carried)
    if after == before:
        return target.before
    return after.replace("\n", "\r\n") if windows else after


def _finish(
    target: _Target, after: str, facts: dict[str, Any], *, agreed: bool, dry_run: bool, answers: Answers, as_json: bool
) -> int:  # fmt: skip
    """Show what changes, have it agreed to, write it, and say so."""
    path, before = target.path, target.before
    difference = terminal.diff(before, after, str(path))
    for text in target.notes:
        terminal.note(text)
    action = "unchanged" if after == before else "changed" if target.file is not None else "created"
    if difference and not as_json and (dry_run or target.file is not None):
        terminal.show_diff(difference)
    if action != "unchanged" and not dry_run:
        if action == "changed" and not agreed:
            _consent(path, answers)
        now = path.read_bytes().decode(errors="replace") if path.exists() else ""
        if now != before:
            raise errors.state(
                f"{path} is not written", "somebody else changed it meanwhile", "run it again", str(path)
            )
        writing.replace(path, after)
    if as_json:
        terminal.document({**facts, "action": action, "written": action != "unchanged" and not dry_run,
                           "notes": target.notes, "diff": difference, "text": after})  # fmt: skip
        return 0
    whose = f"project {facts['project']} of team {facts['team']}, app {facts['app']}"
    permitted = f"permitted in {', '.join(facts['environments'])}"
    if facts["not_looked_at"]:
        permitted += f" (not looked at while the service is away: {', '.join(facts['not_looked_at'])})"
    if action == "unchanged":
        terminal.line(f"{path}: nothing to change, {whose}")
    elif dry_run:
        terminal.line(f"{path}: would be {action}, {whose}, {permitted}")
    else:
        terminal.line(f"{path}: {action}, {whose}, {permitted}")
        terminal.line("see its standards with `wps explain`, deploy it with `waypoint init` and `waypoint up`")
        _tell_of_plugins(target, after)
    return 0


def _tell_of_plugins(target: _Target, text: str) -> None:
    """Say what is to be done first, where Waypoint would not find a plugin that the file uses."""
    wanted = machine.wanted(appfile.parse(text, target.path).root)
    for one in machine.plugins(target.folder, wanted, os.environ):
        if one.state == "fail":
            terminal.line(f"before that: {one.check}: {one.text}; {one.fix}")


def _consent(path: Path, answers: Answers) -> None:
    """Ask before a file is changed."""
    if answers.interactive:
        if questions.confirm(f"write {path}?"):
            return
        why, fix = "you did not agree", "run it again, or write the file by hand"
    else:
        why, fix = "it is there and differs, and there is no terminal at which somebody could agree", "add --yes"
    raise errors.state(f"{path} is not changed", why, fix, str(path))
