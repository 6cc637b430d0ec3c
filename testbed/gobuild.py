"""Build a Go program into a cache, and show how far it is: the largest take ten minutes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections import deque
from typing import TYPE_CHECKING

from testbed.shell import TestbedError

if TYPE_CHECKING:
    from pathlib import Path

TERMINAL_SECONDS, LOG_SECONDS = 1.0, 30.0
"""How often progress is shown on a terminal, and in a log."""

SHOWN_LINES = 15
"""Of the compiler's last words, when it fails."""


def go(*arguments: str, cwd: Path) -> str:
    """Run the go command and give its output.

    Args:
        arguments: Of the command.
        cwd: Its directory.

    Returns:
        stdout.

    Raises:
        TestbedError: There is no Go, or it failed.
    """
    done = subprocess.run([_go(), *arguments], cwd=cwd, env=_environ(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise TestbedError(f"`go {' '.join(arguments)}` failed in {cwd}\n{_tail(done.stderr.splitlines())}")
    return done.stdout


def build(name: str, package: str, output: Path, *, cwd: Path, ldflags: str = "-s -w") -> None:
    """Build a program, showing how many of its packages are done.

    Args:
        name: For people.
        package: Import path of the program, or ".".
        output: Gets it, whole or not at all.
        cwd: Directory of the module.
        ldflags: Of the linker.

    Raises:
        TestbedError: It cannot be built; the text has the compiler's last words.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    fresh = output.with_name(f".{output.name}.{os.getpid()}")
    progress = _Progress(name)
    progress.show("fetching its modules")
    total = len(go("list", "-deps", package, cwd=cwd).split())
    command = [_go(), "build", "-v", "-buildvcs=false", "-ldflags", ldflags, "-o", str(fresh), package]
    said: deque[str] = deque(maxlen=SHOWN_LINES)
    with subprocess.Popen(command, cwd=cwd, env=_environ(), stderr=subprocess.PIPE, text=True) as child:
        for number, line in enumerate(child.stderr or (), 1):
            said.append(line.rstrip())
            progress.show(f"{min(number, total)} of {total} packages")
    if child.returncode:
        progress.end("failed")
        raise TestbedError(f"{name} cannot be built in {cwd}\n{_tail(list(said))}")
    fresh.rename(output)
    progress.end("done")


def _go() -> str:
    found = shutil.which("go")
    if found is None:
        raise TestbedError("Go is needed to build test programs; run `make setup`, which installs it")
    return found


def _environ() -> dict[str, str]:
    return os.environ | {"GOFLAGS": "-mod=mod"}


def _tail(lines: list[str]) -> str:
    return "\n".join(lines[-SHOWN_LINES:])


class _Progress:
    """One line on a terminal that changes; in a log a line now and then."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._begun = time.monotonic()
        self._shown = 0.0
        self._terminal = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Show how far it is, unless that was shown a moment ago."""
        now = time.monotonic()
        if now - self._shown >= (TERMINAL_SECONDS if self._terminal else LOG_SECONDS):
            self._shown = now
            self._write(text, "" if self._terminal else "\n")

    def end(self, text: str) -> None:
        """Show how it ended."""
        self._write(text, "\n")

    def _write(self, text: str, end: str) -> None:
        begin = "\r\033[K" if self._terminal else ""
        sys.stderr.write(f"{begin}building {self._name}: {text}, {time.monotonic() - self._begun:.0f} s{end}")
        sys.stderr.flush()
