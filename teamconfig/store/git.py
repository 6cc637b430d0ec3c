"""Standards in a git repository at a ref: every file of one commit, never of a working tree.

Runs the `git` command. A repository on this machine is read in place; one at a
URL through a bare cache under the user's cache directory. The cache is used
without the remote only if the caller permits it and for how long, and then says
how old it is.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors, reading, units
from teamconfig.yamlfile import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from teamconfig.tree import Tree

FETCH_TIMEOUT = timedelta(seconds=60)
READ_TIMEOUT = timedelta(seconds=30)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@+-]*")
_REMOTE = re.compile(r"(?:https?|ssh|git)://|[A-Za-z0-9_.-]+@[A-Za-z0-9_.-]+:")
_SECRET = re.compile(r"https?://.*@|[a-z+]+://[^/@]*:[^@]*@", re.IGNORECASE | re.DOTALL)
"""Beginning of an address with a password, or a token, which takes the user's place."""

_BARE = re.compile(r"(?:http|git)://", re.IGNORECASE)
"""Protocols that do not tell who answers."""

_PROTOCOLS = "https:http:ssh:git"
_KEPT = frozenset(
    {"GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"}
)
"""Variables of git that are the user's access, not the state of some other repository."""
_SAFE = (
    "-c", "protocol.ext.allow=never", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
    "-c", "fetch.recurseSubmodules=false", "-c", "gc.auto=0", "-c", "credential.interactive=false",
)  # fmt: skip
_CAUSES = (
    ("could not resolve host", "its host name is not known", "check the network, or the address"),
    ("connection refused", "nothing listens there", "check the address, or whether the host is up"),
    ("timed out", "the host does not answer", "check the network"),
    ("authentication failed", "it refuses your credentials", "sign in with your git credential helper"),
    ("could not read username", "it wants credentials", "set up a git credential helper for it"),
    ("permission denied", "it refuses your key", "add your ssh key there, or load it with ssh-add"),
    ("couldn't find remote ref", "it has no such branch, tag or commit", "correct the part behind #"),
    ("dubious ownership", "the repository belongs to another user", "git config --global --add safe.directory PATH"),
    ("not a git repository", "there is no git repository", "correct the path"),
    ("no such repository", "there is no such repository", "correct the address, or ask for access"),
    ("does not appear to be a git repository", "there is no git repository", "correct the path"),
    ("not found", "there is no such repository, or you may not see it", "correct the address, or ask for access"),
)


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a repository.

    Args:
        repository: URL, or path on this machine.
        ref: Branch, tag or commit.
        folder: Directory within the repository that holds org.yaml; empty for its root.
    """

    repository: str
    ref: str = "HEAD"
    folder: str = ""

    @property
    def remote(self) -> bool:
        """Whether it is at a URL."""
        return _REMOTE.match(self.repository) is not None

    def __str__(self) -> str:
        """Write it as WAYPAAS_STANDARDS has it."""
        return f"git+{self.repository}#{self.ref}" + (f":{self.folder}" if self.folder else "")


def location(text: str, base: Path) -> Location:
    """Read the address of standards in git.

    Args:
        text: "git+URL-or-path#ref" or "git+URL-or-path#ref:folder"; without ref, HEAD.
        base: What a relative path is relative to.

    Returns:
        The location, its path absolute.

    Raises:
        StandardsError: Not such an address, or one that git could misread (kind state).
    """
    repository, _, place = text.removeprefix("git+").partition("#")
    ref, _, folder = place.partition(":")
    ref, folder = ref or "HEAD", folder.strip("/")
    secret = _SECRET.match(repository)
    if secret is not None:
        shown = "https://...@" + repository[secret.end() :]
        fix = "leave it out, and use a git credential helper"
        raise errors.state(
            f"standards git+{shown} carry a password", "addresses end in logs and process lists", fix, ""
        )
    fix = "write git+URL#ref or git+PATH#ref"
    if not repository or repository.startswith("-") or "::" in repository:
        raise errors.state(f'standards "{text}" cannot be read', "the repository is not a URL or path", fix, "")
    if not _REF.fullmatch(ref) or ".." in ref or ".." in folder.split("/"):
        raise errors.state(f'standards "{text}" cannot be read', f'"{place}" is no ref, or no ref:folder', fix, "")
    repository = repository.removeprefix("file://")
    if not _REMOTE.match(repository):
        if "://" in repository:
            why = "standards come by https, ssh, git or file"
            raise errors.state(f'standards "{text}" cannot be read', why, fix, "")
        repository = str((base / Path(repository).expanduser()).resolve())
    return Location(repository, ref, folder)


def is_authenticated(place: Location) -> bool:
    """Tell whether what a repository answers is surely its own, and not of somebody on the way.

    Args:
        place: As `location` gives it.

    Returns:
        False for http:// and git://, whatever git's own settings make of them.
    """
    return _BARE.match(place.repository) is None


def load(place: Location, environ: Mapping[str, str], *, now: datetime, stale_for: timedelta | None = None) -> Tree:
    """Read standards at a ref.

    Args:
        place: Where.
        environ: For HOME, PATH, XDG_CACHE_HOME and git's credentials.
        now: The time, to tell the age of a cached copy.
        stale_for: Age up to which the cached copy may stand in for a remote that does not answer; None for never.

    Returns:
        The tree; its revision is "git:" and 12 digits of the commit. If a cached copy stands in, `note` says so.

    Raises:
        StandardsError: git is missing, the remote or ref cannot be read (kind missing), or standards are wrong (state).
    """
    git = Git(environ, place)
    note = ""
    if place.remote:
        commit, note = _fetched(git, now, stale_for)
    else:
        git.directory = place.repository
        commit = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{place.ref}^{{commit}}").strip()
    files = git.files(commit)
    return reading.tree(files, revision=f"git:{commit[:12]}", origin=str(place), note=note)


def _fetched(git: Git, now: datetime, stale_for: timedelta | None) -> tuple[str, str]:
    """Bring the ref into the cache; give its commit, and what the user must be told."""
    place = git.place
    home = cache(git.environ) / (hashlib.sha256(place.repository.encode()).hexdigest()[:24] + ".git")
    stamp = home / ("waypaas-" + hashlib.sha256(place.ref.encode()).hexdigest()[:24])
    git.directory = str(home)
    try:
        if not (home / "HEAD").is_file():
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            git.run("init", "--quiet", "--bare", "--template=", str(home), inside=False)
        keep = f"refs/waypaas/{stamp.name}"
        refspec = f"+{place.ref}:{keep}"
        git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--end-of-options",
                place.repository, refspec, timeout=FETCH_TIMEOUT)  # fmt: skip
        commit = git.run("rev-parse", "--verify", f"{keep}^{{commit}}").strip()
        _write(stamp, f"{commit} {now.timestamp():.0f}\n")
    except OSError as err:
        fix = "make it writable, or set XDG_CACHE_HOME"
        raise errors.state(f"cache {home} cannot be written", str(err.strerror).lower(), fix, str(home)) from err
    except errors.StandardsError as err:
        cached = _cached(stamp, now)
        if cached is None or stale_for is None or cached[1] > stale_for:
            raise _unreachable(err, cached, stale_for) from err
        return cached[0], f"{err.problems[0].what}: {err.problems[0].why}; using the copy from {_age(cached[1])} ago"
    return commit, ""


def _write(path: Path, text: str) -> None:
    """Replace a small file in one step."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="ascii")
    draft.replace(path)


