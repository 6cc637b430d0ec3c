"""Publishes a set of binaries: gives it its number, signs it, and writes it to a directory or a registry.

Owns the order in a tree: files first, then the set's own manifest, `plugins.json` last, each replaced as a whole.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset import manifest, programs, refusals, signing, sources
from wps.pluginset.manifest import Binary, Manifest

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_BESIDE = (".cdx.json", ".licenses.txt")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asked for.

    Args:
        to: A directory, file:///DIR, or oci://REGISTRY/REPOSITORY[:TAG].
        built: Directory that `wps plugins build` has written: a folder for each platform.
        version: Of the distribution that was built.
        lasts: How long the set is good.
        serial: Number of the set; None: the one after the newest that is there.
        plain_http: Registries without TLS.
        ca_file: Authorities; None: the machine's.
    """

    to: str
    built: Path
    version: str
    lasts: dt.timedelta
    serial: int | None = None
    plain_http: tuple[str, ...] = ()
    ca_file: str | None = None


def publish(wish: Wish, key: Ed25519PrivateKey, now: dt.datetime) -> Manifest:
    """Publish.

    Args:
        wish: What the user asked for.
        key: Signs.
        now: The time.

    Returns:
        What was published.

    Raises:
        StandardsError: There is nothing to publish (kind missing), the place has sets of another key (policy), or
            cannot be written to (state).
    """
    binaries, files = _collected(wish.built)
    serial = wish.serial or _newest(wish, signing.public(key)) + 1
    made = Manifest(serial, wish.version, now + wish.lasts, binaries)
    envelope = signing.sign(manifest.write(made), key)
    if wish.to.startswith(sources.OCI):
        from wps.pluginset import registrysource  # noqa: PLC0415  # only who names a registry loads the mover

        registrysource.publish(wish.to, made, envelope, files, wish.plain_http, wish.ca_file)
    else:
        _into_tree(sources.directory(wish.to), made, envelope, files)
    return made


def _collected(built: Path) -> tuple[tuple[Binary, ...], dict[str, Path]]:
    """Find the binaries that were built, and their files by hash."""
    found: list[Binary] = []
    files: dict[str, Path] = {}
    for path in sorted(built.glob(f"*/{programs.PREFIX}*")):
        platform, plugin = path.parent.name.replace("-", "/", 1), path.name.removeprefix(programs.PREFIX)
        if not programs.PLATFORM.fullmatch(platform) or not programs.NAME.fullmatch(plugin) or not path.is_file():
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found.append(Binary(plugin, platform, digest, path.stat().st_size))
        files[digest] = path
    if not found:
        why, fix = "it has no folder like linux-amd64 with waypoint-plugin-... in it", "run `wps plugins build` first"
        raise errors.missing(f"{built} has no plugins", why, fix, str(built))
    return tuple(found), files


def _newest(wish: Wish, public: str) -> int:
    """Tell the number of the newest set that is there; 0 where there is none."""
    try:
        with sources.opened(wish.to, wish.plain_http, wish.ca_file) as source:
            envelope, where = source.envelope(None), source.name
    except errors.StandardsError as err:
        if err.kind == "missing":
            return 0
        raise
    try:
        return manifest.read(signing.opened(envelope, (public,), where).payload, where).serial
    except errors.StandardsError as err:
        why, fix = "they are not signed by this key", "use their key, or name another place, or give --serial"
        problem = errors.Problem(f"{wish.to} has plugins of somebody else", why, fix, where, "policy")
        raise errors.StandardsError([problem]) from err


def _into_tree(root: Path, made: Manifest, envelope: bytes, files: dict[str, Path]) -> None:
    with refusals.writing("the plugins cannot be published", root):
        (root / "files").mkdir(parents=True, exist_ok=True)
        (root / "sets").mkdir(exist_ok=True)
        for one in made.binaries:
            path = files[one.sha256]
            target = root / sources.file(one.sha256)
            if not target.exists() or target.stat().st_size != one.size:
                _copied(path, target)
            for ending in _BESIDE:
                beside = path.with_name(path.name + ending)
                if beside.is_file():
                    told = root / "about" / programs.folder(one.platform) / beside.name
                    told.parent.mkdir(parents=True, exist_ok=True)
                    _copied(beside, told)
        for name in (sources.sets(made.serial), sources.NEWEST):
            _written(root / name, envelope)


def _copied(path: Path, target: Path) -> None:
    draft = _draft(target)
    try:
        shutil.copyfile(path, draft)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _written(target: Path, data: bytes) -> None:
    draft = _draft(target)
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(6)}")
