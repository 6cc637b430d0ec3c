"""Install schemathesis into a cache, in an environment of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from pathlib import Path

VERSION = "4.32.5"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "testservers"


def schemathesis() -> Path:
    """Give the path of the program; install it if it is not there.

    Returns:
        The program.

    Raises:
        RuntimeError: It cannot be installed; says why.
    """
    home = CACHE / f"schemathesis-{VERSION}"
    program = home / "bin" / "schemathesis"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "schemathesis.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (home / "whole").exists():
            return program
        with tempfile.TemporaryDirectory() as scratch:
            for command in (
                [sys.executable, "-m", "venv", "--clear", home],
                [home / "bin" / "pip", "install", "-q", f"schemathesis=={VERSION}"],
            ):
                done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise RuntimeError(f"schemathesis {VERSION} cannot be installed: {done.stderr or done.stdout}")
        (home / "whole").touch()
    return program
