"""The folder that a binary unpacks to: interpreter, libraries, packages, the program, and the licences of all of it.

bin/python3    starts lib/python, for whoever looks for an interpreter
lib/           interpreter, loader, libraries, pythonX.Y/ (the standard library, compiled)
site/          the packages, compiled
programs/      what the launcher runs
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wps.pluginset import interpreter, refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wps.pluginset.programs import Program

_PROGRAM = """\
import sys
sys.path.append(__file__.rpartition("/programs/")[0] + "/site")
from {module} import {function}
{function}()
"""
_UNUSED = frozenset({"__pycache__", "bin", "tests", "test"})
_UNUSED_ENDINGS = (".pyi", ".pyx", ".pxd", ".c", ".h", ".proto", ".go")


def base(into: Path) -> None:
    """Lay out what all plugins share: interpreter and standard library.

    Args:
        into: A new folder.

    Raises:
        StandardsError: Something of it is not there, or cannot be stripped or compiled.
    """
    library = into / "lib" / interpreter.folder()
    (library / "lib-dynload").mkdir(parents=True)
    for name, path in interpreter.extensions().items():
        shutil.copyfile(path, library / name)
    program = into / "lib" / "python"
    shutil.copyfile(interpreter.program(), program)
    program.chmod(0o755)
    _compile({f"{interpreter.folder()}/{name}": path for name, path in interpreter.modules().items()}, into / "lib")


def packages(installed: Path, into: Path) -> None:
    """Lay out the packages.

    Args:
        installed: Where an installer has put them.
        into: The folder; gets `site`.

    Raises:
        StandardsError: A file is no valid Python.
    """
    sources: dict[str, Path] = {}
    for folder, folders, files in os.walk(installed):
        folders[:] = sorted(name for name in folders if name not in _UNUSED)
        for name in sorted(files):
            path = Path(folder) / name
            inside = str(path.relative_to(installed))
            if name.endswith(".py"):
                sources[f"site/{inside}"] = path
            elif not name.endswith(_UNUSED_ENDINGS) and name not in {
                "RECORD",
                "INSTALLER",
                "REQUESTED",
                "direct_url.json",
                "uv_cache.json",
            }:
                target = into / "site" / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    _compile(sources, into)


def libraries(into: Path) -> dict[str, Path]:
    """Lay out the shared libraries that anything in a folder is linked with, and strip all of them.

    Args:
        into: The folder.

    Returns:
        Where each library came from, by name.

    Raises:
        StandardsError: One is missing, or cannot be stripped.
    """
    compiled = sorted([into / "lib" / "python", *into.rglob("*.so"), *into.rglob("*.so.*")])
    found = interpreter.libraries(compiled, into)
    for name, path in found.items():
        shutil.copyfile(path, into / "lib" / name)
        (into / "lib" / name).chmod(0o755)
    for path in sorted({*compiled, *((into / "lib" / name) for name in found)}):
        command = ["strip", "--strip-unneeded", "--preserve-dates", str(path)]
        refusals.run(command, cwd=into, environ={"PATH": os.environ["PATH"]}, doing=f"strip {path.name}")
    return found


def entry(program: Program, launcher: bytes, into: Path) -> None:
    """Lay out what is started.

    Args:
        program: The plugin.
        launcher: The first program, which starts the interpreter.
        into: The folder.
    """
    for name, data in (
        ("bin/python3", launcher),
        (f"programs/{program.file}", _program(program).encode()),
    ):
        (into / name).parent.mkdir(exist_ok=True)
        (into / name).write_bytes(data)
        (into / name).chmod(0o755)


def _program(program: Program) -> str:
    return _PROGRAM.format(module=program.module, function=program.function)


def _compile(sources: Mapping[str, Path], into: Path) -> None:
    """Compile sources to where they are found without their source."""
    lines = []
    for name, path in sorted(sources.items()):
        target = into / f"{name}c"
        target.parent.mkdir(parents=True, exist_ok=True)
        lines.append(f"{path}\t{target}\t{name}\n")
    listed = into / ".sources"
    listed.write_text("".join(lines))
    try:
        script = str(Path(__file__).with_name("compiling.py"))
        command = [sys.executable, "-s", "-W", "ignore", script, str(listed)]
        refusals.run(
            command, cwd=into, environ={"PATH": os.defpath, "PYTHONHASHSEED": "0"}, doing="compile the modules"
        )
    finally:
        listed.unlink()
