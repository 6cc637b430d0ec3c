"""When to try again, how long to wait before, and when to give up.

Owns back-off with jitter, the deadline of a copy and its cancellation; the gate
that all workers of one registry pass is in `gate`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from imagemover.errors import BusyError, CancelledError, DeadlineError, ImageError
from imagemover.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Cancellation", "Gate", "Patience", "Policy"]

T = TypeVar("T")

THROTTLED = frozenset({429, 503})
"""Statuses that ask for fewer requests; other errors of a server say nothing of their number."""


class Policy(NamedTuple):
    """How patient a copy is.

    Args:
        attempts: Tries of one request that moved nothing; at least 1.
        first_seconds: Longest wait before the second try; doubles with each further one.
        most_seconds: Longest wait that we choose ourselves.
        longest_retry_after_seconds: Longest wait that a registry may demand.
        stall_seconds: A peer that is silent for longer is given up.
        deadline_seconds: Of the whole copy.
    """

    attempts: int = 10
    first_seconds: float = 0.2
    most_seconds: float = 10.0
    longest_retry_after_seconds: float = 120.0
    stall_seconds: float = 20.0
    deadline_seconds: float = 6 * 3600.0


class Cancellation:
    """Stops a copy at once, from any thread: waits end, and connections are shut."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()

    def cancel(self) -> None:
        """Stop."""
        self._event.set()
        with self._lock:
            for one in self._sockets:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Go on only if nobody cancelled.

        Raises:
            CancelledError: Somebody did.
        """
        if self._event.is_set():
            raise CancelledError("the copy was cancelled", "", "run it again: what is there is not sent again", "")

    def wait(self, seconds: float) -> None:
        """Wait.

        Args:
            seconds: How long.

        Raises:
            CancelledError: Somebody cancelled.
        """
        self._event.wait(max(0.0, seconds))
        self.check()

    def watch(self, one: socket.socket) -> None:
        """Shut a socket down when somebody cancels.

        Args:
            one: A connected socket.
        """
        with self._lock:
            self._sockets.add(one)
        self.check()

    def forget(self, one: socket.socket) -> None:
        """Leave a socket alone from now on.

        Args:
            one: A socket that is closed.
        """
        with self._lock:
            self._sockets.discard(one)


class Patience:
    """One copy's policy, deadline, cancellation and count of waits.

    Args:
        policy: How patient.
        cancellation: Stops the waits.
        on_retry: Called before each wait with the error and the seconds.
    """

    def __init__(
        self,
        policy: Policy | None = None,
        cancellation: Cancellation | None = None,
        on_retry: Callable[[ImageError, float], None] | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self.cancellation = cancellation or Cancellation()
        self.on_retry = on_retry
        self._ends = time.monotonic() + self.policy.deadline_seconds

    def check(self) -> None:
        """Go on only if there is time and nobody cancelled.

        Raises:
            CancelledError: Somebody cancelled.
            DeadlineError: The time is over.
        """
        self.cancellation.check()
        if time.monotonic() > self._ends:
            raise self._late("")

    def enter(self, gate: Gate) -> None:
        """Wait until a registry takes requests.

        Args:
            gate: The registry's.

        Raises:
            CancelledError: Somebody cancelled.
            DeadlineError: It opens too late.
        """
        self.check()
        if seconds := gate.seconds:
            # Spread, or all workers would knock at once.
            seconds += _jitter(0, min(1.0, seconds / 4))
            if time.monotonic() + seconds > self._ends:
                raise self._late("")
            self.cancellation.wait(seconds)

    def pause(self, error: ImageError, tries: int, gate: Gate | None = None) -> None:
        """Wait before another try, or give up.

        Args:
            error: What went wrong.
            tries: How many tries in a row moved nothing; at least 1.
            gate: Closed for everybody if the registry said how long; narrower if it is throttling.

        Raises:
            ImageError: `error` itself, when there is no use in another try.
            CancelledError: Somebody cancelled.
            DeadlineError: The wait would end after the deadline.
        """
        self.cancellation.check()
        if gate is not None and isinstance(error, BusyError) and error.status in THROTTLED:
            gate.narrow()
        if not error.again or tries >= self.policy.attempts:
            raise error
        seconds = _jitter(0.5, 1.0) * min(self.policy.most_seconds, self.policy.first_seconds * 2 ** (tries - 1))
        if isinstance(error, BusyError) and error.retry_after_seconds is not None:
            if error.retry_after_seconds > self.policy.longest_retry_after_seconds:
                raise error
            seconds = max(seconds, error.retry_after_seconds)
            if gate is not None:
                gate.close_for(error.retry_after_seconds)
        if time.monotonic() + seconds > self._ends:
            raise self._late(str(error)) from error
        self.tell(error, seconds)
        self.cancellation.wait(seconds)

    def tell(self, error: ImageError, seconds: float) -> None:
        """Tell who listens that something is tried again.

        Args:
            error: What went wrong.
            seconds: How long it waits before.
        """
        if self.on_retry is not None:
            self.on_retry(error, seconds)

    def run(self, request: Callable[[], T], gate: Gate) -> T:
        """Make a request that may be repeated, until it succeeds or there is no use.

        Args:
            request: Raises an error whose `again` is set when another try may help.
            gate: The registry's.

        Returns:
            What the request gives.

        Raises:
            ImageError: The last error.
        """
        tries = 0
        while True:
            self.enter(gate)
            try:
                return request()
            except ImageError as err:
                tries += 1
                self.pause(err, tries, gate)

    def _late(self, last: str) -> DeadlineError:
        why = f"it may take {self.policy.deadline_seconds:g} s" + (f"; last: {last}" if last else "")
        return DeadlineError("the copy took too long", why, "run it again: what is there is not sent again", "")


def _jitter(least: float, most: float) -> float:
    import random  # noqa: PLC0415  # seldom needed

    return random.uniform(least, most)  # noqa: S311  # it keeps no secret
