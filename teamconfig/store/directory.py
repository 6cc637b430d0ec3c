"""Standards in a directory, as it is now."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors, reading
from teamconfig.yamlfile import MAX_BYTES

if TYPE_CHECKING:
    from teamconfig.tree import Tree

MAX_FILES = 200_000
_ENDINGS = (".yaml", ".yml")


def load(root: Path) -> Tree:
    """Read standards from a directory.

    Args:
        root: The directory that holds org.yaml.

    Returns:
        The tree; its revision is "dir:" and 12 hex digits of a hash over paths and content.

    Raises:
        StandardsError: The directory cannot be read (kind missing or state) or anything in it is wrong (state).
    """
    files = read(root)
    return reading.tree(files, revision=revision(files), origin=str(root))


def revision(files: dict[str, bytes]) -> str:
    """Name a revision by its content.

    Args:
        files: Content by path.

    Returns:
        "dir:" and 12 hex digits; equal for equal files, whatever the order.
    """
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{len(path)}:{path}:{len(files[path])}:".encode() + files[path])
    return f"dir:{whole.hexdigest()[:12]}"


def read(root: Path) -> dict[str, bytes]:
    """Read every YAML file below a directory; hidden files and directories are passed over.

    Args:
        root: The directory.

    Returns:
        Content by path relative to the directory, with forward slashes.

    Raises:
        StandardsError: It does not exist, cannot be read, holds a link that leaves it, or too much.
    """
    if not root.is_dir():
        fix = "correct WAYPAAS_STANDARDS or .waypaas.toml, or create it"
        why = "it is not a directory" if root.exists() else "there is no such directory"
        raise errors.missing(f"standards {root} cannot be read", why, fix, str(root))
    home = root.resolve()
    found: dict[str, bytes] = {}
    try:
        for folder, folders, names in os.walk(root, onerror=_raise):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in folders:
                if (Path(folder) / name).is_symlink():
                    _refuse_link(root, Path(folder) / name, "directories of standards are not links")
            for name in sorted(names):
                if name.endswith(_ENDINGS) and not name.startswith("."):
                    path = Path(folder) / name
                    found[path.relative_to(root).as_posix()] = _content(root, home, path)
            if len(found) > MAX_FILES:
                what = f"standards {root} hold too many files"
                raise errors.state(what, f"at most {MAX_FILES} are read", "split them", str(root))
    except OSError as err:
        what = f"standards {root} cannot be read"
        why = (err.strerror or "the operating system refuses").lower()
        raise errors.state(what, why, "make it readable for you", str(err.filename or root)) from err
    return found


def _raise(err: OSError) -> None:
    raise err


def _content(root: Path, home: Path, path: Path) -> bytes:
    """Read one file, a byte more than is allowed, so that the reader sees that it is too large."""
    if path.is_symlink() and not path.resolve().is_relative_to(home):
        _refuse_link(root, path, "it leads out of the standards")
    if not path.is_file():
        name = path.relative_to(root).as_posix()
        raise errors.state(f"{name} cannot be read", "it is not a regular file", "replace or remove it", name)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _refuse_link(root: Path, path: Path, why: str) -> None:
    name = path.relative_to(root).as_posix()
    raise errors.state(f"{name} is a link", why, "put the files themselves there", name)
