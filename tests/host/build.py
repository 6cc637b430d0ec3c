"""Build the real Waypoint 0.11.4 command line from its Go module, for tests and the demo.

python tests/host/build.py      prints the path of the binary

Cached outside of the checkout. Waypoint is MPL; nothing of it is copied into
this repository. One of its dependencies is not served under its own name any
more; the same source under its repository's name takes its place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

VERSION = "0.11.4"
MODULE = f"github.com/hashicorp/waypoint@v{VERSION}"
REPLACED = "gortc.io/stun=github.com/gortc/stun@v1.22.2"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "waypoint" / VERSION


def go(*arguments: str, cwd: Path | None = None) -> str:
    """Run the go command and give its output.

    Args:
        arguments: Of the command.
        cwd: Its directory.

    Returns:
        stdout.

    Raises:
        SystemExit: It failed; its last words have been printed.
    """
    environ = os.environ | {"GOFLAGS": "-mod=mod"}
    done = subprocess.run(["go", *arguments], cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write("\n".join(done.stderr.splitlines()[-15:]) + "\n")
        raise SystemExit(f"waypoint: `go {arguments[0]}` failed; see above")
    return done.stdout


def waypoint() -> Path:
    """Give the path of the real waypoint binary; build it if it is not there.

    Returns:
        WAYPOINT_BIN if set, else the cached binary.

    Raises:
        SystemExit: It cannot be built; the reason has been printed.
    """
    if os.environ.get("WAYPOINT_BIN"):
        return Path(os.environ["WAYPOINT_BIN"])
    binary = CACHE / "waypoint"
    if binary.exists():
        return binary
    begun = time.monotonic()
    sys.stderr.write(f"waypoint: building {VERSION} from source (3 to 6 minutes, once) ... ")
    sys.stderr.flush()
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "waypoint"
        module = json.loads(go("mod", "download", "-json", MODULE, cwd=Path(scratch)))
        shutil.copytree(module["Dir"], source)
        subprocess.run(["chmod", "-R", "u+w", source], check=True)
        go("mod", "edit", "-replace", REPLACED, cwd=source)
        fresh = CACHE / f".waypoint.{os.getpid()}"
        go("build", "-o", str(fresh), "./cmd/waypoint", cwd=source)
        fresh.rename(binary)
    sys.stderr.write(f"{time.monotonic() - begun:.1f} s\n")
    return binary


if __name__ == "__main__":
    sys.stdout.write(f"{waypoint()}\n")
