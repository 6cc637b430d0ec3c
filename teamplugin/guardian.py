"""Undo a deploy whose plugin process was killed.

Waypoint kills a plugin two seconds after it cancelled its call, the kernel may
kill it at any time, and Waypoint keeps no record of a deployment that failed.
So a deploy starts a small process beside itself, a module of the plugin. It
waits for the word that the deploy has ended; when the pipe closes without that
word, it removes what the deploy was making.

    python -m team_k8s.guardian   < one line of JSON, then "done"
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

DONE = "done\n"


class Guarded:
    """A deploy that is undone even if this process is killed, while the block lasts.

    Args:
        module: That undoes it: "team_k8s.guardian".
        task: What it is told, values of JSON; no secrets.
    """

    def __init__(self, module: str, task: Mapping[str, Any]) -> None:
        self._module = module
        self._task = task
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        environ = {key: value for key, value in os.environ.items() if key != "WAYPOINT_PLUGIN"}
        self._process = subprocess.Popen(  # noqa: S603  # a module of ours
            [sys.executable, "-P", "-m", self._module],  # never a module of the directory that is deployed
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


def wait(undo: Callable[[Any], int]) -> int:
    """Wait for the end of the deploy, and undo it if that never comes.

    Args:
        undo: Takes the task, as Guarded was given it, and gives the exit code.

    Returns:
        Exit code: 1 if it could not be undone.
    """
    task = sys.stdin.readline()
    if not task or sys.stdin.readline() == DONE:
        return 0
    return undo(json.loads(task))
