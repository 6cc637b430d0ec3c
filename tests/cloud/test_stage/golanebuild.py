"""Build golane, the Go plugin of the tests, into a cache; its name holds its sources' hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from testbed import gobuild

SOURCES = Path(__file__).resolve().parent / "golane"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "golane"


def golane() -> Path:
    """Give the path of the program; build it if there is none of these sources.

    Returns:
        The cached program.

    Raises:
        TestbedError: It cannot be built.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in SOURCES.iterdir() if path.suffix in {".go", ".mod", ".sum"}):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    program = CACHE / f"golane-{digest.hexdigest()[:16]}"
    if not program.exists():
        gobuild.build("golane", ".", program, cwd=SOURCES)
    return program
