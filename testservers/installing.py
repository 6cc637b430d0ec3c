"""What every test server needs: a cache, progress on the terminal, Debian packages, programs that start and stop.

Owns no server. Whatever cannot be had ends in a ServerError that says why: a
test that asked for the server then fails, it is never skipped.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

SOURCES = Path(__file__).resolve().parent

TICK_SECONDS = 15.0
"""A step that takes longer says so again and again."""

STOP_SECONDS = 5.0
"""How long a server may take to end by itself."""


class ServerError(Exception):
    """A test server cannot be installed or started; the text says which, why, and what to do."""


def cache(*parts: str) -> Path:
    """Give a directory that outlives the run, made if it is missing.

    Args:
        parts: Path below the cache of the test servers.

    Returns:
        The directory.
    """
    root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = root.joinpath("waypaas", "testservers", *parts)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


@contextmanager
def step(name: str) -> Iterator[None]:
    """Say what is being done, how long it has taken so far, and how long it took.

    Args:
        name: What is being done.

    Yields:
        Nothing.
    """
    begun = time.monotonic()
    done = threading.Event()

    def tick() -> None:
        while not done.wait(TICK_SECONDS):
            _say(f"{name} ... {time.monotonic() - begun:.0f} s so far")

    _say(f"{name} ...")
    ticker = threading.Thread(target=tick, daemon=True)
    ticker.start()
    try:
        yield
    except BaseException:
        _say(f"{name}: failed after {time.monotonic() - begun:.1f} s")
        raise
    finally:
        done.set()
        ticker.join()
    _say(f"{name}: {time.monotonic() - begun:.1f} s")


def _say(text: str) -> None:
    # Past pytest's capture, which would hold it back until the end.
    stream = sys.__stderr__ or sys.stderr
    stream.write(f"testservers: {text}\n")
    stream.flush()


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let one process at a time in, among all that use the cache.

    Args:
        name: Of what is being installed.

    Yields:
        Nothing.
    """
    with (cache() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: Sequence[object], *, cwd: Path | None = None, stdin: str = "", seconds: float = 600.0) -> str:
    """Run a command and give its output.

    Args:
        command: Program and arguments.
        cwd: Its directory.
        stdin: Its input.
        seconds: It is killed then.

    Returns:
        stdout.

    Raises:
        ServerError: It failed or took too long; the text has the end of its output.
    """
    argv = [str(part) for part in command]
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run(  # the test servers' own commands
            argv, input=stdin, capture_output=True, text=True, check=False, cwd=cwd, env=environ, timeout=seconds
        )
    except FileNotFoundError as err:
        raise ServerError(f"`{argv[0]}` is not on this machine") from err
    except subprocess.TimeoutExpired as err:
        raise ServerError(f"`{' '.join(argv)}` did not end within {seconds:g} s") from err
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-15:])
        raise ServerError(f"`{' '.join(argv)}` failed with exit code {done.returncode}\n{tail}")
    return done.stdout


def debian_packages(programs: Mapping[str, str], preseed: str = "") -> None:
    """Install the Debian packages whose programs are missing.

    Args:
        programs: Package by the program that it is for; looked for in /usr/sbin too.
        preseed: Answers to the packages' questions, as debconf-set-selections takes them.

    Raises:
        ServerError: This is not root on Debian, or apt failed.
    """
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    with alone("apt"):
        missing = sorted({package for program, package in programs.items() if shutil.which(program, path=path) is None})
        if not missing:
            return
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            raise ServerError(f"{', '.join(missing)} missing; install them, or run this as root on Debian")
        with step(f"installing {', '.join(missing)}"):
            if preseed:
                run(["debconf-set-selections"], stdin=preseed)
            run(["apt-get", "update", "-qq"])
            run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing])


def free_port() -> int:
    """Give a port of 127.0.0.1 that nothing listened on a moment ago.

    Returns:
        The port.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Tell whether something accepts connections.

    Args:
        port: Of 127.0.0.1.

    Returns:
        Whether it does.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False


class Program:
    """A server's process, from its start to its end.

    Args:
        name: For messages.
        command: Program and arguments.
        log: Gets its output.
        cwd: Its directory.
        pass_fds: Descriptors that it keeps.
    """

    def __init__(
        self, name: str, command: Sequence[object], log: Path, *, cwd: Path | None = None, pass_fds: Sequence[int] = ()
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(  # the test servers' own commands
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=cwd,
                pass_fds=pass_fds,
                start_new_session=True,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until the server serves.

        Args:
            ready: Asked every 50 ms.
            seconds: At most.

        Raises:
            ServerError: It ended, or was not ready in time; the text has the end of its output.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise ServerError(f"{self.name} ended with exit code {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} did not serve within {seconds:g} s\n{self.tail()}")
            time.sleep(0.05)

    def tail(self) -> str:
        """Give the last lines of its output.

        Returns:
            At most 15 lines.
        """
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def stop(self) -> None:
        """End it, and what it started in its own session; kill them if they do not end."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            os.killpg(self.process.pid, number)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
