"""The standards, read from wherever `settings` says that they are: a directory, a git ref, or the service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from teamconfig import errors, settings, units
from teamconfig.store import directory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from teamconfig.settings import Settings
    from teamconfig.stanza import Stanza
    from teamconfig.tree import Tree

MAX_AGE_VARIABLE = "WAYPAAS_STANDARDS_MAX_AGE"


def load(
    start: Path | str,
    environ: Mapping[str, str],
    target: tuple[str, str, str] | None = None,
    stanzas: Sequence[Stanza] = (),
) -> Tree:
    """Find and read the standards.

    Args:
        start: Directory of the app, from which .waypaas.toml is looked up.
        environ: The process's environment.
        target: Project, app and workspace that they are wanted for; a service gives no others.
        stanzas: Options of waypoint.hcl, which a service judges too.

    Returns:
        The tree; show its `note` to the user if it has one.

    Raises:
        StandardsError: No standards are named, or they cannot be read (kind missing), or are wrong (state).
    """
    found = settings.find(Path(start), environ)
    if found.service:
        return _of_service(found, environ, target, stanzas)
    return read(found.standards, found.base, environ)


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


def _of_service(
    found: Settings, environ: Mapping[str, str], target: tuple[str, str, str] | None, stanzas: Sequence[Stanza]
) -> Tree:
    from teamconfig.client.service import Service  # noqa: PLC0415  # grpc and cryptography: only with a service

    if target is None:
        why = f"{found.where} names the team config service {found.service}, which answers for one app at a time"
        fix = "name a directory or a git ref: --standards, or WAYPAAS_STANDARDS"
        raise errors.state("this needs the standards of all teams", why, fix, found.where)
    service = Service(found, environ)
    try:
        return service.tree(*target, stanzas)
    finally:
        service.close()


def _max_age(environ: Mapping[str, str]) -> timedelta | None:
    text = environ.get(MAX_AGE_VARIABLE, "").strip()
    if not text:
        return None
    try:
        return units.parse_duration(text)
    except units.UnitError as err:
        what = f"{MAX_AGE_VARIABLE}={text} is not allowed"
        raise errors.state(what, err.why, f"set it to {err.example}", "the environment") from err
