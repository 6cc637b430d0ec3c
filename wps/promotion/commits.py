"""Which release is that of a git commit: by the tag of the image, that team-ecr makes of the commit it was built from.

Owns the questions to git about the checkout at hand; changes nothing.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.errors import Problem, StandardsError
from wps import repository

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Record

RECORDS = 100
"""So many of the environment's newest releases are looked through."""

_TAG = re.compile(r"[0-9a-f]{12}")
_GIT_SECONDS = 30.0
_SHOWN = 5
_MOST_STEPS = 20
"""A release went through no more environments than that."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A commit whose release is looked for.

    Args:
        sha: Of the commit.
        tree: Of its files: commits of one tree have the same source, as after a squash.
        merged: Parents that a merge commit has brought in.
    """

    sha: str
    tree: str
    merged: tuple[str, ...]


class Checkout:
    """Git, in the app's directory.

    Args:
        folder: Directory of waypoint.hcl.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wanted(self, name: str) -> Wanted:
        """Find a commit.

        Args:
            name: As the user wrote it: a commit's digits, a branch, a tag, HEAD.

        Returns:
            The commit.

        Raises:
            StandardsError: Git knows none of that name here (kind option).
        """
        sha = self.commit(name)
        if sha is None and self._git("rev-parse", "--git-dir") is None:
            why = "git is not there, there is no repository, or it belongs to somebody else"
            fix = f"see what git says: git -C {self._folder} status"
            raise StandardsError([Problem("git cannot be asked here", why, fix, str(self._folder), "missing")])
        if sha is None:
            what, why = f"there is no commit {name}", f"git knows none of that name in {self._folder}"
            fix = "fetch it, with its history: git fetch --unshallow"
            raise StandardsError([Problem(what, why, fix, "the argument --commit", "option")])
        parents = (self._git("rev-list", "--parents", "-n", "1", sha) or sha).split()[1:]
        return Wanted(sha, self.tree(sha), tuple(parents[1:]))

    def commit(self, name: str) -> str | None:
        """Give the digits of a commit, or None if it is not here."""
        return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")

    def tree(self, sha: str) -> str:
        """Give the digits of a commit's tree; empty if it is not here."""
        return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{sha}^{{tree}}") or ""

    def _git(self, *arguments: str) -> str | None:
        try:
            done = repository.asked(self._folder, *arguments, seconds=_GIT_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode("utf-8", "replace").strip() or None if done.returncode == 0 else None


def choose(ledger: Ledger, checkout: Checkout, place: tuple[str, str, str], name: str) -> Record:
    """Find the newest release of a commit in an environment.

    That is a release of the commit itself; or of one with the same files, as a squash or a merge of nothing else
    leaves it; or of what a merge commit has brought in.

    Args:
        ledger: Keeps the records.
        checkout: Git.
        place: Project, app, environment.
        name: Of the commit, as the user wrote it.

    Returns:
        The record.

    Raises:
        StandardsError: There is no such commit (kind option), or no release of it (kind missing).
    """
    wanted = checkout.wanted(name)
    built = [(one, _built_from(ledger, checkout, one)) for one in ledger.history(*place, RECORDS)]
    found = _of_commit(built, checkout, wanted)
    if found is not None:
        return found
    known = list(dict.fromkeys(sha[:12] for _, sha in built if sha))
    what = f"there is no release of commit {wanted.sha[:12]} in {place[2]}"
    why = f"the newest releases there are of {', '.join(known[:_SHOWN])}"
    if not known:
        why = "no release there says which commit it was built from: its image has no tag of a commit"
    fix = f"bring it there first, or leave --commit out for the newest; see: wps releases --env {place[2]}"
    raise errors.missing(what, why, fix, "")


def _of_commit(built: Iterable[tuple[Record, str]], checkout: Checkout, wanted: Wanted) -> Record | None:
    """Find a release by its commit; the surer ways first."""
    known = [(one, sha) for one, sha in built if sha]
    for one, sha in known:
        if sha == wanted.sha:
            return one
    for one, sha in known:
        if wanted.tree and checkout.tree(sha) == wanted.tree:
            return one
    return next((one for one, sha in known if sha in wanted.merged), None)


def _built_from(ledger: Ledger, checkout: Checkout, record: Record) -> str:
    """Tell which commit the image of a record was built from; empty if its tag names none that is here."""
    first = record
    for _ in range(_MOST_STEPS):
        if not first.parent:
            break
        first = ledger.get(first.parent)
    tag = first.image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return (checkout.commit(tag) or "") if _TAG.fullmatch(tag) else ""
