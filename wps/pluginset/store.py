"""The plugins of this user: sets, which of them is current, and the links that Waypoint finds.

    $XDG_DATA_HOME/waypaas/plugins/       sets/SERIAL-HASH/, with each binary and the signed plugins.json
                                          current -> sets/SERIAL-HASH; seen.json: newest set by key; lock
                                          arriving/SHA256: what of a binary has come before the line broke
    $XDG_CONFIG_HOME/waypoint/plugins/    waypoint-plugin-NAME -> .../current/waypoint-plugin-NAME

Owns those files. One rename of `current` changes all plugins at once. Fetches nothing, trusts no signature.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import manifest, programs, refusals, signing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from wps.pluginset.manifest import Binary, Manifest

KEPT = 4
"""Older sets that stay, beside the current one."""

SIGNED = "plugins.json"
KEY = "signed-by"
_SET = re.compile(r"([1-9][0-9]{0,15})-([0-9a-f]{12})")
_FAILED = "the plugins cannot be installed"


@dataclass(frozen=True, slots=True)
class Installed:
    """A set that was installed.

    Args:
        folder: With its files.
        serial: Its number.
    """

    folder: Path
    serial: int


class Store:
    """Everything that is installed.

    Args:
        environ: The process's environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        home = Path(environ.get("HOME") or "~").expanduser()
        self.root = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "waypaas" / "plugins"
        self.links = Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "waypoint" / "plugins"

    @property
    def _current(self) -> Path:
        return self.root / "current"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from changing anything inside the block.

        Yields:
            Nothing.

        Raises:
            StandardsError: The place cannot be written to (kind state).
        """
        with refusals.writing(_FAILED, self.root):
            (self.root / "sets").mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "r+b"):
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def current(self) -> Installed | None:
        """Give the set that Waypoint finds; None if there is none."""
        try:
            return self._installed(self.root / os.readlink(self._current))
        except OSError:
            return None

    def sets(self) -> list[Installed]:
        """List the sets that are here, the newest first."""
        folders = (self.root / "sets").glob("*") if self.root.is_dir() else ()
        found = [one for folder in folders if (one := self._installed(folder)) is not None]
        return sorted(found, key=lambda one: one.serial, reverse=True)

    @staticmethod
    def _installed(folder: Path) -> Installed | None:
        parts = _SET.fullmatch(folder.name)
        return Installed(folder, int(parts[1])) if parts and folder.is_dir() else None

    def folder(self, made: Manifest) -> Path:
        """Name the folder of a set.

        Args:
            made: The set.

        Returns:
            The folder, there or not; another content has another folder.
        """
        return self.root / "sets" / f"{made.serial}-{hashlib.sha256(manifest.write(made)).hexdigest()[:12]}"

    def seen(self, key: str) -> tuple[int, str]:
        """Tell the newest set of a key that this machine has seen.

        Args:
            key: Public key.

        Returns:
            Its number and the SHA-256 of its manifest; 0 and empty for none.

        Raises:
            StandardsError: What was noted cannot be read (kind state): it may hide that a set is too old.
        """
        path = self.root / "seen.json"
        try:
            found = json.loads(path.read_bytes())[signing.identity(key)]
            return int(found["serial"]), str(found["sha256"])
        except (FileNotFoundError, KeyError):
            return 0, ""
        except (OSError, ValueError, TypeError) as err:
            why = "it says which sets this machine has seen, so that no older one is taken"
            fix = "make it readable, or delete it if you trust the source"
            raise errors.state(f"{path} cannot be read", why, fix, str(path)) from err

    def note(self, key: str, serial: int, digest: str) -> None:
        """Note the newest set of a key.

        Args:
            key: Public key.
            serial: Number of the set.
            digest: SHA-256 of its manifest.

        Raises:
            StandardsError: The place cannot be written to (kind state).
        """
        path = self.root / "seen.json"
        known = json.loads(path.read_bytes()) if path.exists() else {}
        after = known | {signing.identity(key): {"serial": serial, "sha256": digest}}
        if after == known:
            return
        with refusals.writing(_FAILED, path):
            draft = path.with_name(f".seen.{secrets.token_hex(6)}")
            try:
                draft.write_text(json.dumps(after))
                draft.replace(path)
            finally:
                draft.unlink(missing_ok=True)

    @contextlib.contextmanager
    def draft(self) -> Iterator[Path]:
        """Give a folder in which a set is made; it is removed at the end, unless it got its name.

        Yields:
            The folder.

        Raises:
            StandardsError: The place cannot be written to, or is full (kind state).
        """
        with refusals.writing(_FAILED, self.root):
            for left in (self.root / "sets").glob(".partial-*"):
                shutil.rmtree(left, ignore_errors=True)
            folder = Path(tempfile.mkdtemp(prefix=".partial-", dir=self.root / "sets"))
            folder.chmod(0o755)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def half(self, sha256: str) -> Path:
        """Name the file in which a binary arrives; use it within `draft`. It stays where the line broke.

        Args:
            sha256: Of the binary.

        Returns:
            The file, there or not; its directory is there.
        """
        folder = self.root / "arriving"
        folder.mkdir(exist_ok=True)
        return folder / sha256

    def linked(self) -> set[str]:
        """List the programs that Waypoint finds here, by the links that were made here."""
        return {path.name for path in self.links.glob(f"{programs.PREFIX}*") if self.is_ours(path) and path.exists()}

    def switch(self, folder: Path, names: set[str]) -> None:
        """Make a set the current one, at once, after every plugin of it has its link.

        Args:
            folder: Of the set.
            names: Its programs that Waypoint is to find.

        Raises:
            StandardsError: A link cannot be made (kind state); then all is as it was.
        """
        with refusals.writing(_FAILED, self.links):
            self.links.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                self._link(self.links / name, self._current / name)
        with refusals.writing(_FAILED, self.root):
            _replace_link(self._current, Path("sets") / folder.name)
        with contextlib.suppress(OSError):  # a link that leads nowhere is passed over by Waypoint
            for path in self.links.glob(f"{programs.PREFIX}*"):
                if path.name not in names and self.is_ours(path):
                    path.unlink()

    def _link(self, link: Path, target: Path) -> None:
        if link.is_symlink() and os.readlink(link) == str(target):
            return
        if (link.exists() or link.is_symlink()) and not self.is_ours(link):
            why = "it is there, and `wps plugins sync` has not made it"
            raise errors.state(f"{link} is not replaced", why, "move it away, and run it again", str(link))
        _replace_link(link, target)

    def is_ours(self, link: Path) -> bool:
        """Tell whether a link was made here.

        Args:
            link: A path where Waypoint looks.

        Returns:
            Whether it leads to a set.
        """
        return link.is_symlink() and Path(os.readlink(link)).is_relative_to(self.root)

    def prune(self) -> None:
        """Remove the oldest sets, and what has never arrived whole; a failure does no harm."""
        shutil.rmtree(self.root / "arriving", ignore_errors=True)
        current = self.current()
        others = [one for one in self.sets() if current is None or one.folder != current.folder]
        for one in others[KEPT:]:
            shutil.rmtree(one.folder, ignore_errors=True)


def _replace_link(link: Path, target: Path) -> None:
    draft = link.with_name(f".{link.name}.{secrets.token_hex(6)}")
    draft.symlink_to(target)
    try:
        draft.replace(link)
    finally:
        draft.unlink(missing_ok=True)


def intact(path: Path, binary: Binary) -> bool:
    """Tell whether a file is the binary that was published.

    Args:
        path: The file.
        binary: What it should be.

    Returns:
        Whether size and hash agree, and it can be run.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size != binary.size or not os.access(path, os.X_OK):
                return False
            return hashlib.file_digest(file, "sha256").hexdigest() == binary.sha256
    except OSError:
        return False
