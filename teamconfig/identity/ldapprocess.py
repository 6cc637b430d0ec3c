"""Worker processes from the service's side: started ahead, asked, killed at the deadline, replaced.

Owns the one absolute deadline of a request to the directory. Knows nothing of
what is asked.
"""

from __future__ import annotations

import os
import queue
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig.identity import ldapframes
from teamconfig.identity.ldapframes import LdapFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

DEADLINE_SECONDS = 4.5
"""Of a request, waiting for a free worker and killing a stuck one included: the caller knows within 5 s."""

WORKERS = 2
KILLED_SECONDS = 2.0
SOURCES = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "LANG", "LC_ALL", "SSL_CERT_FILE", "SSL_CERT_DIR", "TZ", "PYTHONDONTWRITEBYTECODE")
"""Variables that a worker gets; the service's others are none of its business."""


class _Worker:
    """One process.

    Args:
        settings: Sent to it first.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        environ = {name: os.environ[name] for name in KEPT if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "teamconfig.identity.ldapworker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ | {"PYTHONPATH": str(SOURCES)},
            start_new_session=True,
            bufsize=0,
        )
        self.pid = self._process.pid
        self._settings = settings
        self._ready = False

    def ask(self, request: Mapping[str, Any], deadline: float) -> dict[str, Any]:
        """Ask it.

        Args:
            request: Word, and what it needs.
            deadline: By the monotonic clock.

        Returns:
            Its answer.

        Raises:
            LdapFailure: It says so; the worker is fit for use.
            TimeoutError: It did not answer in time; it has to be killed.
            EOFError: It ended.
        """
        if not self._ready:
            self._answer(deadline)
            self._send({"word": "settings", "settings": dict(self._settings)}, deadline)
            self._answer(deadline)
            self._ready = True
        self._send(request, deadline)
        return self._answer(deadline)

    def _send(self, request: Mapping[str, Any], deadline: float) -> None:
        frame = ldapframes.encode({**request, "seconds": max(deadline - time.monotonic(), 0.0)})
        if self._process.stdin is None:
            raise EOFError
        try:
            # A request has less than a pipe holds, so this does not block.
            self._process.stdin.write(frame)
        except OSError as err:
            raise EOFError from err

    def _answer(self, deadline: float) -> dict[str, Any]:
        size = ldapframes.length(self._exactly(ldapframes.HEAD_BYTES, deadline))
        answer = ldapframes.decode(self._exactly(size, deadline))
        if "failure" in answer:
            raise LdapFailure(str(answer["failure"]), str(answer.get("detail", "")))
        found = answer.get("answer", {})
        return found if isinstance(found, dict) else {}

    def _exactly(self, size: int, deadline: float) -> bytes:
        if self._process.stdout is None:
            raise EOFError
        descriptor = self._process.stdout.fileno()
        data = b""
        while len(data) < size:
            left = deadline - time.monotonic()
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError
            part = os.read(descriptor, size - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def runs(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(KILLED_SECONDS)
        except subprocess.TimeoutExpired:
            return  # in the kernel's hands; it is gone when they open


class LdapProcesses:
    """Some workers for one directory. May be used by several threads.

    Args:
        settings: As `ldapsession.Settings`, by name.
        workers: How many requests at once.
        deadline_seconds: Of a request.
    """

    def __init__(
        self, settings: Mapping[str, Any], *, workers: int = WORKERS, deadline_seconds: float = DEADLINE_SECONDS
    ) -> None:
        self._settings = settings
        self.deadline_seconds = deadline_seconds
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._all: set[_Worker] = set()
        self._closed = False
        for _ in range(workers):
            self._start()

    def pids(self) -> list[int]:
        """Give the ids of the processes.

        Returns:
            Those that run now.
        """
        with self._lock:
            return sorted(worker.pid for worker in self._all)

    def ask(self, word: str, **arguments: str) -> dict[str, Any]:
        """Ask the directory.

        Args:
            word: "sign_in", "membership", "linked" or "probe".
            arguments: What it needs.

        Returns:
            The answer.

        Raises:
            LdapFailure: timeout, busy, worker; or what the worker says.
        """
        deadline = time.monotonic() + self.deadline_seconds
        worker = self._take(deadline)
        fit = False
        try:
            answer = worker.ask({"word": word, **arguments}, deadline)
            fit = True
        except LdapFailure as err:
            fit = err.reason != "no_library"
            raise
        except TimeoutError as err:
            raise LdapFailure("timeout") from err
        except (EOFError, OSError, ValueError) as err:
            raise LdapFailure("worker", type(err).__name__) from err
        finally:
            if fit and not self._closed:
                self._idle.put(worker)
            else:
                self._replace(worker)
        return answer

    def _take(self, deadline: float) -> _Worker:
        while True:
            try:
                worker = self._idle.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                raise LdapFailure("busy") from None
            if worker.runs():
                return worker
            self._replace(worker)  # it died while nobody needed it

    def _start(self) -> None:
        worker = _Worker(self._settings)
        with self._lock:
            self._all.add(worker)
        self._idle.put(worker)

    def _replace(self, worker: _Worker) -> None:
        worker.kill()
        with self._lock:
            self._all.discard(worker)
        if not self._closed:
            self._start()

    def close(self) -> None:
        """End all processes; a request under way fails."""
        self._closed = True
        with self._lock:
            workers, self._all = self._all, set()
        for worker in workers:
            worker.kill()
