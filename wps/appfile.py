"""What waypoint.hcl says about an app: project, apps, and the options of our plugins in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from teamconfig.keys import nearest
from teamconfig.stanza import Stanza
from wps import hclfile

if TYPE_CHECKING:
    from pathlib import Path

SECTIONS = {
    ("deploy", "team-k8s"): "kubernetes",
    ("deploy", "team-ecs"): "ecs",
    ("build", "team-ecr"): "registry",
    ("build.registry", "team-ecr"): "registry",
}
"""Section of the standards that the options of a plugin belong to."""


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


def read(path: Path) -> AppFile:
    """Read a waypoint.hcl.

    Args:
        path: The file.

    Returns:
        What it says.

    Raises:
        StandardsError: It cannot be read (kind missing), or is not valid HCL (option).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as err:
        fix = "go to the directory of the app, or give --file, or --project and --app"
        raise errors.missing(f"{path} cannot be read", "there is no such file", fix, str(path)) from err
    except (OSError, UnicodeDecodeError) as err:
        why = "it is not UTF-8" if isinstance(err, UnicodeDecodeError) else str(err.strerror).lower()
        raise errors.missing(f"{path} cannot be read", why, "make it a readable text file", str(path)) from err
    root = hclfile.parse(text, str(path))
    project = root.attributes.get("project")
    apps = tuple(block.labels[0] for block in root.blocks if block.type == "app" and block.labels)
    return AppFile(path, root, project if isinstance(project, str) else "", apps)


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
    raise errors.missing(f"unknown app {wanted}", f"{file.path} has the apps {names}", fix, str(file.path))


def stanzas(file: AppFile, app: str, workspace: str) -> tuple[list[Stanza], list[str]]:
    """Collect the options of our plugins.

    Args:
        file: The waypoint.hcl.
        app: Name of an app in it.
        workspace: Waypoint's workspace; its own `workspace "NAME" { use ... }` counts instead.

    Returns:
        One stanza for each plugin that standards have a section for, and for each option that only Waypoint can work
        out when it runs, its path and expression.
    """
    block = file.root.find("app", app)
    found: list[Stanza] = []
    undecided: list[str] = []
    build = block.find("build") if block is not None else None
    places = {
        "build": build,
        "build.registry": build.find("registry") if build is not None else None,
        "deploy": block.find("deploy") if block is not None else None,
    }
    for name, stage in places.items():
        if stage is None:
            continue
        path = f"app.{app}.{name}"
        use = stage.find("use")
        own = stage.find("workspace", workspace)
        if own is not None and own.find("use") is not None:
            use, path = own.find("use"), f"{path}.workspace.{workspace}"
        section = SECTIONS.get((name, use.labels[0])) if use is not None and use.labels else None
        if use is not None and section is not None:
            values = _values(use, f"{path}.use", undecided)
            network = values.pop("network", None) if section == "kubernetes" else None
            found.append(Stanza(section, values, f"{path}.use"))
            if isinstance(network, dict):
                found.append(Stanza("network", network, f"{path}.use.network"))
    return found, undecided


def _values(block: hclfile.Block, path: str, undecided: list[str]) -> dict[str, Any]:
    """Nest what a block sets; a block that stands several times becomes a list."""
    values: dict[str, Any] = {}
    for name, value in block.attributes.items():
        kept = _kept(value, f"{path}.{name}", undecided)
        if kept is not None:
            values[name] = kept
    kinds = [inner.type for inner in block.blocks]
    for inner in block.blocks:
        nested = _values(inner, f"{path}.{inner.type}", undecided)
        if kinds.count(inner.type) > 1 or inner.type in _REPEATED:
            values.setdefault(inner.type, []).append(nested)
        else:
            values[inner.type] = nested
    return values


_REPEATED = frozenset({"ports", "volumes", "sidecars", "init", "spread", "tolerations"})
"""Blocks that are a list even where there is one."""


def _kept(value: Any, path: str, undecided: list[str]) -> Any:
    """Take out what is undecided; None if nothing is left."""
    if isinstance(value, hclfile.Undecided):
        undecided.append(f"{path} = {value.text}")
        return None
    if isinstance(value, list):
        before = len(undecided)
        items = [_kept(item, path, undecided) for item in value]
        return items if len(undecided) == before else None
    if isinstance(value, dict):
        kept = {name: _kept(item, f"{path}.{name}", undecided) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item is not None}
    return value
