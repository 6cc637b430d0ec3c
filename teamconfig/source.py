"""Where the standards come from: the environment, the repository's .waypaas/config.yaml, or the user's own.

    WAYPAAS_STANDARDS              a directory, or git+URL-or-path#ref[:folder]
    .waypaas/config.yaml           standards: the same, relative to the directory that holds .waypaas
    $XDG_CONFIG_HOME/waypaas/config.yaml

The first that is set counts; nothing is merged and nothing is a silent default.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors, units, yamlfile
from teamconfig.document import Checker
from teamconfig.store import directory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.tree import Tree

VARIABLE = "WAYPAAS_STANDARDS"
MAX_AGE_VARIABLE = "WAYPAAS_STANDARDS_MAX_AGE"
_CONFIG_KEYS = ("standards",)


def load(start: Path | str, environ: Mapping[str, str]) -> Tree:
    """Find and read the standards.

    Args:
        start: Directory of the app, from which .waypaas/config.yaml is looked up.
        environ: The process's environment.

    Returns:
        The tree; show its `note` to the user if it has one.

    Raises:
        StandardsError: No standards are named, or they cannot be read (kind missing), or are wrong (state).
    """
    address, base = find(Path(start), environ)
    return read(address, base, environ)


def read(address: str, base: Path, environ: Mapping[str, str]) -> Tree:
    """Read standards from an address.

    Args:
        address: A directory, or git+URL-or-path#ref[:folder].
        base: What a relative path is relative to.
        environ: The process's environment.

    Returns:
        The tree.

    Raises:
        StandardsError: They cannot be read (kind missing), or are wrong (state).
    """
    if address.startswith("git+"):
        from teamconfig.store import git  # noqa: PLC0415  # subprocess costs start-up, and most have a directory

        return git.load(git.location(address, base), environ, now=datetime.now(UTC), stale_for=_max_age(environ))
    return directory.load((base / Path(address).expanduser()).absolute())


def find(start: Path, environ: Mapping[str, str]) -> tuple[str, Path]:
    """Find out where the standards are.

    Args:
        start: Directory of the app.
        environ: The process's environment.

    Returns:
        Address, and the directory that a relative path in it is relative to.

    Raises:
        StandardsError: None of the three places names any (kind missing), or a config file is wrong (state).
    """
    named = environ.get(VARIABLE, "").strip()
    if named:
        return named, start
    for folder in (start.absolute(), *start.absolute().parents):
        found = _config(folder / ".waypaas" / "config.yaml")
        if found:
            return found, folder
        if (folder / ".git").exists():
            break
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".config")
    own = Path(home) / "waypaas" / "config.yaml"
    found = _config(own)
    if found:
        return found, own.parent
    raise errors.missing(
        "no standards are named",
        f"{VARIABLE} is not set, and neither .waypaas/config.yaml up to the repository's root nor {own} names any",
        f"set {VARIABLE}=DIR or git+URL#ref, or write `standards: DIR` into one of the two files",
        str(start),
    )


def _config(path: Path) -> str:
    """Read a config file; empty if there is none or it names no standards."""
    try:
        if path.exists() and not path.is_file():
            raise errors.state(f"{path} cannot be read", "it is no file", "replace it by a file", str(path))
        with path.open("rb") as file:
            content = file.read(yamlfile.MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        raise errors.state(f"{path} cannot be read", why, "make it readable for you", str(path)) from err
    root, problems = yamlfile.read(content, str(path))
    checker = Checker(str(path))
    address = ""
    entries = checker.mapping(root, str(path))
    for key, node, line in entries.items() if entries is not None else ():
        if key == "standards":
            address = checker.text(node, "standards", "./standards").strip()
        else:
            checker.unknown(key, _CONFIG_KEYS, str(path), line)
    if problems or checker.problems:
        raise errors.StandardsError([*problems, *checker.problems])
    return address


def _max_age(environ: Mapping[str, str]) -> timedelta | None:
    text = environ.get(MAX_AGE_VARIABLE, "").strip()
    if not text:
        return None
    try:
        return units.parse_duration(text)
    except units.UnitError as err:
        what = f"{MAX_AGE_VARIABLE}={text} is not allowed"
        raise errors.state(what, err.why, f"set it to {err.example}", "the environment") from err
