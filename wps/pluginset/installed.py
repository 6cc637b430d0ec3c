"""What `wps plugins list`, `verify`, `rollback` and `runner` answer about what is installed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from teamconfig import errors
from wps import terminal
from wps.pluginset import looking, manifest, runner, telling
from wps.pluginset.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from wps.pluginset.looking import Known


def listed(*, as_json: bool) -> int:
    """Tell what is installed.

    Args:
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: A manifest was changed.
    """
    here = Store(os.environ)
    current, known = here.current(), [looking.read(one) for one in here.sets()]
    if as_json:
        sets = []
        for one in known:
            more = {"current": one.installed == current, "folder": str(one.installed.folder)}
            sets.append({**telling.facts(one.made, one.binaries), **more})
        terminal.document({"sets": sets})
    elif not known:
        terminal.line("no plugins are installed; `wps plugins sync` installs them")
    else:
        rows = [
            ("*" if one.installed == current else "", str(one.made.serial), one.made.version,
             f"{one.made.expires:%Y-%m-%d}", binary.plugin, binary.sha256)
            for one in known for binary in one.binaries
        ]  # fmt: skip
        terminal.table(("", "set", "version", "good until", "plugin", "sha256"), rows)
    return 0


def _current(here: Store) -> Known:
    current = here.current()
    if current is None:
        fix = "run `wps plugins sync`"
        raise errors.missing("no plugins are installed", "no set was brought here", fix, str(here.root))
    return looking.read(current)


def verified(*, as_json: bool) -> int:
    """Hold what is installed against its manifest, and tell.

    Args:
        as_json: Whether to print JSON.

    Returns:
        1 if something is wrong, else 0.

    Raises:
        StandardsError: Nothing is installed, or the manifest was changed.
    """
    here = Store(os.environ)
    known = _current(here)
    wrong, missing = looking.damaged(known), looking.unlinked(known, here)
    path = telling.app_file(None)
    shadows = telling.shadows(path, known.binaries)
    expired = known.made.expires <= telling.now()
    if as_json:
        facts = {"damaged": wrong, "unlinked": missing, "shadows": shadows, "expired": expired}
        terminal.document({**telling.facts(known.made, known.binaries), **facts})
    else:
        for one in wrong:
            terminal.error(
                f"{one} is not what was published\n  it was changed, or is damaged\n  run `wps plugins sync`"
            )
        for one in missing:
            terminal.error(
                f"{one} does not lead to the installed plugin\n  Waypoint would not find it\n  run `wps plugins sync`"
            )
        if expired:
            until = f"it was good until {known.made.expires:%Y-%m-%d}"
            terminal.error(f"set {known.made.serial} is past its time\n  {until}\n  run `wps plugins sync`")
        telling.warn(path, known.made, known.binaries)
        if not (wrong or missing or expired):
            terminal.line(
                f"set {known.made.serial} is whole: {terminal.counted(len(known.binaries), 'plugin')} as signed"
            )
    return 1 if wrong or missing or shadows or expired else 0


def went_back(serial: int | None, *, as_json: bool) -> int:
    """Go back, and tell.

    Args:
        serial: Number of the set; None: the one before.
        as_json: Whether to print JSON.

    Returns:
        The exit code.

    Raises:
        StandardsError: There is no such set, or it is damaged or past its time.
    """
    known = looking.back(Store(os.environ), serial, telling.now())
    if as_json:
        terminal.document(telling.facts(known.made, known.binaries))
    else:
        terminal.line(
            f"set {known.made.serial} ({known.made.version}) is current; `wps plugins sync` goes forward again"
        )
    return 0


def runner_written(into: Path, base: str) -> int:
    """Write the runner's image, and tell.

    Args:
        into: The directory.
        base: Image of the runner; empty: Waypoint's own.

    Returns:
        The exit code.

    Raises:
        StandardsError: Nothing is installed, it is damaged or past its time, or cannot be written.
    """
    known = _current(Store(os.environ))
    manifest.check_fresh(known.made, 0, telling.now(), str(known.installed.folder))
    wrong = looking.damaged(known)
    if wrong:
        why, fix = f"{wrong[0]} is not what was published", "run `wps plugins sync`"
        raise errors.state("the runner's image is not written", why, fix, wrong[0])
    path = runner.write(known, into, base or runner.BASE)
    terminal.line(f"{path} is written; build it in {into}")
    return 0
