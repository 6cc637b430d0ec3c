"""Build and drive wphost: Waypoint's own Go code as a host, one operation at a time and without its server.

python tests/host/wphost.py     builds it and the real Waypoint, and prints their paths

Where the real command line shows a plugin as a developer sees it, this shows
what exactly reaches the host: results, reports, resources, exit codes, errors.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import build

from testbed import gobuild
from testbed.shell import TestbedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from project import Project

SOURCES = Path(__file__).resolve().parent / "wphost"
CACHE = build.CACHE.parents[1] / "wphost"


def wphost() -> Path:
    """Give the path of the binary; build it if there is none of these sources.

    Returns:
        The cached binary, whose name holds the sources' hash.

    Raises:
        TestbedError: It cannot be built.
    """
    digest = hashlib.sha256()
    for path in sorted(path for path in SOURCES.iterdir() if path.suffix in {".go", ".mod", ".sum"}):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    binary = CACHE / f"wphost-{digest.hexdigest()[:16]}"
    if binary.exists():
        return binary
    gobuild.build("wphost", ".", binary, cwd=SOURCES)
    return binary


@dataclass
class Done:
    """An operation that has ended.

    Args:
        code: Exit code of wphost: 0, or 1 after an error.
        events: What it printed, in order.
    """

    code: int
    events: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> Iterator[dict[str, Any]]:
        """Give the events of a kind."""
        return (event for event in self.events if event["event"] == kind)

    @property
    def result(self) -> dict[str, Any]:
        """What the operation gave.

        Raises:
            AssertionError: It failed.
        """
        assert self.code == 0, self.error
        return next(self.of("result"))

    @property
    def error(self) -> dict[str, Any]:
        """Why it failed: text, and gRPC's code if the plugin said it."""
        return next(self.of("error"), {"text": "no error", "code": ""})

    @property
    def ui(self) -> str:
        """What the plugin wrote to Waypoint's terminal."""
        return "".join(event["text"] for event in self.of("ui"))

    @property
    def lines(self) -> list[str]:
        """Lines of an app's log."""
        return [event["text"] for event in self.of("line")]

    def output(self, stream: str = "stdout") -> bytes:
        """Give what a command wrote."""
        return b"".join(base64.b64decode(event["data"]) for event in self.of("output") if event["stream"] == stream)


class Host:
    """A host for one project.

    Args:
        project: With waypoint.hcl, plugins and environment.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.state = project.app.parent / "wphost.json"
        plugins = [project.app, project.app / ".waypoint" / "plugins"]
        self._command = [wphost(), "-plugins", os.pathsep.join(map(str, plugins)), "-file", project.file]

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Done:
        """Do an operation, and wait for its end.

        Args:
            arguments: Options, operation, and its arguments.
            stdin: Input of a command.

        Returns:
            How it ended.
        """
        child = self.start(*arguments)
        return self.finish(child, stdin)

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start an operation; `finish` waits for its end."""
        return subprocess.Popen(
            [*self._command, "-state", self.state, *arguments],
            cwd=self._project.app,
            env=self._project.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, child: subprocess.Popen[bytes], stdin: bytes = b"") -> Done:
        """Wait for the end of a started operation.

        Raises:
            AssertionError: The host crashed, which it does for a plugin that breaks the contract.
        """
        with child:
            try:
                stdout, stderr = child.communicate(stdin, timeout=120)
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                raise
        assert child.returncode in {0, 1}, stderr.decode()
        return Done(child.returncode, [json.loads(line) for line in stdout.splitlines()])


def main() -> None:
    """Build both hosts, and print where they are."""
    try:
        sys.stdout.write(f"{build.waypoint()}\n{wphost()}\n")
    except TestbedError as error:
        raise SystemExit(f"host: {error}") from None


if __name__ == "__main__":
    main()
