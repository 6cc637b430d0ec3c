"""Standards that a command is given by address, for those who write them: their files, and whole paths in errors.

What counts for an app is found by `selection`; this is about a directory, or a commit, that may count nowhere.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import StandardsError, errors, reading
from teamconfig.store import directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.store import git
    from teamconfig.tree import Tree

_GIT = "git+"
_ORG = "org.yaml"
_FETCH = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Revision:
    """Standards as they are at an address.

    Args:
        files: Content by path.
        tree: What they say.
    """

    files: Mapping[str, bytes]
    tree: Tree


def read(address: str, argument: str) -> Revision:
    """Read the files of standards, and what they say.

    Args:
        address: A directory, or git+URL-or-path#ref[:folder].
        argument: The argument that gives it, for errors.

    Returns:
        The revision.

    Raises:
        StandardsError: They cannot be read (kind missing), or are wrong (state); with whole paths.
    """
    check(address, argument)
    try:
        if address.startswith(_GIT):
            files, name = _of_commit(address)
        else:
            files = directory.read(Path(address).expanduser())
            name = directory.revision(dict(files))
        return Revision(files, reading.tree(files, revision=name, origin=address))
    except StandardsError as err:
        placed(err, address)
        raise


def check(address: str, argument: str) -> None:
    """Refuse an address of no directory: it was named by the user, not by a file of settings.

    Args:
        address: A directory, or git+URL-or-path#ref[:folder].
        argument: The argument that gives it.

    Raises:
        StandardsError: There is no such directory (kind missing).
    """
    folder = Path(address).expanduser()
    if address.startswith(_GIT) or folder.is_dir():
        return
    why = "it is a file" if folder.exists() else "there is no such directory"
    fix = f"name a directory with an {_ORG} in it"
    raise errors.missing(f"standards {address} cannot be read", why, fix, f"{argument}, {address}")


def placed(err: StandardsError, address: str) -> None:
    """Name the files of problems by their whole paths, in place.

    Args:
        err: What was refused.
        address: As in `read`; files in git have no path here, and stay as they are.
    """
    if not address.startswith(_GIT):
        err.problems = tuple(place(problem, address) for problem in err.problems)


def place(problem: errors.Problem, address: str) -> errors.Problem:
    """Name the file of a problem by its path as seen from here.

    Args:
        problem: Of a file in standards.
        address: As in `read`.

    Returns:
        The problem; where org.yaml is missing, with the directory that was looked at.
    """
    root, name = Path(address).expanduser(), problem.where.partition(":")[0]
    if address.startswith(_GIT) or not name.endswith((".yaml", ".yml")) or Path(name).is_absolute():
        return problem
    if name == _ORG and not (root / _ORG).exists():
        fix = "rename org.yml to org.yaml" if (root / "org.yml").exists() else problem.fix
        return dataclasses.replace(problem, fix=fix, where=str(root.absolute() / _ORG))
    return dataclasses.replace(problem, where=str(root / problem.where))


def _of_commit(address: str) -> tuple[Mapping[str, bytes], str]:
    """Read the files of a commit; of another machine's repository it is fetched for this once."""
    from teamconfig.store.git import Git, location  # noqa: PLC0415  # most have a directory

    spot = location(address, Path.cwd())
    reader = Git(os.environ, spot)
    if not spot.remote:
        reader.directory = spot.repository
        return _at(reader, spot.ref)
    with tempfile.TemporaryDirectory() as folder:
        reader.directory = folder
        reader.run("init", "--quiet", "--bare", "--template=", folder, inside=False)
        reader.run("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--end-of-options",
                   spot.repository, f"+{spot.ref}:refs/waypaas/test", timeout=_FETCH)  # fmt: skip
        return _at(reader, "refs/waypaas/test")


def _at(reader: git.Git, ref: str) -> tuple[Mapping[str, bytes], str]:
    commit = reader.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
    return reader.files(commit), f"git:{commit[:12]}"
