"""What waypoint.hcl says about an app: project, apps, and the options of our plugins in it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.keys import nearest
from teamconfig.stanza import Stanza
from wps import hclfile, useblock

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "waypoint.hcl"
"""As Waypoint wants it to be called."""

SECTIONS = {
    ("deploy", "team-k8s"): "kubernetes",
    ("deploy", "team-ecs"): "ecs",
    ("release", "team-k8s"): "kubernetes",
    ("release", "team-ecs"): "ecs",
    ("build", "team-ecr"): "registry",
    ("build.registry", "team-ecr"): "registry",
}
"""Section of the standards that the options of a plugin belong to."""

_CLOSE = 0.75
_FIX = "go to the directory of the app, or give --file, or --project and --app"


@dataclass(frozen=True, slots=True)
class AppFile:
    """A waypoint.hcl.

    Args:
        path: The file.
        root: Its content.
        project: Its project, empty if it names none.
        apps: Its apps in order.
    """

    path: Path
    root: hclfile.Block
    project: str
    apps: tuple[str, ...]


@dataclass(slots=True)
class Options:
    """The options of our plugins in an app.

    Args:
        stanzas: One for each plugin that standards have a section for, but for those of the release.
        release: Those of the release; None where it has no `use` of ours, and so is like the deploy.
        undecided: Path and expression of each option that only Waypoint can work out when it runs.
        notes: What the user should know besides.
        lines: `file:line` by path of an option, block or `use`.
    """

    stanzas: list[Stanza] = field(default_factory=list)
    release: list[Stanza] | None = None
    undecided: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: Mapping[str, str] = field(default_factory=dict)


def search(start: Path) -> Path | None:
    """Search a waypoint.hcl, from a directory up to the root of its repository.

    Args:
        start: The directory.

    Returns:
        The file, written as seen from the directory; None if there is none. Outside of a repository only the directory
        itself counts.
    """
    folders = (start, *start.parents)
    root = next((place for place, folder in enumerate(folders) if (folder / ".git").exists()), 0)
    found = next((folder / NAME for folder in folders[: root + 1] if (folder / NAME).exists()), None)
    return Path(os.path.relpath(found, start)) if found is not None else None


def read(path: Path, fix: str = _FIX) -> AppFile:
    """Read a waypoint.hcl.

    Args:
        path: The file.
        fix: What to do if it is not there.

    Returns:
        What it says.

    Raises:
        StandardsError: It cannot be read (kind missing), or as `parse`.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as err:
        raise errors.missing(f"{path} cannot be read", "there is no such file", fix, str(path)) from err
    except (OSError, UnicodeDecodeError) as err:
        why = "it is not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err.strerror).lower()
        raise errors.missing(f"{path} cannot be read", why, "make it a readable text file", str(path)) from err
    return parse(text, path)


def parse(text: str, path: Path) -> AppFile:
    """Read the text of a waypoint.hcl.

    Args:
        text: Its content.
        path: The file that has it, or will have it.

    Returns:
        What it says.

    Raises:
        StandardsError: It is not valid HCL, or has an app without a name (kind option).
    """
    root = hclfile.parse(text, str(path))
    project = root.attributes.get("project")
    blocks = [block for block in root.blocks if block.type == "app"]
    nameless = [
        errors.Problem(
            f"the app of line {block.line} has no name", "Waypoint knows apps by their names",
            'write app "NAME" { ... }', f"{path}:{block.line}", "option",
        )
        for block in blocks if not block.labels
    ]  # fmt: skip
    if nameless:
        raise errors.StandardsError(nameless)
    apps = tuple(block.labels[0] for block in blocks)
    return AppFile(path, root, project if isinstance(project, str) else "", apps)


def project_of(file: AppFile) -> str:
    """Tell the project.

    Args:
        file: The waypoint.hcl.

    Returns:
        Its project.

    Raises:
        StandardsError: It names none (kind missing).
    """
    if file.project:
        return file.project
    written = file.root.attributes.get("project")
    where, why = str(file.path), "it has no line project = ..."
    if "project" in file.root.attributes:
        where = f"{file.path}:{file.root.lines['project']}"
        text = written.text if isinstance(written, hclfile.Undecided) else "what stands there"
        why = f"{text} is no name that is known before Waypoint runs"
    fix = 'add project = "NAME" as its first line, or give --project'
    raise errors.missing(f"{file.path} names no project", why, fix, where)


