"""Waypoint and our plugins on this machine, as Waypoint itself would find them.

Source: hashicorp/waypoint internal/plugin/discover.go, DefaultPaths and Discover.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from wps import repository
from wps.checks.finding import fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wps.checks.finding import Finding
    from wps.hclfile import Block

VERSION = "0.11.4"
_OURS = "team-"
_PREFIX = "waypoint-plugin-"
_REATTACH = "WP_REATTACH_PLUGINS"
_SECONDS = 30
_GET = f"install Waypoint {VERSION}, and put it on the PATH"


def waypoint() -> Finding:
    """Look for Waypoint, in the version that the plugins are for.

    Returns:
        The finding.
    """
    path = shutil.which("waypoint")
    if path is None:
        return fail("waypoint", "it is not on the PATH", _GET)
    try:
        done = subprocess.run(  # noqa: S603  # Waypoint, from the PATH
            [path, "version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return fail("waypoint", f"{path} cannot be run, or does not end", _GET)
    found = re.search(r"v?(\d+\.\d+\.\d+)", done.stdout)
    if found is None:
        return fail("waypoint", f"{path} does not tell its version", _GET)
    if found[1] != VERSION:
        return fail("waypoint", f"{path} is version {found[1]}, the plugins are for {VERSION}", _GET)
    return ok("waypoint", f"{VERSION}, {path}")


def wanted(root: Block | None) -> tuple[str, ...]:
    """List our plugins that a waypoint.hcl uses.

    Args:
        root: Its content; None if there is none.

    Returns:
        Names, sorted; team-k8s where none is used.
    """
    found = {label for label in _used(root) if label.startswith(_OURS)} if root is not None else set()
    return tuple(sorted(found)) or ("team-k8s",)


def _used(block: Block) -> Iterable[str]:
    for inner in block.blocks:
        if inner.type == "use" and inner.labels:
            yield inner.labels[0]
        yield from _used(inner)


def plugins(folder: Path, names: Iterable[str], environ: Mapping[str, str]) -> list[Finding]:
    """Look for plugins where Waypoint looks for them, in its order.

    Args:
        folder: Directory of the waypoint.hcl.
        names: Of the plugins: "team-k8s".
        environ: The process's environment.

    Returns:
        A finding for each plugin, and one for what could stand in its place.
    """
    found: list[Finding] = []
    places = _places(folder, environ)
    for name in names:
        check = f"plugin {name}"
        path = next((place / f"{_PREFIX}{name}" for place in places if (place / f"{_PREFIX}{name}").exists()), None)
        if path is None:
            installed = shutil.which(f"{_PREFIX}{name}")
            fix = f"link {installed} into {places[-1]}" if installed else f"install it into {places[-1]}"
            found.append(fail(check, "Waypoint would not find it", fix))
        elif not os.access(path, os.X_OK):
            found.append(fail(check, f"{path} cannot be run", f"chmod +x {path}"))
        else:
            found.append(ok(check, str(path)))
    return [*found, _planted(folder, places[-1], environ)]


def _places(folder: Path, environ: Mapping[str, str]) -> list[Path]:
    home = Path(environ.get("HOME") or "~").expanduser() / ".config"
    configured = Path(environ.get("XDG_CONFIG_HOME") or home)
    below = Path("waypoint", "plugins")
    return [folder, folder / ".waypoint" / "plugins", configured / below, home / below]


def _planted(folder: Path, place: Path, environ: Mapping[str, str]) -> Finding:
    """Look for programs that Waypoint would run because they lie in the checkout."""
    check = "foreign plugins"
    if environ.get(_REATTACH):
        return fail(check, f"{_REATTACH} is set: Waypoint runs what it names", f"unset {_REATTACH}")
    committed = repository.tracked(folder, f"{_PREFIX}*")
    if committed:
        fix = "remove it from the repository, and find out who added it"
        return fail(check, f"git holds {committed[0]}: whoever can push can run programs here", fix)
    stray = sorted(path.name for path in folder.glob(f"{_PREFIX}*"))
    if stray:
        fix = f"move it to {place}"
        return warn(check, f"{stray[0]} lies beside waypoint.hcl, and goes before every installed one", fix)
    return ok(check, "none in the checkout")
