"""Undo a deploy whose plugin process was killed.

Waypoint kills a plugin two seconds after it cancelled its call, the kernel may
kill it at any time, and Waypoint keeps no record of a deployment that failed.
So a deploy starts this small process beside itself. It waits for the word that
the deploy has ended; when the pipe closes without that word, it removes what
the deploy was making.

    python -m team_ecs.guardian   < one line of JSON, then "done"
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2

DONE = "done\n"
UNDO_PATIENCE_SECONDS = 600.0
"""How long it goes on trying while AWS is away."""

PAUSE_SECONDS = 5.0


class Guarded:
    """A deploy that is undone even if this process is killed, while the block lasts.

    Args:
        deployment: As far as it is known: its id, name, place and identity.
        kinds: Of its parts, in the order in which they are made.
    """

    def __init__(self, deployment: team_ecs_pb2.Deployment, kinds: list[str]) -> None:
        self._task = {"deployment": deployment.SerializeToString().hex(), "kinds": kinds}
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        environ = {key: value for key, value in os.environ.items() if key != "WAYPOINT_PLUGIN"}
        self._process = subprocess.Popen(  # ourselves
            [sys.executable, "-P", "-m", "team_ecs.guardian"],  # never a module of the directory that is deployed
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environ,
            text=True,
        )
        self._say(json.dumps(self._task) + "\n")
        return self

    def _say(self, text: str) -> None:
        if self._process is None or self._process.stdin is None:
            return
        try:
            self._process.stdin.write(text)
            self._process.stdin.flush()
        except OSError:
            return  # it was killed; the deploy goes on unguarded

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._say(DONE)
        if self._process is not None and self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
            # The user need not wait for it to end, but somebody has to take its exit code.
            threading.Thread(target=self._process.wait, name="guardian", daemon=True).start()


def main() -> int:
    """Wait for the end of the deploy, and undo it if that never comes.

    Returns:
        Exit code: 1 if it could not be undone.
    """
    task = sys.stdin.readline()
    if not task or sys.stdin.readline() == DONE:
        return 0
    return undo(json.loads(task))


def undo(task: dict[str, Any]) -> int:
    """Remove what a deploy was making.

    Args:
        task: As Guarded wrote it.

    Returns:
        Exit code: 1 if it could not be removed.
    """
    from team_ecs import destroying  # noqa: PLC0415  # nothing is loaded unless something is to be undone
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2  # noqa: PLC0415
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415

    deployment = team_ecs_pb2.Deployment.FromString(bytes.fromhex(task["deployment"]))
    deadline = time.monotonic() + UNDO_PATIENCE_SECONDS
    while True:
        try:
            destroying.undo(deployment, task["kinds"])
        except PluginError:
            if time.monotonic() > deadline:
                return 1
            time.sleep(PAUSE_SECONDS)
        else:
            return 0


if __name__ == "__main__":
    raise SystemExit(main())
