"""The interpreter that goes into the binaries: which files of it, under which name, and what it says of itself.

Owns the choice of files. Which interpreter it is, and how the libraries that it is linked with are found, is the form's
(`forms`). Nothing of the interpreter's own `site-packages` comes along.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wps.pluginset import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASKED = """\
import json, platform, sys, sysconfig
builtin = {}
for module, name, attribute in (
    ("ssl", "openssl", "OPENSSL_VERSION"), ("zlib", "zlib", "ZLIB_RUNTIME_VERSION"),
    ("pyexpat", "expat", "EXPAT_VERSION"),
):
    try:
        builtin[name] = getattr(__import__(module), attribute)
    except ImportError:
        pass
stdlib = sysconfig.get_path("stdlib")
print(json.dumps([platform.python_version(), sys.base_prefix, stdlib, builtin]))
"""
_NUMBER = re.compile(r"\d+(\.\d+)+[a-z]?")
_UNUSED = frozenset(
    {
        "__pycache__", "ensurepip", "idlelib", "lib2to3", "lib-dynload", "pydoc_data", "site-packages", "test", "tests",
        "tkinter", "turtle.py", "turtledemo", "venv",
    }
)  # fmt: skip
_UNUSED_MODULES = re.compile(r"(_test|_tkinter|_curses|_ctypes_test|_gdbm|_dbm|_sqlite3|readline|nis|ossaudio|xx)")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter.

    Args:
        program: Its file, no link.
        prefix: Where it is installed.
        stdlib: Its standard library.
        version: "3.11.7".
        release: Of the distribution that it is of, if it has one of its own.
        told: Prefix that its `sysconfig` names in the binary, so that the place where it was installed for the build is
            in no byte; empty: its own.
        builtin: Version by name of what its modules are made with, as far as they say it.
    """

    program: Path
    prefix: Path
    stdlib: Path
    version: str
    release: str = ""
    told: str = ""
    builtin: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Name of its standard library's folder: "python3.11"."""
        major, minor, *_ = self.version.split(".")
        return f"python{major}.{minor}"

    def modules(self) -> dict[str, Path]:
        """List the standard library, without what no plugin can need.

        Returns:
            File by path below lib/pythonX.Y, sources only.
        """
        found: dict[str, Path] = {}
        for folder, folders, files in os.walk(self.stdlib):
            here = Path(folder)
            folders[:] = sorted(name for name in folders if name not in _UNUSED and not name.startswith("config-"))
            for name in files:
                path = here / name
                if name.endswith(".py") and name not in _UNUSED:
                    found[str(path.relative_to(self.stdlib))] = path
        return found

    def extensions(self) -> dict[str, Path]:
        """List the compiled modules of the standard library.

        Returns:
            File by path below lib/pythonX.Y.
        """
        found = sorted((self.stdlib / "lib-dynload").glob("*.so"))
        return {f"lib-dynload/{path.name}": path for path in found if not _UNUSED_MODULES.match(path.name)}


def asked(program: Path) -> Interpreter:
    """Ask an interpreter what it is.

    Args:
        program: Its file, or a link to it.

    Returns:
        What it says.

    Raises:
        StandardsError: It does not start.
    """
    command = [str(program), "-I", "-c", _ASKED]
    said = refusals.run(command, cwd=Path("/"), environ={"PATH": os.defpath}, doing="ask the interpreter what it is")
    version, prefix, stdlib, builtin = json.loads(said)
    numbers = {name: found.group() for name, text in builtin.items() if (found := _NUMBER.search(text))}
    return Interpreter(program.resolve(), Path(prefix), Path(stdlib), version, builtin=numbers)
