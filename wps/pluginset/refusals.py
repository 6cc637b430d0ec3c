"""The errors of plugin binaries: what / why / what to do / where, as all of `wps` shows them.

Owns how errors of the operating system and of other programs become such errors.
"""

from __future__ import annotations

import contextlib
import errno
import subprocess
from typing import TYPE_CHECKING

from teamconfig import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_LAST_LINES = 12


@contextlib.contextmanager
def writing(what: str, where: Path) -> Iterator[None]:
    """Tell what the operating system refuses inside the block.

    Args:
        what: That cannot be done: "the plugins cannot be installed".
        where: The place that is written to.

    Yields:
        Nothing.

    Raises:
        StandardsError: The disk is full, the place cannot be written to, or else is amiss (kind state).
    """
    try:
        yield
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        fix = "see to that, and run it again"
        if err.errno in _FULL:
            why, fix = f"the disk is full: {why}", "make room there, and run it again"
        elif err.errno in _CLOSED:
            why, fix = f"it cannot be written to: {why}", "make it and its directory writable for you"
        raise errors.state(what, f"{why}; what was there before is untouched", fix, str(where)) from err


def run(command: Sequence[str], *, cwd: Path, environ: Mapping[str, str], doing: str) -> str:
    """Run a program of the build.

    Args:
        command: Program and arguments.
        cwd: Where.
        environ: All of its environment.
        doing: For the error: "compile the launcher".

    Returns:
        What it wrote to stdout.

    Raises:
        StandardsError: It is not there (kind missing), or it fails (kind state); then with its last lines.
    """
    try:
        done = subprocess.run(  # noqa: S603  # programs that this package names
            list(command), cwd=cwd, env=dict(environ), capture_output=True, text=True, check=False
        )
    except FileNotFoundError as err:
        what = f"{command[0]} cannot be started"
        raise errors.missing(what, f"it is needed to {doing}", f"install {command[0]}", "PATH") from err
    if done.returncode:
        last = [line for line in (done.stderr or done.stdout).strip().splitlines() if line.strip()][-_LAST_LINES:]
        why = f"`{command[0]}` ended with exit code {done.returncode}: " + "\n    ".join(last)
        raise errors.state(f"could not {doing}", why, "mend that, and run it again", str(cwd))
    return done.stdout
