"""Keeps a rate: never more than so many in any one second, as the server counts them.

Owns the slots; waits as `patience` does, so that a cancelled copy ends. A slot
is free again a second after its answer, not after its request: requests may
overtake each other on the way, and the server's second must not be overfull.
"""

from __future__ import annotations

import heapq
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagemover.patience import Patience

_LOOK_SECONDS = 0.2


class Pace:
    """A rate, for all threads.

    Args:
        most: In any window.
        seconds: Length of the window.
    """

    def __init__(self, most: int, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._changed = threading.Condition()
        self._free_at = [0.0] * most

    @contextmanager
    def turn(self, patience: Patience) -> Iterator[None]:
        """Wait for a turn, and hold it until the answer is there.

        Args:
            patience: Of the copy.

        Yields:
            Nothing.

        Raises:
            CancelledError: Somebody cancelled.
            DeadlineError: The time is over.
        """
        free_at = self._take(patience)
        try:
            if (seconds := free_at - time.monotonic()) > 0:
                patience.cancellation.wait(seconds)
            yield
        finally:
            with self._changed:
                heapq.heappush(self._free_at, time.monotonic() + self._seconds)
                self._changed.notify()

    def _take(self, patience: Patience) -> float:
        while True:
            patience.check()
            with self._changed:
                if self._free_at or self._changed.wait(_LOOK_SECONDS):
                    if not self._free_at:
                        continue  # another thread was faster
                    return heapq.heappop(self._free_at)
