"""Fetches one binary: a line that breaks is taken up again where it broke, in this run and in the next one.

Owns the half that has arrived, and that nothing else than the signed bytes ever gets its name.
"""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

from teamconfig import errors
from wps.pluginset.sources import BrokenLineError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wps.pluginset.manifest import Binary
    from wps.pluginset.sources import Source

TRIES = 5
"""In a row that bring no byte."""

_FIRST_SECONDS = 0.25
_STAYS = "the plugins that were there stay"


class _NotWhole(errors.StandardsError):
    """The line is too bad; what has arrived is good for the next run."""


def fetched(one: Binary, source: Source, half: Path, sleep: Callable[[float], None] = time.sleep) -> int:
    """Fetch.

    Args:
        one: The binary.
        source: Where it is read.
        half: Gets it; what an earlier run has left there is not fetched again.
        sleep: Waits some seconds.

    Returns:
        Bytes that came from the source.

    Raises:
        StandardsError: It did not arrive whole (kind state); what came stays for the next run. Or it is not what was
            signed (policy), or cannot be had or written; then nothing stays.
    """
    try:
        begun = half.stat().st_size if half.exists() else 0
        if begun > one.size:
            half.unlink()
            begun = 0
        came = _completed(one, source, half, sleep)
        if begun and _sha256(half) != one.sha256:  # what an earlier run has left may have been damaged since
            half.unlink()
            came += _completed(one, source, half, sleep)
        _check(one, half, source)
    except _NotWhole:
        raise
    except Exception:  # a full disk above all: the half would keep it full
        half.unlink(missing_ok=True)
        raise
    return came


def _completed(one: Binary, source: Source, half: Path, sleep: Callable[[float], None]) -> int:
    """Fetch what is not there yet, by as many tries as it takes; give the bytes that came."""
    tries = came = 0
    with half.open("ab") as file:
        while (size := file.tell()) < one.size:
            why = "the connection ended"
            try:
                for piece in source.pieces(one, size):
                    file.write(piece)
                    if file.tell() > one.size:
                        raise _longer(one, source)
            except BrokenLineError as err:
                why = err.why
            came += file.tell() - size
            tries = 0 if file.tell() > size else tries + 1
            if tries >= TRIES:
                what, fix = f"{one.file} did not arrive whole", "run it again: it goes on from there"
                arrived = f"{size} of {one.size} bytes arrived: {why}; {_STAYS}"
                raise _NotWhole([errors.Problem(what, arrived, fix, source.name, "state")])
            if tries:
                sleep(_FIRST_SECONDS * 2 ** (tries - 1))
        file.flush()
        os.fsync(file.fileno())
    return came


def _check(one: Binary, half: Path, source: Source) -> None:
    found = _sha256(half)
    if found != one.sha256:
        why = f"its SHA-256 is {found}, signed is {one.sha256}: it was tampered with, or damaged; {_STAYS}"
        fix = "do not use this source; tell the platform team"
        raise errors.StandardsError([errors.Problem(f"{one.file} is refused", why, fix, source.name, "policy")])


def _longer(one: Binary, source: Source) -> errors.StandardsError:
    why, fix = f"more than its {one.size} bytes came; {_STAYS}", "look at the source"
    return errors.state(f"{one.file} did not arrive whole", why, fix, source.name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
