"""Brings a set of plugins to this machine: signature, age and hashes are verified before anything is in its place.

Owns the order. Files are `store`'s, what is read `sources`'.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import fetching, manifest, programs, signing, store

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from wps.pluginset.manifest import Binary, Manifest
    from wps.pluginset.sources import Source
    from wps.pluginset.store import Store


@dataclass(frozen=True, slots=True)
class Pin:
    """What a machine should have.

    Args:
        source: Name of the source.
        keys: Public keys that are trusted.
        names: Plugins; none: all of the set.
        serial: Number of the set; None: the newest.
    """

    source: str
    keys: tuple[str, ...]
    names: tuple[str, ...] = ()
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync has done.

    Args:
        made: The set that is current now.
        binaries: Those of it that are installed.
        changed: Whether anything was done.
        fetched_bytes: That came from the source.
        folder: With the binaries.
    """

    made: Manifest
    binaries: tuple[Binary, ...]
    changed: bool
    fetched_bytes: int
    folder: Path


def sync(pin: Pin, source: Source, here: Store, now: dt.datetime) -> Synced:
    """Sync.

    Args:
        pin: What this machine should have.
        source: Opened.
        here: Where it goes.
        now: The time.

    Returns:
        What was done.

    Raises:
        StandardsError: The set is refused, does not arrive, or cannot be installed; then all is as it was.
    """
    envelope = source.envelope(pin.serial)
    signed = signing.opened(envelope, pin.keys, source.name)
    made = manifest.read(signed.payload, source.name)
    _check_serial(pin, made, source.name)
    with here.locked():
        known, digest = here.seen(signed.key)
        newest = max(here.seen(one)[0] for one in pin.keys)  # of any key: the old one, once lost, must not lead back
        manifest.check_fresh(made, 0 if pin.serial is not None else newest, now, source.name)
        _check_single(made, signed.payload, known, digest, source.name)
        chosen = made.of_platform(programs.this_platform(), pin.names, source.name)
        if made.serial > known:
            here.note(signed.key, made.serial, hashlib.sha256(signed.payload).hexdigest())
        return _installed(source, here, made, chosen, envelope, signed.key)


def _check_serial(pin: Pin, made: Manifest, where: str) -> None:
    if pin.serial is not None and made.serial != pin.serial:
        what, why = f"set {made.serial} of the plugins is refused", f"set {pin.serial} was asked for"
        fix = "look at the source: it gives one set for another"
        raise errors.StandardsError([errors.Problem(what, why, fix, where, "policy")])


def _check_single(made: Manifest, payload: bytes, known: int, digest: str, where: str) -> None:
    """Refuse a second set of a number: then somebody gets another one than the rest."""
    if made.serial == known and digest and hashlib.sha256(payload).hexdigest() != digest:
        what, why = f"set {made.serial} of the plugins is refused", f"this machine has seen another set {made.serial}"
        fix = "ask the platform team to publish again, with a new number"
        raise errors.StandardsError([errors.Problem(what, why, fix, where, "policy")])


def _installed(
    source: Source, here: Store, made: Manifest, chosen: tuple[Binary, ...], envelope: bytes, key: str
) -> Synced:
    folder, current = here.folder(made), here.current()
    whole = _whole(folder, chosen)
    is_current = current is not None and current.folder == folder
    if whole and is_current and here.linked() == {one.file for one in chosen}:
        return Synced(made, chosen, changed=False, fetched_bytes=0, folder=folder)
    fetched = 0
    if not whole:
        with here.draft() as draft:
            for one in chosen:
                fetched += _brought(one, source, here, draft / one.file)
            (draft / store.SIGNED).write_bytes(envelope)
            (draft / store.KEY).write_text(key)
            _place(draft, folder)
    here.switch(folder, {one.file for one in chosen})
    here.prune()
    return Synced(made, chosen, changed=True, fetched_bytes=fetched, folder=folder)


def _whole(folder: Path, chosen: tuple[Binary, ...]) -> bool:
    """Tell whether a set has what it should, byte by byte."""
    return folder.is_dir() and all(store.intact(folder / one.file, one) for one in chosen)


def _place(draft: Path, folder: Path) -> None:
    """Give a set its name; one of that name that is damaged, or has other plugins, makes room for it."""
    if folder.exists():
        for path in draft.iterdir():  # Waypoint may look at any moment: file by file, each whole
            path.replace(folder / path.name)
    else:
        draft.rename(folder)


def _brought(one: Binary, source: Source, here: Store, target: Path) -> int:
    """Bring a binary: from a set that has it, else from the source; give the bytes that were fetched."""
    for other in here.sets():
        if store.intact(other.folder / one.file, one):
            shutil.copyfile(other.folder / one.file, target)
            target.chmod(0o755)
            if store.intact(target, one):
                return 0
            target.unlink()
    half = here.half(one.sha256)
    came = fetching.fetched(one, source, half)
    half.chmod(0o755)
    half.replace(target)
    return came
