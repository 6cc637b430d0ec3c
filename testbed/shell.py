"""Run commands and say what is being done."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path


class TestbedError(Exception):
    """Something of the test bed failed; the text says what and where to look."""

    __test__ = False


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, and how long it took."""
    begun = time.monotonic()
    sys.stderr.write(f"testbed: {name} ... ")
    sys.stderr.flush()
    try:
        yield
    except BaseException:
        sys.stderr.write(f"failed after {time.monotonic() - begun:.1f} s\n")
        raise
    sys.stderr.write(f"{time.monotonic() - begun:.1f} s\n")


def run(command: Sequence[object], *, check: bool = True, stdin: str = "", cwd: Path | None = None) -> str:
    """Run a command and give its output.

    Args:
        command: Program and arguments.
        check: Fail when it fails.
        stdin: Its input.
        cwd: Its directory.

    Returns:
        stdout.

    Raises:
        TestbedError: It failed; the text has its last output.
    """
    done = subprocess.run(
        [str(part) for part in command], input=stdin, capture_output=True, text=True, check=False, cwd=cwd
    )
    if check and done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise TestbedError(f"`{' '.join(map(str, command))}` failed with exit code {done.returncode}\n{tail}")
    return done.stdout


def wait_until(what: str, ready: Callable[[], bool], seconds: float) -> None:
    """Wait for something.

    Args:
        what: For the message.
        ready: Asked every 0.1 s.
        seconds: At most.

    Raises:
        TestbedError: It did not become ready in time.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TestbedError(f"waited {seconds:g} s for {what}, in vain")
        time.sleep(0.1)