def _cached(stamp: Path, now: datetime) -> tuple[str, timedelta] | None:
    """Find the commit that was fetched last, and its age."""
    try:
        commit, seconds = stamp.read_text(encoding="ascii").split()
        age = timedelta(seconds=max(0, round(now.timestamp()) - int(seconds)))
    except (OSError, ValueError):
        return None
    return (commit, age) if _COMMIT.fullmatch(commit) else None


def _unreachable(
    err: errors.StandardsError, cached: tuple[str, timedelta] | None, stale_for: timedelta | None
) -> errors.StandardsError:
    """Add to the error what the cache could do, as it is never used silently."""
    problem = err.problems[0]
    if cached is None:
        return err
    age = _age(cached[1])
    limit = "is not used unless allowed" if stale_for is None else f"is older than {units.format_duration(stale_for)}"
    why = f"{problem.why}; the copy from {age} ago {limit}"
    fix = f"{problem.fix}, or set WAYPAAS_STANDARDS_MAX_AGE to more than {age}"
    return errors.missing(problem.what, why, fix, problem.where)


def _age(age: timedelta) -> str:
    return units.format_duration(timedelta(seconds=int(age.total_seconds())))


def cache(environ: Mapping[str, str]) -> Path:
    """Name the directory of the copies of remote repositories."""
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".cache")
    return Path(base) / "waypaas" / "standards"