def choose(file: AppFile, wanted: str | None) -> str:
    """Choose the app.

    Args:
        file: The waypoint.hcl.
        wanted: Name that the user gave, or None.

    Returns:
        Name of an app in the file.

    Raises:
        StandardsError: There is no such app, or several and none was named (kind missing).
    """
    if wanted is not None and wanted in file.apps:
        return wanted
    if wanted is None and len(file.apps) == 1:
        return file.apps[0]
    names = ", ".join(file.apps) or "none"
    if wanted is None:
        fix = "choose one with --app" if file.apps else 'add app "NAME" { ... }'
        raise errors.missing("no app is named", f"{file.path} has the apps {names}", fix, str(file.path))
    close = nearest(wanted, file.apps)
    fix = f"write --app {close}" if close else "name one that is in the file"
    raise errors.missing(f"unknown app {wanted}", f"{file.path} has the apps {names}", fix, "the argument --app")


def options(file: AppFile, app: str, workspace: str) -> Options:
    """Collect the options of our plugins.

    Args:
        file: The waypoint.hcl.
        app: Name of an app in it.
        workspace: Waypoint's workspace; its own `workspace "NAME" { use ... }` counts instead.

    Returns:
        What was found.

    Raises:
        StandardsError: Waypoint would refuse the file: a block where an attribute is wanted, or the reverse (option).
    """
    block = file.root.find("app", app)
    build = block.find("build") if block is not None else None
    places = {
        "build": build,
        "build.registry": build.find("registry") if build is not None else None,
        "deploy": block.find("deploy") if block is not None else None,
        "release": block.find("release") if block is not None else None,
    }
    reader = useblock.Reader(str(file.path))
    found = Options(undecided=reader.undecided, lines=reader.lines)
    for name, stage in places.items():
        use, path = _use(stage, workspace, f"app.{app}.{name}") if stage is not None else (None, "")
        if use is None or not use.labels:
            continue
        section = SECTIONS.get((name, use.labels[0]))
        if section is not None:
            stanzas = _stanzas(reader, use, section, path)
            if name == "release":
                found.release = stanzas
            else:
                found.stanzas += stanzas
        elif (name, use.labels[0]) == ("build", "team-k8s"):
            values = reader.values(use, useblock.BUILD, path)
            reader.unknown(values, useblock.BUILD, path, "team-k8s as a builder")
        else:
            found.notes += _foreign(name, use.labels[0], f"{file.path}:{use.line}")
    if reader.problems:
        raise errors.StandardsError(reader.problems)
    return found


def used(file: AppFile | None, app: str, stage: str, workspace: str) -> hclfile.Block | None:
    """Find which plugin an app uses.

    Args:
        file: The waypoint.hcl, or None.
        app: Name of an app in it.
        stage: "build", "deploy" or "release".
        workspace: Waypoint's workspace; its own `workspace "NAME" { use ... }` counts instead.

    Returns:
        The `use`, or None.
    """
    block = file.root.find("app", app) if file is not None else None
    found = block.find(stage) if block is not None else None
    return _use(found, workspace, "")[0] if found is not None else None


def _use(stage: hclfile.Block, workspace: str, path: str) -> tuple[hclfile.Block | None, str]:
    """Find the `use` that counts, with its path."""
    own = stage.find("workspace", workspace)
    use = own.find("use") if own is not None else None
    return (use, f"{path}.workspace.{workspace}.use") if use is not None else (stage.find("use"), f"{path}.use")


def _stanzas(reader: useblock.Reader, use: hclfile.Block, section: str, path: str) -> list[Stanza]:
    values = reader.values(use, useblock.options(section), path)
    network = None
    if section in useblock.NETWORKED:
        reader.meant_network(values, section, path)
        network = values.pop("network", None)
    more = [Stanza("network", network, f"{path}.network")] if isinstance(network, dict) else []
    return [Stanza(section, values, path), *more]


def _foreign(stage: str, plugin: str, where: str) -> list[str]:
    """Tell of a plugin that is not ours: in a deploy stanza always, elsewhere if it looks like a slip."""
    import difflib  # noqa: PLC0415  # most have no other plugin

    ours = [name for place, name in (*SECTIONS, ("build", "team-k8s")) if place == stage]
    close = difflib.get_close_matches(plugin, ours, n=1, cutoff=_CLOSE)
    if not close and stage != "deploy":
        return []
    meant = f': write "{close[0]}" if you meant that' if close else ""
    all_the_same = "; the standards of section kubernetes are shown all the same" if stage == "deploy" else ""
    return [f'{where}: use "{plugin}" in {stage} is no plugin of ours{meant}{all_the_same}']
