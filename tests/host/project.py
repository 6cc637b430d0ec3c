"""A project of a developer, driven through the real Waypoint command line."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import build

ROOT = Path(__file__).resolve().parents[2]
HANG_SECONDS = 150.0
"""No command of the tests works for so long."""

NOISE = ("server context", "waypoint context")
"""In lines by which Waypoint explains that it has no server."""


@dataclass(frozen=True)
class Finished:
    """A command that has ended.

    Args:
        code: Its exit code.
        output: What it printed.
    """

    code: int
    output: str


class HostHungError(Exception):
    """Waypoint itself did not end: now and then its local mode hangs when its work is done."""


class Watchdog:
    """Ends a hanging waypoint, after it has shown where it hangs.

    Args:
        child: The command; its output is read elsewhere.
    """

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self._hung = threading.Event()
        self._timer = threading.Timer(HANG_SECONDS, self._bark)
        self._timer.daemon = True
        self._timer.start()

    def _bark(self) -> None:
        self._hung.set()
        self._child.send_signal(signal.SIGQUIT)  # a Go program prints all that it does
        time.sleep(2)
        self._child.kill()

    def end(self, output: str) -> None:
        """Stop watching.

        Args:
            output: Of the command.

        Raises:
            HostHungError: It had to be ended.
        """
        self._timer.cancel()
        if self._hung.is_set():
            raise HostHungError(f"waypoint did not end within {HANG_SECONDS:g} s\n{output[-20000:]}")


class Project:
    """A copy of examples/01-minimal with a home of its own, and our plugin installed in it.

    Args:
        directory: Gets the copy and the home.
        kubeconfig: Of the cluster.
        echo: Show commands and their output while they run.
    """

    def __init__(self, directory: Path, kubeconfig: Path, *, echo: bool = False) -> None:
        self.app = directory / "app"
        self.file = self.app / "waypoint.hcl"
        self._echo = echo
        shutil.copytree(ROOT / "examples" / "01-minimal", self.app)
        (self.app / ".waypaas.toml").write_text(f'standards = "{ROOT / "examples" / "standards"}"\n')
        plugins = self.app / ".waypoint" / "plugins"
        plugins.mkdir(parents=True)
        program = Path(sys.executable).parent / "waypoint-plugin-team-k8s"
        (plugins / program.name).symlink_to(program)
        home = directory / "home"
        self.environ = os.environ | {
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".local/share"),
            "XDG_CACHE_HOME": str(home / ".cache"),
            "KUBECONFIG": str(kubeconfig),
        }
        self.waypoint_binary = build.waypoint()

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """Start a command in the project.

        Args:
            command: Program and arguments.

        Returns:
            The process; its output is a pipe.
        """
        return subprocess.Popen(
            command,
            cwd=self.app,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str | Path) -> Finished:
        """Run a command in the project to its end.

        Args:
            command: Program and arguments.

        Returns:
            How it ended.
        """
        if self._echo:
            print(f"$ {Path(command[0]).name} {' '.join(map(str, command[1:]))}", flush=True)
        lines = []
        with self.start(*command) as child:
            watch = Watchdog(child)
            for line in child.stdout or ():
                if not any(word in line for word in NOISE):
                    lines.append(line)
                    if self._echo:
                        print(f"  {line}", end="", flush=True)
            child.wait()
            watch.end("".join(lines))
        return Finished(child.returncode, "".join(lines))

    def waypoint(self, *arguments: str) -> Finished:
        """Run waypoint to its end."""
        return self.run(self.waypoint_binary, *arguments)

    def interrupt(self, child: subprocess.Popen[str]) -> None:
        """Interrupt a started command as Ctrl-C at a terminal does: its whole process group."""
        os.killpg(child.pid, signal.SIGINT)

    def change(self, old: str, new: str) -> None:
        """Edit waypoint.hcl."""
        text = self.file.read_text()
        if old not in text:
            raise ValueError(f"waypoint.hcl has no {old}")
        self.file.write_text(text.replace(old, new))
        if self._echo:
            print(f"  waypoint.hcl: {old}  ->  {new}")
