"""The files that name the service or the standards: the user's config.toml, and a repository's .waypaas.toml.

Owns writing them. Reading is `teamconfig.settings`; comments in them stay.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors, settings
from wps import writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_LINE = re.compile(r"\s*(?:service|standards|certificate_authority|identity_authority)\s*=")


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as it should be.

    Args:
        path: The file.
        before: Its text now; empty if there is none.
        after: Its text then.
    """

    path: Path
    before: str
    after: str

    def write(self) -> None:
        """Write it, if anything changes.

        Raises:
            StandardsError: It cannot be written (kind missing).
        """
        if self.before == self.after:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            why = (err.strerror or "the operating system refuses").lower()
            raise errors.missing(f"{self.path} cannot be written", why, "see to that", str(self.path)) from err
        writing.replace(self.path, self.after)


def own() -> Path:
    """Name the user's own file."""
    return settings.own_file(os.environ)


def of_repository(start: Path) -> Path:
    """Name the file of the repository that a directory is in; outside of one, of the directory.

    Args:
        start: The directory.

    Returns:
        The file, there or not.
    """
    folders = (start.absolute(), *start.absolute().parents)
    root = next((folder for folder in folders if (folder / ".git").exists()), folders[0])
    return root / settings.FILE


def check_repository(start: Path) -> None:
    """Refuse to write for everybody where there is no repository.

    Args:
        start: The directory.

    Raises:
        StandardsError: It is in none (kind missing).
    """
    if not (of_repository(start).parent / ".git").exists():
        why, fix = f"{start} is in no git repository", "go to one, or leave --repository out"
        raise errors.missing("there is no repository to name it for", why, fix, "the argument --repository")


def draft(path: Path, values: Mapping[str, str]) -> Draft:
    """Prepare a file that names a service or standards.

    Args:
        path: The file.
        values: Its keys; empty ones are left out.

    Returns:
        The draft, not yet written.

    Raises:
        StandardsError: The file is there and cannot be read (kind state).
    """
    wanted = {name: value for name, value in values.items() if value}
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        tomllib.loads(before)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as err:
        why = (getattr(err, "strerror", None) or f"it is not TOML: {err}").lower()
        raise errors.state(f"{path} cannot be read", why, "mend it, or remove it", str(path)) from err
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in wanted.items()]
    kept = [line for line in before.splitlines() if not _LINE.match(line)]
    after = "\n".join([*kept, *lines]) + "\n"
    if _read(before) == wanted:
        after = before
    elif _read(after) != wanted:  # what was there is written in a way that lines do not show
        after = "\n".join(lines) + "\n"
    return Draft(path, before, after)


def _read(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None
