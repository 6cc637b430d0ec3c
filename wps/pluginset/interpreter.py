"""The interpreter that goes into the binaries: this one, with its standard library and every library it is linked with.

Owns which files, under which name. The C library and its loader are among them, so that a binary runs where there is
another one or none. Nothing of the interpreter's own `site-packages` comes along.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import refusals

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIBRARY = re.compile(r"^\s*(?:(\S+) => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
_LOADER = re.compile(r"/ld-linux[^/]*$")

_UNUSED = frozenset(
    {
        "__pycache__", "ensurepip", "idlelib", "lib2to3", "lib-dynload", "pydoc_data", "site-packages", "test", "tests",
        "tkinter", "turtle.py", "turtledemo", "venv",
    }
)  # fmt: skip
_UNUSED_MODULES = re.compile(r"(_test|_tkinter|_curses|_ctypes_test|_gdbm|_dbm|_sqlite3|readline|nis|ossaudio|xx)")


def modules() -> dict[str, Path]:
    """List the standard library, without what no plugin can need.

    Returns:
        File by path below lib/pythonX.Y, sources only.
    """
    root = Path(sysconfig.get_path("stdlib"))
    found: dict[str, Path] = {}
    for folder, folders, files in os.walk(root):
        here = Path(folder)
        folders[:] = sorted(name for name in folders if name not in _UNUSED and not name.startswith("config-"))
        for name in files:
            path = here / name
            if name.endswith(".py") and name not in _UNUSED:
                found[str(path.relative_to(root))] = path
    return found


def extensions() -> dict[str, Path]:
    """List the compiled modules of the standard library.

    Returns:
        File by path below lib/pythonX.Y.
    """
    root = Path(sysconfig.get_config_var("DESTSHARED"))
    return {
        f"lib-dynload/{path.name}": path for path in sorted(root.glob("*.so")) if not _UNUSED_MODULES.match(path.name)
    }


def program() -> Path:
    """Name the interpreter itself.

    Returns:
        The file that the virtual environment's link leads to.
    """
    return Path(sys.executable).resolve()


def libraries(files: Iterable[Path], inside: Path) -> dict[str, Path]:
    """Find the shared libraries that files are linked with.

    Args:
        files: Programs, modules and libraries.
        inside: What lies in there is found by its own path already.

    Returns:
        File by name under which the loader asks for it; the loader itself as "ld.so".

    Raises:
        StandardsError: One is not there, or this system has another loader (kind missing).
    """
    found: dict[str, Path] = {}
    for file in files:
        environ = {"PATH": os.defpath, "LC_ALL": "C", "LD_LIBRARY_PATH": str(Path(sys.base_prefix) / "lib")}
        said = refusals.run(["ldd", str(file)], cwd=file.parent, environ=environ, doing="see what is linked")
        if "=> not found" in said:
            what = f"{file.name} cannot be packed"
            why = next(line.strip() for line in said.splitlines() if "not found" in line)
            raise errors.missing(what, why, "install that library", str(file))
        for asked, path in _LIBRARY.findall(said):
            if Path(path).is_relative_to(inside):
                continue
            name = "ld.so" if _LOADER.search(asked or path) else asked or Path(path).name
            found.setdefault(name, Path(path).resolve())
    if "ld.so" not in found:
        why = f"the loader of glibc is not found beside {program()}"
        raise errors.missing("binaries cannot be made here", why, "build on Linux with glibc, as Debian", sys.platform)
    return found


def version() -> str:
    """Name the version.

    Returns:
        "3.11.7".
    """
    return ".".join(str(part) for part in sys.version_info[:3])


def folder() -> str:
    """Name the folder of the standard library below lib.

    Returns:
        "python3.11".
    """
    return f"python{sys.version_info[0]}.{sys.version_info[1]}"
