"""Where the standards come from: the environment, the repository's .waypaas.toml, or the user's own.

    WAYPAAS_SERVICE                host:port of a team config service
    WAYPAAS_STANDARDS              a directory, or git+URL-or-path#ref[:folder]
    .waypaas.toml                  service = "...", or standards = "...", relative to its directory
    $XDG_CONFIG_HOME/waypaas/config.toml

The first that names one counts; nothing is merged and nothing is a silent default. Beside a service may stand whom to
trust: certificate_authority for the service, identity_authority for the company's identity provider; in the
environment WAYPAAS_CERTIFICATE_AUTHORITY and WAYPAAS_IDENTITY_AUTHORITY.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from teamconfig.errors import Problem
from teamconfig.keys import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE_VARIABLE = "WAYPAAS_SERVICE"
STANDARDS_VARIABLE = "WAYPAAS_STANDARDS"
FILE = ".waypaas.toml"
_AUTHORITIES = ("certificate_authority", "identity_authority")
_KEYS = (*_AUTHORITIES, "service", "standards")
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the standards come from; exactly one of `service` and `standards` is set.

    Args:
        service: "host:port" of a team config service.
        standards: A directory, or git+URL-or-path#ref.
        base: Directory that a relative path is relative to.
        certificate_authority: PEM file that the service's certificate is checked with; empty for the system's.
        where: What named it, for people.
        identity_authority: PEM file that the identity provider's certificate is checked with; empty for the system's.
    """

    service: str
    standards: str
    base: Path
    certificate_authority: str
    where: str
    identity_authority: str = ""


def find(start: Path, environ: Mapping[str, str]) -> Settings:
    """Find out where the standards come from.

    Args:
        start: Directory of the app.
        environ: The process's environment.

    Returns:
        What was named first.

    Raises:
        StandardsError: None of the places names any (kind missing), or a file is wrong (state).
    """
    found = of_environment(start, environ)
    if found is not None:
        return found
    for folder in (start.absolute(), *start.absolute().parents):
        found = _file(folder / FILE)
        if found is not None:
            return found
        if (folder / ".git").exists():
            break
    own = own_file(environ)
    found = _file(own)
    if found is not None:
        return found
    raise errors.missing(
        "no standards are named",
        f"{STANDARDS_VARIABLE} and {SERVICE_VARIABLE} are not set, and neither {FILE} up to the repository's root nor "
        f"{own} names any",
        f"run `wps init`, or set {STANDARDS_VARIABLE}=DIR or git+URL#ref",
        str(start),
    )


def of_environment(start: Path, environ: Mapping[str, str]) -> Settings | None:
    """Read what the environment names; None if it names nothing.

    Args:
        start: A relative path is relative to it.
        environ: The process's environment.

    Raises:
        StandardsError: It names both a service and standards (kind state).
    """
    service = environ.get(SERVICE_VARIABLE, "").strip()
    standards = environ.get(STANDARDS_VARIABLE, "").strip()
    if service and standards:
        raise errors.state(
            f"{SERVICE_VARIABLE} and {STANDARDS_VARIABLE} are both set",
            "standards come from one place",
            f"unset {STANDARDS_VARIABLE}, or {SERVICE_VARIABLE}",
            "the environment",
        )
    if not service and not standards:
        return None
    named = [environ.get(f"WAYPAAS_{key.upper()}", "").strip() for key in _AUTHORITIES]
    authority, identity = (str(start / one) if one else "" for one in named)
    variable = SERVICE_VARIABLE if service else STANDARDS_VARIABLE
    return Settings(service, standards, start, authority, variable, identity)


def own_file(environ: Mapping[str, str]) -> Path:
    """Name the user's own file of settings."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".config")
    return Path(home) / "waypaas" / "config.toml"


def _file(path: Path) -> Settings | None:
    """Read a file of settings; None if there is none or it names nothing."""
    try:
        if path.exists() and not path.is_file():
            raise errors.state(f"{path} cannot be read", "it is no file", "replace it by a file", str(path))
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        raise errors.state(f"{path} cannot be read", why, "make it readable for you", str(path)) from err
    values = _values(content, path)
    if values.get("service") and values.get("standards"):
        what = f"{path} names both a service and standards"
        raise errors.state(what, "standards come from one place", "remove one of the two", str(path))
    if not values.get("service") and not values.get("standards"):
        return None
    named = [values.get(key, "") for key in _AUTHORITIES]
    authority, identity = (str(path.parent / Path(one).expanduser()) if one else "" for one in named)
    service, standards = values.get("service", ""), values.get("standards", "")
    return Settings(service, standards, path.parent, authority, str(path), identity)


def _values(content: bytes, path: Path) -> dict[str, str]:
    """Read TOML whose values are texts."""
    import tomllib  # noqa: PLC0415  # only where there is a file

    if len(content) > _MAX_BYTES:
        raise errors.state(f"{path} is too large", "it holds a few lines", "remove what does not belong", str(path))
    try:
        found: dict[str, Any] = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as err:
        fix = 'write standards = "DIR", or service = "HOST:PORT"'
        raise errors.state(f"{path} cannot be read", f"it is not TOML: {err}", fix, str(path)) from err
    problems = []
    for key, value in found.items():
        if key not in _KEYS:
            close = nearest(key, _KEYS)
            fix = f"write {close}" if close else f"use one of {', '.join(_KEYS)}"
            problems.append(Problem(f"unknown key {key}", f"{path.name} has no such key", fix, str(path)))
        elif not isinstance(value, str):
            problems.append(Problem(f"{key} is not a text", "its value is one text", f'write {key} = "..."', str(path)))
    if problems:
        raise errors.StandardsError(problems)
    return {key: value.strip() for key, value in found.items()}
