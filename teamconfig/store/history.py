"""A git repository of standards as a service follows it: its newest commit, and what lies between two.

Unlike `git.load` it keeps the whole history, as a revision is only taken if it
descends from the last one, and by who signed the commits in between.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.store import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from teamconfig.store.git import Location

_AT_ONCE = 100
"""Commits whose signatures one run of git checks; each takes some milliseconds."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Args:
        name: Its full name.
        content: Name of what it holds; the same for the same files.
        signer: Who signed it; empty where commits are not signed.
    """

    name: str
    content: str
    signer: str


class History:
    """One ref of one repository.

    Args:
        place: Where.
        environ: For HOME, PATH, XDG_CACHE_HOME and git's credentials.
        allowed_signers: Keys by name, as `ssh-keygen` reads them; None if commits are not signed.
    """

    def __init__(self, place: Location, environ: Mapping[str, str], allowed_signers: Path | None = None) -> None:
        self.place = place
        self._git = git.Git(environ, place)
        self._allowed = allowed_signers
        self._git.directory = place.repository
        if place.remote:
            name = hashlib.sha256(f"history {place.repository}".encode()).hexdigest()[:24] + ".git"
            self._git.directory = str(git.cache(environ) / name)

    def newest(self) -> str:
        """Bring the ref up to date, and name its commit.

        Returns:
            Full name of the commit.

        Raises:
            StandardsError: The repository or the ref cannot be read (kind missing).
        """
        if not self.place.remote:
            return self._commit(self.place.ref)
        from pathlib import Path  # noqa: PLC0415  # of remotes only

        home = Path(self._git.directory)
        if not (home / "HEAD").is_file():
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._git.run("init", "--quiet", "--bare", "--template=", str(home), inside=False)
        self._git.run(
            "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--end-of-options", self.place.repository,
            f"+{self.place.ref}:refs/waypaas/followed", timeout=git.FETCH_TIMEOUT,
        )  # fmt: skip
        return self._commit("refs/waypaas/followed")

    def files(self, commit: str) -> dict[str, bytes]:
        """Read every YAML file of a commit; see `git.Git.files`."""
        return self._git.files(commit)

    def descends(self, older: str, newer: str) -> bool:
        """Tell whether a commit comes after another one, or is the same.

        Args:
            older: Full name of a commit, perhaps one that is gone.
            newer: Full name of a commit.

        Returns:
            False also where the older one is not known here.
        """
        try:
            self._git.run("merge-base", "--is-ancestor", older, newer)
        except errors.StandardsError:
            return False
        return True

    def commits(self, older: str, newer: str) -> list[Commit]:
        """List the commits after one up to another.

        Args:
            older: Full name of a commit, or empty for only the newer one.
            newer: Full name of a commit.

        Returns:
            The newest first, each before its parents; those of merged branches too.

        Raises:
            StandardsError: A commit is not signed by an allowed signer (kind state).
        """
        span = ("--topo-order", f"{older}..{newer}") if older else ("--max-count=1", newer)
        names = self._git.run("rev-list", *span, "--").split()
        found: list[Commit] = []
        for first in range(0, len(names), _AT_ONCE):
            found += self._read(names[first : first + _AT_ONCE])
        return found

    def base(self, served: str, commit: str) -> str:
        """Find where a commit parted from another one.

        Args:
            served: Full name of a commit.
            commit: Full name of another one.

        Returns:
            Their youngest common ancestor; empty if there is none, or more than one.
        """
        try:
            found = self._git.run("merge-base", "--all", served, commit).split()
        except errors.StandardsError:
            return ""
        return found[0] if len(found) == 1 else ""

    def _read(self, names: list[str]) -> list[Commit]:
        """Read some commits, and check their signatures."""
        signed = self._allowed is not None
        settings: tuple[str, ...] = ("-c", "log.showSignature=false")
        if signed:
            settings += ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={self._allowed}")
        pattern = "--format=%H%x09%T%x09%G?%x09%GS" if signed else "--format=%H%x09%T%x09-%x09"
        found = {}
        for line in self._git.run("log", "--no-walk=unsorted", pattern, *names, "--", before=settings).splitlines():
            name, content, state, signer = line.split("\t", 3)
            if signed and (state != "G" or not signer):
                raise self._unsigned(name)
            found[name] = Commit(name, content, signer)
        if found.keys() != set(names):
            raise self._unsigned(next(name for name in names if name not in found))
        return [found[name] for name in names]

    def _unsigned(self, commit: str) -> errors.StandardsError:
        return errors.state(
            f"commit {commit[:12]} of the standards is refused",
            "it has no signature of an allowed signer",
            "sign it (git commit -S), or add the signer's key to allowed_signers",
            str(self.place),
        )

    def _commit(self, ref: str) -> str:
        return self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
