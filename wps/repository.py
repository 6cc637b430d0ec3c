"""The git repository of a directory, asked of git: the one way to run it, its remote, the files that it holds."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from teamconfig import errors

if TYPE_CHECKING:
    from pathlib import Path

_SAFE = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never")
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""Variables that a git hook sets, and that speak of its own repository."""

_CAUSES = (
    (
        "dubious ownership",
        "the repository belongs to another user",
        "git config --global --add safe.directory PATH, or ",
    ),
    ("not a git repository", "it is in no git repository", ""),
    ("No such remote", "the repository has no remote origin", "git remote add origin URL, or "),
)
_SECONDS = 10
_FIX = "give it with --remote URL, or --remote none to do without"


def asked(folder: Path, *arguments: str, seconds: float = _SECONDS) -> subprocess.CompletedProcess[bytes]:
    """Ask git, without programs that a repository names, without questions to the user, and of this directory alone.

    Args:
        folder: A directory in the repository.
        *arguments: Words of the question; what others have written stands behind "--" or "--end-of-options".
        seconds: How long it may take.

    Returns:
        What git says.

    Raises:
        FileNotFoundError: There is no git.
        OSError: It cannot be run.
        subprocess.TimeoutExpired: It does not end.
    """
    environ = {name: value for name, value in os.environ.items() if name not in _PLACES} | _QUIET
    return subprocess.run(  # noqa: S603  # fixed words, see above
        ["git", *_SAFE, "-C", str(folder), *arguments], env=environ, stdin=subprocess.DEVNULL,  # noqa: S607
        capture_output=True, timeout=seconds, check=False,
    )  # fmt: skip


def origin(folder: Path) -> str:
    """Ask git for the remote `origin`.

    Args:
        folder: A directory in the repository.

    Returns:
        Its address, as git has it.

    Raises:
        StandardsError: There is no git, no repository, or no such remote (kind missing).
    """
    try:
        done = asked(folder, "remote", "get-url", "--", "origin")
    except FileNotFoundError as err:
        raise _missing(folder, "git is not installed") from err
    except (OSError, subprocess.TimeoutExpired) as err:
        raise _missing(folder, "git cannot be run, or does not end") from err
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")
    said = done.stderr.decode("utf-8", "replace")
    for words, why, first in _CAUSES:
        if words in said:
            raise _missing(folder, why, first)
    raise _missing(folder, f"git says: {(said.strip().splitlines() or ['nothing'])[-1]}")


def _missing(folder: Path, why: str, first: str = "") -> errors.StandardsError:
    return errors.missing("the git remote of the app is not known", why, first + _FIX, str(folder))


def tracked(folder: Path, pattern: str) -> list[str]:
    """List files that git holds in a directory and below.

    Args:
        folder: The directory.
        pattern: Of the names of the files: "waypoint-plugin-*".

    Returns:
        Paths as seen from the directory; none where there is no git or no repository.
    """
    try:
        done = asked(folder, "ls-files", "-z", "--", f":(glob)**/{pattern}")
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [name for name in done.stdout.decode("utf-8", "replace").split("\0") if name]
