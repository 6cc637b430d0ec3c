"""Runs a program of a test: in a process group of its own that nothing outlives, with an environment of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from waypaas_sdk.delegate import guard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from teamtests.attempt import Clock

PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR",
             "XDG_CACHE_HOME", "SSL_CERT_FILE", "SSL_CERT_DIR", "NO_COLOR", "CI")  # fmt: skip
"""Variables of ours that a test's program gets. No others: they hold credentials."""

KEPT_BYTES = 64 * 1024
"""Of the output, its end."""

GRACE_SECONDS = 3.0
"""Between asking a group to end and ending it."""


@dataclass(frozen=True)
class Ended:
    """A program that has ended.

    Args:
        code: Its exit code; -n: it was ended by signal n.
        output: The end of what it wrote, to stdout and stderr.
    """

    code: int
    output: str


class NotStartedError(Exception):
    """A program cannot be started; the text says why."""


def environment(environ: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Make the environment of a test's program.

    Args:
        environ: Ours.
        more: What it gets besides; wins.

    Returns:
        Values by name.
    """
    return {name: environ[name] for name in PASSED_ON if name in environ} | dict(more)


def run(command: Sequence[str], directory: str, environ: Mapping[str, str], clock: Clock) -> Ended:
    """Run a program to its end, or to that of its time.

    Args:
        command: Program and arguments; the program may be a path below the directory.
        directory: Where it runs.
        environ: All that it gets.
        clock: Its time.

    Returns:
        How it ended.

    Raises:
        NotStartedError: There is no such program, or directory.
    """
    program = _found(command[0], directory, environ)
    clock.check()
    guarded = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), program, *command[1:]]
    try:
        child = subprocess.Popen(  # noqa: S603  # what a waypoint.hcl or the standards name
            guarded,
            cwd=directory,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as err:
        raise NotStartedError(f"{directory}: {err.strerror}") from err
    kept: deque[bytes] = deque()
    assert child.stdout is not None  # noqa: S101  # a pipe was asked for
    reader = threading.Thread(target=_read, args=(child.stdout, kept), daemon=True)
    reader.start()
    try:
        with clock.on_cancel(threading.Thread(target=_end_group, args=(child,), daemon=True).start):
            code = child.wait()
    finally:
        _signal_group(child, signal.SIGKILL)  # what it left in the background
        reader.join(GRACE_SECONDS)
        if not reader.is_alive():
            child.stdout.close()
    return Ended(code, b"".join(kept)[-KEPT_BYTES:].decode(errors="replace"))


def _found(program: str, directory: str, environ: Mapping[str, str]) -> str:
    if os.sep in program:
        path = os.path.join(directory, program)
        found = path if os.path.isfile(path) and os.access(path, os.X_OK) else None
    else:
        found = shutil.which(program, path=environ.get("PATH", os.defpath))
    if found is None:
        raise NotStartedError(f"there is no program {program}")
    return os.path.abspath(found)


def _read(stream: IO[bytes], kept: deque[bytes]) -> None:
    size = 0
    while data := stream.read1(8192):  # type: ignore[attr-defined]  # a BufferedReader
        kept.append(data)
        size += len(data)
        while size - len(kept[0]) > KEPT_BYTES:
            size -= len(kept.popleft())


def _end_group(child: subprocess.Popen[bytes]) -> None:
    """Ask the group to end, and end it if it does not."""
    _signal_group(child, signal.SIGTERM)
    ends = time.monotonic() + GRACE_SECONDS
    while child.poll() is None and time.monotonic() < ends:
        time.sleep(0.02)
    _signal_group(child, signal.SIGKILL)


def _signal_group(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except (ProcessLookupError, PermissionError):
        return
