"""The git checkout of an app: its branch, and the branches that its remote still has."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from teamconfig import errors
from wps import repository

if TYPE_CHECKING:
    from pathlib import Path

_HEADS = "refs/heads/"
_SECONDS = 60


def branch(folder: Path) -> str:
    """Ask git for the branch that is checked out.

    Args:
        folder: A directory in the repository.

    Returns:
        Its name.

    Raises:
        StandardsError: None is, or there is no git or no repository (kind missing).
    """
    done = _git(folder, "symbolic-ref", "--quiet", "HEAD")
    name = done.stdout.decode("utf-8", "replace").strip()
    if done.returncode or not name.startswith(_HEADS):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = f"git says: {said[-1]}" if said else "a commit is checked out, and no branch, as in most CI jobs"
        raise errors.missing("no branch is checked out here", why, "give --branch NAME", str(folder))
    return name.removeprefix(_HEADS)


def branches(folder: Path, remote: str) -> set[str]:
    """Ask the remote which branches it has.

    Args:
        folder: A directory in the repository.
        remote: Name of the remote.

    Returns:
        Names of branches, at least one.

    Raises:
        StandardsError: It does not answer, or has none at all, as a repository that is not the right one (kind state).
    """
    done = _git(folder, "ls-remote", "--heads", "--", remote)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    found = {ref.removeprefix(_HEADS) for _, tab, ref in (line.partition("\t") for line in lines) if tab}
    if done.returncode or not found:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = f"git says: {said[-1]}" if said else "it has no branch at all"
        fix = "mend the remote, or leave --gone out: nothing is ended on a guess"
        raise errors.state(f"the branches of the remote {remote} are not known", why, fix, str(folder))
    return found


def _git(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return repository.asked(folder, *arguments, seconds=_SECONDS)
    except FileNotFoundError as err:
        raise errors.missing("git is not installed", "it knows the branches", "install it", "PATH") from err
    except (OSError, subprocess.TimeoutExpired) as err:
        raise errors.state(
            "git does not end", f"{arguments[0]} took {_SECONDS} s", "run it again", str(folder)
        ) from err
