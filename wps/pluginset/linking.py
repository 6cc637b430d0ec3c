"""What a compiled file is linked with and where its loader looks for it: the same for ELF and Mach-O.

Owns telling libraries of the system, which are always there and never packed, from all others.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from wps.pluginset import machofile, refusals

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYSTEM = re.compile(
    r"/usr/lib/.*|/System/Library/.*"  # macOS: of the system itself; what others install is elsewhere
    r"|ld-linux.*|lib(c|m|dl|rt|pthread|resolv|util|nsl|gcc_s|stdc\+\+)\.so\.\d+"  # Linux: PEP 600, manylinux
)
_ELF = b"\x7fELF"
_NEEDED = re.compile(r"\(NEEDED\).*\[(.*)\]")
_PATHS = re.compile(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]")
_HERE = ("$ORIGIN", "${ORIGIN}", "@loader_path")
_MAGIC_BYTES = 8


@dataclass(frozen=True, slots=True)
class Links:
    """What a file is linked with.

    Args:
        names: As they are written in it.
        paths: Where its loader looks for names without a place, or with "@rpath".
    """

    names: tuple[str, ...]
    paths: tuple[str, ...]


def compiled(folder: Path) -> Iterator[Path]:
    """Find the compiled files in a folder, by what they begin with.

    Args:
        folder: Of the binary.

    Yields:
        Files, in order.
    """
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            with path.open("rb") as file:
                begin = file.read(_MAGIC_BYTES)
            if begin.startswith(_ELF) or machofile.is_one(begin):
                yield path


def links(file: Path, machine: str) -> Links:
    """Read what a file is linked with, libraries of the system left out.

    Args:
        file: ELF or Mach-O.
        machine: Processor, "arm64" or "amd64": files of macOS may be for several.

    Returns:
        Its links.

    Raises:
        StandardsError: `readelf` is not there or cannot read it.
        ValueError: It is for another processor, or damaged.
    """
    data = file.read_bytes()
    if data.startswith(_ELF):
        environ = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
        command = ["readelf", "--dynamic", "--wide", str(file)]
        said = refusals.run(command, cwd=file.parent, environ=environ, doing="see what is linked")
        names, paths = _NEEDED.findall(said), [path for text in _PATHS.findall(said) for path in text.split(":")]
    else:
        image = machofile.read(data, machine)
        names, paths = list(image.linked), list(image.paths)
    return Links(tuple(name for name in names if not _SYSTEM.fullmatch(name)), tuple(paths))


def places(name: str, file: Path, program: Path, paths: tuple[str, ...]) -> list[Path]:
    """List where a loader would find a library.

    Args:
        name: As it is written in a file.
        file: That file.
        program: The interpreter, whose own libraries are loaded before any module asks for them.
        paths: Where the loader looks.

    Returns:
        Places, best first. None where the name is a place outside the folder: it would not be there elsewhere.
    """
    if name.startswith(("@loader_path", "@executable_path")):
        return [_placed(name, file, program)]
    if name.startswith("/"):
        return []
    plain = str(PurePosixPath(name).relative_to("@rpath")) if name.startswith("@rpath/") else name
    inside = [path for path in paths if not path.startswith("/")]
    return [*(_placed(f"{path}/{plain}", file, program) for path in inside), program.parent.parent / "lib" / plain]


def _placed(path: str, file: Path, program: Path) -> Path:
    for word in _HERE:
        path = path.replace(word, str(file.parent))
    return Path(os.path.normpath(path.replace("@executable_path", str(program.parent))))