class Git:
    """Runs git on one repository, without prompts, hooks or anything else that could surprise.

    Args:
        environ: For HOME, PATH and git's credentials.
        place: For errors; the repository is that in `directory`.
    """

    def __init__(self, environ: Mapping[str, str], place: Location) -> None:
        self.place = place
        self.environ = environ
        self.directory = ""
        own = {name: value for name, value in environ.items() if not name.startswith("GIT_") or name in _KEPT}
        quiet = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C",
                 "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1"}  # fmt: skip
        ssh = {} if "GIT_SSH_COMMAND" in own or "GIT_SSH" in own else {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
        self._environ = {**own, **quiet, **ssh}

    def run(
        self, *arguments: str, inside: bool = True, timeout: timedelta = READ_TIMEOUT, before: tuple[str, ...] = ()
    ) -> str:
        """Run git and give what it prints, as text.

        Args:
            arguments: The command of git and its arguments.
            inside: Whether in the repository.
            timeout: At most.
            before: Settings that stand before the command.

        Returns:
            Its output.

        Raises:
            StandardsError: It failed (kind missing).
        """
        return self._call(arguments, b"", inside=inside, timeout=timeout, before=before).decode("utf-8", "replace")

    def _call(
        self, arguments: tuple[str, ...], given: bytes, *, inside: bool = True, timeout: timedelta = READ_TIMEOUT,
        before: tuple[str, ...] = (),
    ) -> bytes:  # fmt: skip
        where = ("-C", self.directory) if inside else ()
        what = f"standards {self.place} cannot be read"
        try:
            # A repository can name a program to fetch what it lacks by; only our own fetch may fetch anything.
            own = {"GIT_ALLOW_PROTOCOL": _PROTOCOLS if arguments[0] == "fetch" else "none", "GIT_NO_LAZY_FETCH": "1"}
            done = subprocess.run(  # noqa: S603  # no shell; ref and repository are checked by `location`
                ("git", *_SAFE, *before, *where, *arguments),  # noqa: S607  # the user's git, with the user's credentials
                input=given, capture_output=True, timeout=timeout.total_seconds(), env=self._environ | own, check=False,
            )  # fmt: skip
        except FileNotFoundError as err:
            raise errors.missing(what, "the program git is not installed", "install git", str(self.place)) from err
        except subprocess.TimeoutExpired as err:
            why = f"git {arguments[0]} gave no answer in {units.format_duration(timeout)}"
            raise errors.missing(what, why, "check the network, or try again", str(self.place)) from err
        if done.returncode != 0:
            raise self._failure(what, done.stderr.decode("utf-8", "replace"), arguments[0])
        return done.stdout

    def _failure(self, what: str, said: str, command: str) -> errors.StandardsError:
        """Say in our words what git could not do."""
        low = said.lower()
        for sign, why, fix in _CAUSES:
            if sign in low:
                return errors.missing(what, why, fix, str(self.place))
        if command == "rev-parse":
            why, fix = f"it has no branch, tag or commit {self.place.ref}", "correct the part behind #"
            return errors.missing(what, why, fix, str(self.place))
        lines = [line for line in said.splitlines() if line.startswith(("fatal:", "error:"))]
        told = lines[-1].partition(": ")[2] if lines else "no reason given"
        return errors.missing(what, f"git {command} failed: {told}", "run it by hand to learn more", str(self.place))

    def files(self, commit: str) -> dict[str, bytes]:
        """Read every YAML file of one commit.

        Args:
            commit: Full name of the commit.

        Returns:
            Content by path within the folder.

        Raises:
            StandardsError: A file is a link (kind state), or git fails (missing).
        """
        if not _COMMIT.fullmatch(commit):
            raise self._failure(f"standards {self.place} cannot be read", "", "rev-parse")
        listing = self._call(("ls-tree", "-r", "-z", "--long", "--full-tree", commit), b"")
        prefix = f"{self.place.folder}/" if self.place.folder else ""
        wanted: dict[str, str] = {}
        for row in listing.split(b"\0")[:-1]:
            facts, _, raw = row.partition(b"\t")
            mode, kind, name, size = facts.decode("ascii").split()
            path = raw.decode("utf-8", "replace")
            if not path.startswith(prefix) or not path.endswith((".yaml", ".yml")) or kind != "blob":
                continue
            path = path[len(prefix) :]
            if any(part.startswith(".") for part in path.split("/")):
                continue
            if mode == "120000":
                raise errors.state(f"{path} is a link", "standards in git are files", "commit the file itself", path)
            if not size.isdecimal():
                why = "the commit names it, and the repository does not hold it"
                raise errors.missing(f"{path} cannot be read", why, "fetch the repository whole", str(self.place))
            if int(size) > MAX_BYTES:
                why = f"a file of standards is at most {MAX_BYTES // 1024} KiB"
                raise errors.state(f"{path} is too large", why, "split it by team and app", path)
            wanted[path] = name
        return self._blobs(wanted)

    def _blobs(self, wanted: Mapping[str, str]) -> dict[str, bytes]:
        """Read blobs by name, all through one git."""
        if not wanted:
            return {}
        told = self._call(("cat-file", "--batch"), "".join(f"{name}\n" for name in wanted.values()).encode())
        found, at = {}, 0
        for path in wanted:
            end = told.index(b"\n", at)
            size = int(told[at:end].split()[2])
            found[path] = told[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found
