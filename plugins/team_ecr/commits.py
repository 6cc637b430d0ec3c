"""The git commit of the app's source, and whether there are changes beside it.

Owns the few questions to git; changes nothing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GIT_SECONDS = 30.0
SHOWN_DIGITS = 12
"""Of a commit, in a tag: unambiguous, and still a line that a person can read."""

BESIDE = (":(top)", *(f":(top,exclude,glob)**/{name}" for name in (".waypoint/**", "data.db", "waypoint-restore.db*")))
"""Which untracked files count: all but those that Waypoint's local mode writes beside waypoint.hcl."""


@dataclass(frozen=True)
class Commit:
    """What is checked out.

    Args:
        sha: Of the commit, 40 hex digits.
        changes: Digest of what was changed since, committed nowhere; empty if nothing was.
    """

    sha: str
    changes: str = ""

    @property
    def clean_tag(self) -> str:
        """Tag of the commit itself."""
        return self.sha[:SHOWN_DIGITS]

    @property
    def tag(self) -> str:
        """Tag of what is checked out, changes included: the same changes have the same tag."""
        return f"{self.clean_tag}-dirty-{self.changes[:8]}" if self.changes else self.clean_tag


def read(directory: Path | str) -> Commit | None:
    """Look what is checked out.

    Args:
        directory: Within the checkout.

    Returns:
        It; None if it is no checkout, has no commit yet, or git is not there.
    """
    sha = _git(directory, "rev-parse", "--verify", "HEAD^{commit}")
    if sha is None:
        return None
    return Commit(sha.decode().strip(), _changes(directory))


def _changes(directory: Path | str) -> str:
    changed = _git(directory, "diff", "HEAD", "--binary", "--no-ext-diff", "--no-textconv") or b""
    names = _git(directory, "ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", *BESIDE) or b""
    if not changed and not names:
        return ""
    top = (_git(directory, "rev-parse", "--show-toplevel") or b"").strip()
    found = hashlib.sha256(changed)
    for name in sorted(filter(None, names.split(b"\0"))):
        found.update(b"\0" + name + b"\0" + _digest(os.path.join(top, name)))
    return found.hexdigest()


def _digest(path: bytes) -> bytes:
    try:
        with open(path, "rb") as handle:
            return hashlib.file_digest(handle, "sha256").digest()
    except OSError:
        return b""  # a link to nowhere, or gone meanwhile: its name counts


def _git(directory: Path | str, *arguments: str) -> bytes | None:
    command = ["git", "-C", os.fspath(directory), "-c", "core.fsmonitor=false", *arguments]
    environ = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program, no shell
            command, env=environ, capture_output=True, check=False, timeout=GIT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
