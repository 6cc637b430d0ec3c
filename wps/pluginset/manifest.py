"""What is published: which plugins, for which platforms, with which hashes; how new it is, and how long it is good.

Pure. Owns the manifest's form and what makes one too old. Signatures are in `signing`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from wps.pluginset import programs

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEX = re.compile(r"[0-9a-f]{64}")
_LARGEST = 1 << 30
_MOST_BINARIES = 1000
_MOST_SERIAL = 2**53 - 1
_VERSION = re.compile(r"[A-Za-z0-9][-A-Za-z0-9.+_]{0,63}")
_FIX = "publish again, or name another source"


@dataclass(frozen=True, slots=True)
class Binary:
    """A published file.

    Args:
        plugin: Name as behind `use`.
        platform: "linux/amd64".
        sha256: In hex.
        size: In bytes.
    """

    plugin: str
    platform: str
    sha256: str
    size: int

    @property
    def file(self) -> str:
        """Name under which Waypoint looks for it."""
        return programs.PREFIX + self.plugin


@dataclass(frozen=True, slots=True)
class Manifest:
    """A set of plugins.

    Args:
        serial: Grows with each publication.
        version: Of the distribution.
        expires: From when on it is no longer taken.
        binaries: By plugin and platform.
    """

    serial: int
    version: str
    expires: dt.datetime
    binaries: tuple[Binary, ...]

    def of_platform(self, platform: str, wanted: Iterable[str], where: str) -> tuple[Binary, ...]:
        """Choose what belongs on a machine.

        Args:
            platform: Of the machine.
            wanted: Names of plugins; none: all that there are.
            where: Where the manifest came from, for errors.

        Returns:
            At least one binary.

        Raises:
            StandardsError: There is none for the platform, or not all that are wanted (kind missing).
        """
        found = {one.plugin: one for one in self.binaries if one.platform == platform}
        if not found:
            there = ", ".join(sorted({one.platform for one in self.binaries}))
            what, fix = f"there are no plugins for {platform}", f"ask the platform team to build them on {platform}"
            raise errors.missing(what, f"set {self.serial} is for {there}", fix, where)
        names = tuple(wanted) or tuple(found)
        for name in names:
            if name not in found:
                why = f"set {self.serial} has {', '.join(sorted(found))} for {platform}"
                raise errors.missing(f"there is no plugin {name}", why, "name one of these", where)
        return tuple(found[name] for name in sorted(set(names)))


def write(made: Manifest) -> bytes:
    """Write a manifest: the same bytes for the same content.

    Args:
        made: The manifest.

    Returns:
        JSON.
    """
    binaries = [
        {"plugin": one.plugin, "platform": one.platform, "sha256": one.sha256, "size": one.size}
        for one in sorted(made.binaries, key=lambda one: (one.plugin, one.platform))
    ]
    expires = made.expires.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = {"serial": made.serial, "version": made.version, "expires": expires, "binaries": binaries}
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def read(data: bytes, where: str) -> Manifest:
    """Read a manifest, whose signature was verified.

    Args:
        data: JSON.
        where: Where it came from, for errors.

    Returns:
        The manifest.

    Raises:
        StandardsError: It is not of this form (kind state).
    """
    try:
        found = json.loads(data)
        binaries = tuple(_binary(one) for one in found["binaries"])
        expires = dt.datetime.strptime(found["expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC)
        serial, version = found["serial"], found["version"]
        _demand(type(serial) is int and 0 < serial <= _MOST_SERIAL, "its serial is no number from 1")
        _demand(isinstance(version, str) and _VERSION.fullmatch(version), "its version is none")
        names = [(one.plugin, one.platform) for one in binaries]
        _demand(
            0 < len(names) <= _MOST_BINARIES and len(set(names)) == len(names), "its binaries are none, or twice there"
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        why = str(err) if isinstance(err, ValueError) else "a field is missing, or of another type"
        raise errors.state("the manifest of the plugins is not understood", why[:200], _FIX, where) from err
    return Manifest(serial, version, expires, binaries)


def _binary(raw: Any) -> Binary:
    """Read a binary; each text of it may become part of a path, and is held to its form."""
    one = Binary(raw["plugin"], raw["platform"], raw["sha256"], raw["size"])
    _demand(programs.NAME.fullmatch(one.plugin) and len(one.plugin) < 64, "a plugin's name is none")  # noqa: PLR2004
    _demand(programs.PLATFORM.fullmatch(one.platform), "a platform is none")
    _demand(_HEX.fullmatch(one.sha256), "a sha256 is none")
    _demand(type(one.size) is int and 0 < one.size <= _LARGEST, "a size is none")
    return one


def _demand(holds: object, otherwise: str) -> None:
    if not holds:
        raise ValueError(otherwise)


def check_fresh(found: Manifest, known: int, now: dt.datetime, where: str) -> None:
    """Refuse a manifest that is past its time, or older than one that was seen.

    Args:
        found: The manifest.
        known: Serial of the newest that this machine has seen from those who sign; 0 for none.
        now: The time.
        where: Where the manifest came from, for errors.

    Raises:
        StandardsError: It is (kind policy).
    """
    if found.serial < known:
        what = f"set {found.serial} of the plugins is refused"
        why = f"this machine has seen set {known}: somebody gives out an older one"
        fix = f"name a source that has set {known}; to go back on purpose: wps plugins rollback"
        raise errors.StandardsError([errors.Problem(what, why, fix, where, "policy")])
    if now >= found.expires:
        what = f"set {found.serial} of the plugins is refused"
        why = (
            f"it was good until {found.expires:%Y-%m-%d %H:%M} UTC: the source may be held back, or the clock is wrong"
        )
        fix = "ask the platform team to publish again; look at `date`"
        raise errors.StandardsError([errors.Problem(what, why, fix, where, "policy")])
