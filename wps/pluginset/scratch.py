"""Directories for work in between: removed at the end, and where their process was killed by the next that needs one.

Owns how a directory whose process is gone is told from one in use: by a lock that ends with the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STALE_SECONDS = 3600.0
"""Younger ones are left alone: between its making and its lock a directory looks as if nobody used it."""


@contextlib.contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """Give a directory, after those of its kind were removed that nobody uses.

    Args:
        prefix: Of its name.

    Yields:
        The directory.
    """
    _sweep(Path(tempfile.gettempdir()), prefix)
    with tempfile.TemporaryDirectory(prefix=prefix) as made, _locked(Path(made)):
        yield Path(made)


def _sweep(place: Path, prefix: str) -> None:
    """Remove what killed processes of this user have left; a failure does no harm."""
    for path in place.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < STALE_SECONDS:
                continue
            with _locked(path):
                shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a directory; fails with OSError where somebody else does, or where it is none."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)
