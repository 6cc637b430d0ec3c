"""Looks at what is installed: which sets, whether they are whole, what stands before them; and goes back to one.

Owns the judgement. Where files lie is in `store`, how it is shown in `wps.plugins`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import manifest, programs, signing, store

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable
    from pathlib import Path

    from wps.pluginset.manifest import Binary, Manifest
    from wps.pluginset.store import Installed, Store


@dataclass(frozen=True, slots=True)
class Known:
    """A set that is installed, and what its signed manifest says.

    Args:
        installed: The set.
        made: Its manifest.
        binaries: Those that are here.
    """

    installed: Installed
    made: Manifest
    binaries: tuple[Binary, ...]


def read(one: Installed) -> Known:
    """Read the manifest of a set that is installed, and hold it against the signature.

    Args:
        one: The set.

    Returns:
        What it has.

    Raises:
        StandardsError: The manifest is not there (kind missing), or was changed (policy or state).
    """
    where = str(one.folder / store.SIGNED)
    try:
        envelope = (one.folder / store.SIGNED).read_bytes()
        key = (one.folder / store.KEY).read_text(encoding="utf-8")
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        raise errors.missing(f"set {one.serial} is not whole", why, "run `wps plugins sync`", where) from err
    made = manifest.read(signing.opened(envelope, (key,), where).payload, where)
    here = programs.this_platform()
    found = [binary for binary in made.binaries if binary.platform == here and (one.folder / binary.file).exists()]
    return Known(one, made, tuple(found))


def damaged(known: Known) -> list[str]:
    """List the programs of a set that are not what was published.

    Args:
        known: The set.

    Returns:
        Paths.
    """
    folder = known.installed.folder
    return [str(folder / one.file) for one in known.binaries if not store.intact(folder / one.file, one)]


def unlinked(known: Known, here: Store) -> list[str]:
    """List the programs of the current set that Waypoint would not find here.

    Args:
        known: The set.
        here: Where it is.

    Returns:
        Paths of the links that are missing, or lead elsewhere.
    """
    linked = here.linked()
    return [str(here.links / one.file) for one in known.binaries if one.file not in linked]


def shadows(folder: Path, names: Iterable[str]) -> list[Path]:
    """List the programs that Waypoint takes before every installed one.

    Args:
        folder: Directory of the waypoint.hcl.
        names: File names of plugins.

    Returns:
        Paths that are there.

    Source: hashicorp/waypoint internal/plugin/discover.go, DefaultPaths.
    """
    places = (folder, folder / ".waypoint" / "plugins")
    return [place / name for place in places for name in sorted(names) if (place / name).exists()]


def back(here: Store, serial: int | None, now: dt.datetime) -> Known:
    """Go back to a set that is here; nothing is fetched.

    Args:
        here: Where the sets are.
        serial: Number of the set; None: the one before the current.
        now: The time.

    Returns:
        What is current now.

    Raises:
        StandardsError: There is no such set (kind missing), or it is damaged or past its time (policy); then nothing
            has changed.
    """
    with here.locked():
        current = here.current()
        sets = here.sets()
        if serial is None:
            older = [one for one in sets if current is None or one.serial < current.serial]
        else:
            older = [one for one in sets if one.serial == serial]
        if not older:
            there = ", ".join(str(one.serial) for one in sets) or "none"
            what = f"set {serial} is not here" if serial is not None else "there is no older set to go back to"
            raise errors.missing(what, f"the sets here are: {there}", "run `wps plugins sync`", str(here.root))
        known = read(older[0])
        manifest.check_fresh(known.made, 0, now, str(older[0].folder))
        wrong = damaged(known)
        if wrong:
            what, why = f"set {known.made.serial} is refused", f"{wrong[0]} is not what was published"
            fix = "run `wps plugins sync`"
            raise errors.StandardsError([errors.Problem(what, why, fix, wrong[0], "policy")])
        here.switch(older[0].folder, {one.file for one in known.binaries})
        return known
