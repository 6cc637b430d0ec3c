"""The folder that a binary unpacks to: interpreter, libraries, packages, the program, and the licences of all of it.

bin/python3    the launcher: starts the interpreter, for whoever looks for one
lib/           libraries, pythonX.Y/ (the standard library, compiled)
site/          the packages, compiled
programs/      what the launcher runs

Where the interpreter lies, and which libraries there are, is the form's (`forms`).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from wps.pluginset import refusals

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wps.pluginset.forms import Form
    from wps.pluginset.interpreter import Interpreter
    from wps.pluginset.programs import Program

_PROGRAM = """\
import sys
sys.path.append(__file__.rpartition("/programs/")[0] + "/site")
from {module} import {function}
{function}()
"""
_UNUSED = frozenset({"__pycache__", "bin", "tests", "test"})
_INSTALLERS = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"})
_UNUSED_ENDINGS = (".pyi", ".pyx", ".pxd", ".c", ".h", ".proto", ".go")


def base(form: Form, python: Interpreter, into: Path) -> None:
    """Lay out what all plugins share: interpreter and standard library.

    Args:
        form: Of the binary.
        python: The interpreter.
        into: A new folder.

    Raises:
        StandardsError: Something of it is not there, or cannot be compiled.
    """
    library = into / "lib" / python.folder
    (library / "lib-dynload").mkdir(parents=True)
    for name, path in python.extensions().items():
        shutil.copyfile(path, library / name)
    program = into / form.program
    program.parent.mkdir(exist_ok=True)
    shutil.copyfile(python.program, program)
    program.chmod(0o755)
    sources = {f"{python.folder}/{name}": path for name, path in python.modules().items()}
    settled = into / ".settled"
    settled.mkdir()
    for name, path in sources.items():
        if python.told and path.name.startswith("_sysconfigdata"):
            sources[name] = settled / path.name
            text = path.read_text(encoding="utf-8").replace(str(python.prefix), python.told)
            sources[name].write_text(text, encoding="utf-8")
    _compile(python, sources, into / "lib")
    shutil.rmtree(settled)


def packages(python: Interpreter, installed: Path, into: Path) -> None:
    """Lay out the packages.

    Args:
        python: The interpreter.
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
            elif not name.endswith(_UNUSED_ENDINGS) and name not in _INSTALLERS:
                target = into / "site" / inside
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
    _compile(python, sources, into)


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


def _compile(python: Interpreter, sources: Mapping[str, Path], into: Path) -> None:
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
        command = [str(python.program), "-s", "-W", "ignore", script, str(listed)]
        refusals.run(
            command, cwd=into, environ={"PATH": os.defpath, "PYTHONHASHSEED": "0"}, doing="compile the modules"
        )
    finally:
        listed.unlink()
