"""Build the real Waypoint 0.11.4 command line from its Go module, for tests and the demo.

Cached outside of the checkout. Waypoint is MPL; nothing of it is copied into
this repository. One of its dependencies is not served under its own name any
more; the same source under its repository's name takes its place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from testbed import gobuild

VERSION = "0.11.4"
MODULE = f"github.com/hashicorp/waypoint@v{VERSION}"
REPLACED = "gortc.io/stun=github.com/gortc/stun@v1.22.2"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas" / "waypoint" / VERSION


def waypoint() -> Path:
    """Give the path of the real waypoint binary; build it if it is not there.

    Returns:
        WAYPOINT_BIN if set, else the cached binary.

    Raises:
        TestbedError: It cannot be built.
    """
    if os.environ.get("WAYPOINT_BIN"):
        return Path(os.environ["WAYPOINT_BIN"])
    binary = CACHE / "waypoint"
    if binary.exists():
        return binary
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "waypoint"
        module = json.loads(gobuild.go("mod", "download", "-json", MODULE, cwd=Path(scratch)))
        shutil.copytree(module["Dir"], source)
        subprocess.run(["chmod", "-R", "u+w", source], check=True)
        gobuild.go("mod", "edit", "-replace", REPLACED, cwd=source)
        gobuild.build(f"Waypoint {VERSION} (3 to 6 minutes, once)", "./cmd/waypoint", binary, cwd=source, ldflags="")
    return binary
