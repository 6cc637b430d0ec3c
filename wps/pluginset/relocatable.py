"""The form of macOS: a relocatable interpreter, on the C library of the system, which is always there.

The interpreter is python-build-standalone's, as uv installs it: it finds its standard library and its own libraries
relative to itself. Owns installing it, in this project's cache and not among the user's, and that nothing in a binary
is linked with what is neither in it nor of the system. No compiled file is changed: on macOS its signature would break.
"""

from __future__ import annotations

import dataclasses
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import interpreter, linking, programs, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wps.pluginset.interpreter import Interpreter

PROGRAM = "bin/python"
_TOLD = "/install"
"""The prefix that the distribution is built with, and names where nobody has installed it."""


def python(environ: Mapping[str, str]) -> Interpreter:
    """Install the interpreter, of the version that this runs on, unless it is there.

    Args:
        environ: For uv.

    Returns:
        It.

    Raises:
        StandardsError: It cannot be fetched, or cannot be installed.
    """
    wanted = f"{sys.version_info[0]}.{sys.version_info[1]}"
    place = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "~")).expanduser() / ".cache")
    environ = {**environ, "UV_PYTHON_INSTALL_DIR": str(place / "waypaas" / "python")}
    doing = f"install Python {wanted}"
    refusals.run(["uv", "python", "install", "--no-bin", wanted], cwd=Path("/"), environ=environ, doing=doing)
    find = ["uv", "python", "find", "--managed-python", "--no-project", wanted]
    found = interpreter.asked(Path(refusals.run(find, cwd=Path("/"), environ=environ, doing=doing).strip()))
    build = found.program.parent.parent / "BUILD"
    release = build.read_text(encoding="utf-8").strip() if build.is_file() else ""
    return dataclasses.replace(found, prefix=found.program.parent.parent, release=release, told=_TOLD)


def complete(folder: Path, used: Interpreter) -> dict[str, Path]:
    """Lay out the interpreter's own libraries, those that anything in a folder is linked with.

    Args:
        folder: Of the binary.
        used: The interpreter in it.

    Returns:
        Where each library came from, by name.

    Raises:
        StandardsError: A file is linked with what is neither in the folder, nor the interpreter's, nor the system's.
    """
    program = folder / PROGRAM
    machine = programs.this_platform().rpartition("/")[2]
    found: dict[str, Path] = {}
    waiting = list(linking.compiled(folder))
    while waiting:
        file = waiting.pop(0)
        try:
            links = linking.links(file, machine)
        except ValueError as err:
            why = f"it cannot be run here: {err}"
            raise errors.state(f"{file.name} cannot be packed", why, "see to that package", str(file)) from err
        for name in links.names:
            places = linking.places(name, file, program, links.paths)
            if any(place.is_file() for place in places):
                continue
            place, source = _own(places, folder, used) or _refused(file, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)
            place.chmod(0o755)
            found[place.name] = source
            waiting.append(place)
    return found


def _own(places: list[Path], folder: Path, used: Interpreter) -> tuple[Path, Path] | None:
    """Find a library of the interpreter's own; give its place in the folder, and where it is."""
    for place in places:
        if place.is_relative_to(folder) and (used.prefix / place.relative_to(folder)).is_file():
            return place, (used.prefix / place.relative_to(folder)).resolve()
    return None


def _refused(file: Path, name: str) -> tuple[Path, Path]:
    why = f"it is linked with {name}, which is neither in the binary nor of every system"
    fix = "use a package that brings what it is linked with"
    raise errors.state(f"{file.name} cannot be packed", why, fix, str(file))
