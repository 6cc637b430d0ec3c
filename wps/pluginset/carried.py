"""The form of Linux: every shared library comes along, the C library and its loader among them.

So a binary runs where there is another C library, or none. Owns how the libraries are found (by `ldd`) and that
everything is stripped.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import interpreter, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wps.pluginset.interpreter import Interpreter

PROGRAM = "lib/python"
LOADER = "lib/ld.so"

_LIBRARY = re.compile(r"^\s*(?:(\S+) => )?(/\S+) \(0x[0-9a-f]+\)$", re.MULTILINE)
_LOADER = re.compile(r"(^|/)ld-linux[^/]*$")


def python(_: Mapping[str, str]) -> Interpreter:
    """Choose the interpreter: the one that this runs on.

    Returns:
        It.
    """
    return interpreter.asked(Path(sys.executable))


def complete(folder: Path, used: Interpreter) -> dict[str, Path]:
    """Lay out the shared libraries that anything in a folder is linked with, and strip all of them.

    Args:
        folder: Of the binary.
        used: The interpreter in it.

    Returns:
        Where each library came from, by name.

    Raises:
        StandardsError: One is missing, or cannot be stripped, or this system has another loader.
    """
    compiled = sorted([folder / PROGRAM, *folder.rglob("*.so"), *folder.rglob("*.so.*")])
    found: dict[str, Path] = {}
    for file in compiled:
        for name, path in _linked(file, used).items():
            if not path.is_relative_to(folder):  # else found by its own path already
                found.setdefault(name, path.resolve())
    if Path(LOADER).name not in found:
        why = f"the loader of glibc is not found beside {used.program}"
        raise errors.missing("binaries cannot be made here", why, "build on Linux with glibc, as Debian", sys.platform)
    for name, path in found.items():
        shutil.copyfile(path, folder / "lib" / name)
        (folder / "lib" / name).chmod(0o755)
    for path in sorted({*compiled, *((folder / "lib" / name) for name in found)}):
        command = ["strip", "--strip-unneeded", "--preserve-dates", str(path)]
        refusals.run(command, cwd=folder, environ={"PATH": os.environ["PATH"]}, doing=f"strip {path.name}")
    return found


def _linked(file: Path, used: Interpreter) -> dict[str, Path]:
    environ = {"PATH": os.defpath, "LC_ALL": "C", "LD_LIBRARY_PATH": str(used.prefix / "lib")}
    said = refusals.run(["ldd", str(file)], cwd=file.parent, environ=environ, doing="see what is linked")
    if "=> not found" in said:
        why = next(line.strip() for line in said.splitlines() if "not found" in line)
        raise errors.missing(f"{file.name} cannot be packed", why, "install that library", str(file))
    return read(said)


def read(said: str) -> dict[str, Path]:
    """Read what `ldd` says.

    Args:
        said: All of it.

    Returns:
        File by name under which the loader asks for it; the loader itself, on every processor, as "ld.so".
    """
    return {
        Path(LOADER).name if _LOADER.search(asked or path) else asked or Path(path).name: Path(path)
        for asked, path in _LIBRARY.findall(said)
    }
