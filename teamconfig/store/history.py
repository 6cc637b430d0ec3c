"""A git repository of standards as a service follows it: its newest commit, and what lies between two.

Unlike `git.load` it keeps the whole history, as a revision is only taken if it
descends from the last one, and by who signed the commits in between.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.store import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from teamconfig.store.git import Location


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

    def signers(self, older: str, newer: str) -> tuple[str, ...]:
        """Name who signed the commits after one up to another.

        Args:
            older: Full name of a commit, or empty for only the newer one.
            newer: Full name of a commit.

        Returns:
            Names of the allowed signers, each once; a commit without a good signature refuses the whole.

        Raises:
            StandardsError: A commit is not signed by an allowed signer (kind state).
        """
        if self._allowed is None:
            return ()
        span = (f"{older}..{newer}",) if older else ("--max-count=1", newer)
        found: dict[str, None] = {}
        for commit in self._git.run("rev-list", *span).split():
            found[self._signer(commit)] = None
        return tuple(found)

    def _signer(self, commit: str) -> str:
        settings = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={self._allowed}")
        try:
            told = self._git.run("log", "--max-count=1", "--format=%G?%n%GS", commit, before=settings)
        except errors.StandardsError as err:
            raise self._unsigned(commit) from err
        state, _, signer = told.strip().partition("\n")
        if state != "G" or not signer:
            raise self._unsigned(commit)
        return signer

    def _unsigned(self, commit: str) -> errors.StandardsError:
        return errors.state(
            f"commit {commit[:12]} of the standards is refused",
            "it has no signature of an allowed signer",
            "sign it (git commit -S), or add the signer's key to allowed_signers",
            str(self.place),
        )

    def _commit(self, ref: str) -> str:
        return self._git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").strip()
