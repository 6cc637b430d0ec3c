"""What `wps plugins` answers: runs what a command is about, and shows it as text or JSON."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import errors
from wps import appfile, terminal, writing
from wps.pluginset import looking, programs, sources, stanza, syncing
from wps.pluginset.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from wps.pluginset.building import Built
    from wps.pluginset.manifest import Binary, Manifest
    from wps.pluginset.syncing import Pin

_MEGA = 1_000_000
_SOON = dt.timedelta(days=14)


def step(what: str) -> None:
    """Tell what is being done, on stderr.

    Args:
        what: The step.
    """
    print(f"{what} ...", file=sys.stderr, flush=True)


def built(made: Sequence[Built], *, as_json: bool) -> int:
    """Tell what was built.

    Args:
        made: The binaries.
        as_json: Whether to print JSON.

    Returns:
        The exit code.
    """
    if as_json:
        facts = [
            {
                "plugin": one.program.name,
                "path": str(one.path),
                "sha256": one.sha256,
                "size": one.size,
                "unpacked": one.unpacked,
            }
            for one in made
        ]
        terminal.document({"platform": programs.this_platform(), "binaries": facts})
    else:
        rows = [(one.program.name, _size(one.size), _size(one.unpacked), one.sha256, str(one.path)) for one in made]
        terminal.table(("plugin", "size", "unpacked", "sha256", "file"), rows)
    return 0


def published(to: str, made: Manifest, key: str, *, as_json: bool) -> int:
    """Tell what was published.

    Args:
        to: Where.
        made: The set.
        key: The public key that it is signed by.
        as_json: Whether to print JSON.

    Returns:
        The exit code.
    """
    if as_json:
        terminal.document({"source": to, "key": key, **facts(made, made.binaries)})
    else:
        terminal.heading(f"set {made.serial} ({made.version}) is published in {to}, good until {made.expires:%Y-%m-%d}")
        terminal.table(
            ("plugin", "platform", "size", "sha256"),
            [(one.plugin, one.platform, _size(one.size), one.sha256) for one in made.binaries],
        )
        terminal.line(f"get it with: wps plugins sync --from {to} --key {key}")
    return 0


def sync(
    pin: Pin, trust: tuple[tuple[str, ...], str | None], file: Path | None, *, write_stanza: bool, as_json: bool
) -> int:
    """Bring a set here, and tell.

    Args:
        pin: What this machine should have.
        trust: Registries without TLS, and authorities.
        file: The waypoint.hcl, or None for that of this directory.
        write_stanza: Whether it gets the checksums.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: The set is refused, does not arrive, or cannot be installed; or there is no waypoint.hcl.
    """
    path = app_file(file)
    if write_stanza and path is None:
        why, fix = f"there is no {appfile.NAME} here", "go to the app's directory, or leave --write-stanza out"
        raise errors.missing("the checksums have no place to go", why, fix, str(Path.cwd()))
    if write_stanza and path is not None:
        appfile.read(path)  # before anything is done: it tells what is wrong with it
    here = Store(os.environ)
    with sources.opened(pin.source, *trust) as source:
        done = syncing.sync(pin, source, here, now())
    changed = path is not None and write_stanza and _write_stanza(path, done.binaries)
    if as_json:
        more = {"changed": done.changed, "fetched_bytes": done.fetched_bytes, "folder": str(here.links)}
        terminal.document({**facts(done.made, done.binaries), **more, "shadows": shadows(path, done.binaries)})
    else:
        state = "installed" if done.changed else "up to date"
        terminal.heading(
            f"set {done.made.serial} ({done.made.version}) is {state}, good until {done.made.expires:%Y-%m-%d}"
        )
        for one in done.binaries:
            terminal.line(f"  {one.plugin}  {here.links / one.file}")
        if changed:
            terminal.line(f"{path} has the checksums")
    warn(path, done.made, done.binaries)
    return 0


def app_file(file: Path | None) -> Path | None:
    """Find the waypoint.hcl.

    Args:
        file: That the user named, or None.

    Returns:
        It, or that of this directory; None if there is none.
    """
    return file or appfile.search(Path.cwd())


def _write_stanza(path: Path, binaries: Iterable[Binary]) -> bool:
    text = path.read_bytes().decode()
    after = stanza.written(text, str(path), {one.plugin: one.sha256 for one in binaries})
    if after != text:
        writing.replace(path, after)
    return after != text


def shadows(path: Path | None, binaries: Iterable[Binary]) -> list[str]:
    """List the programs that Waypoint takes before the installed ones.

    Args:
        path: The waypoint.hcl; None: Waypoint runs in this directory.
        binaries: Those that are installed.

    Returns:
        Paths.
    """
    folder = path.absolute().parent if path is not None else Path.cwd()
    return [str(one) for one in looking.shadows(folder, [one.file for one in binaries])]


def warn(path: Path | None, made: Manifest, binaries: Iterable[Binary]) -> None:
    """Tell what stands before the plugins, and what will soon be past its time.

    Args:
        path: As in `shadows`.
        made: The set.
        binaries: Those that are installed.
    """
    for one in shadows(path, binaries):
        terminal.note(f"Waypoint takes {one} before the installed plugin; move it away if it is not meant")
    if made.expires - now() < _SOON:
        terminal.note(
            f"set {made.serial} is good until {made.expires:%Y-%m-%d}; the platform team has to publish again"
        )


def facts(made: Manifest, binaries: Iterable[Binary]) -> dict[str, Any]:
    """Give a set as data.

    Args:
        made: The set.
        binaries: Those of it that count.

    Returns:
        What JSON has.
    """
    listed = [
        {"plugin": one.plugin, "platform": one.platform, "sha256": one.sha256, "size": one.size} for one in binaries
    ]
    return {"serial": made.serial, "version": made.version, "expires": made.expires.isoformat(), "binaries": listed}


def _size(count: int) -> str:
    return f"{count / _MEGA:.1f} MB"


def now() -> dt.datetime:
    """Tell the time, in UTC."""
    return dt.datetime.now(dt.UTC)
