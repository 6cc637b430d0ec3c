"""What all workers of one registry pass: closed for a while when it says so, narrower while it is busy.

Owns how many pieces of work run at a registry at the same time: half as many after it said that it is busy,
and one more for each round that went well. Who is inside and waits for another registry must not
wait for this one again: work enters all its gates at once, with `entered`.
"""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

WIDEST: Final = 64
"""Pieces of work at a time that no registry is asked to bear more of."""

CUT_SECONDS: Final = 0.5
"""Refusals within this time are one sign, not several: those that were under way do not count."""

LOOK_SECONDS: Final = 0.2


class Gate:
    """The gate of one registry."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open_at = 0.0
        self._width = float(WIDEST)
        self._inside = 0
        self._cut_at = 0.0

    def close_for(self, seconds: float) -> None:
        """Let nobody pass for a while.

        Args:
            seconds: From now on; a longer time that was said before stays.
        """
        self._open_at = max(self._open_at, time.monotonic() + seconds)

    @property
    def seconds(self) -> float:
        """How long to wait now."""
        return max(0.0, self._open_at - time.monotonic())

    @property
    def width(self) -> int:
        """How many may be inside now; at least 1."""
        return int(self._width)

    def narrow(self) -> None:
        """Let half as many in as are inside: the registry said that it is busy."""
        with self._changed:
            now = time.monotonic()
            if now - self._cut_at >= CUT_SECONDS:
                self._cut_at = now
                self._width = max(1.0, min(self._width, self._inside) / 2)

    def enter(self, check: Callable[[], None]) -> None:
        """Wait for room, and take it.

        Args:
            check: Called while waiting; raises when there is no use in it.
        """
        with self._changed:
            while self._inside >= self.width:
                check()
                self._changed.wait(LOOK_SECONDS)
            self._inside += 1

    def leave(self) -> None:
        """Give the room back; after as many as fit without a refusal there is room for one more."""
        with self._changed:
            self._inside -= 1
            if time.monotonic() - self._cut_at >= CUT_SECONDS:
                self._width = min(float(WIDEST), self._width + 1 / self._width)
            self._changed.notify_all()


@contextmanager
def entered(gates: Iterable[Gate], check: Callable[[], None]) -> Iterator[None]:
    """Be inside of several gates.

    Args:
        gates: Each counts once. All threads enter in the same order, so that none waits in a circle.
        check: Called while waiting; raises when there is no use in it.

    Yields:
        Nothing.
    """
    with ExitStack() as stack:
        for gate in sorted(set(gates), key=id):
            gate.enter(check)
            stack.callback(gate.leave)
        yield
