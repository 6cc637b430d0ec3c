"""A circuit breaker: who has failed again and again is left alone for a while.

Owns the counting. Knows nothing of what failed.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES = 3
REST_SECONDS = 30.0


class Breaker:
    """Opens after some failures in a row, then lets one attempt through at a time until one succeeds.

    Args:
        failures: In a row, that open it.
        rest_seconds: How long it stays open.
        clock: Seconds that never run back.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        rest_seconds: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures = failures
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._failed = 0
        self._opens_until = 0.0

    def wait_seconds(self) -> float:
        """Ask for leave to try.

        Returns:
            0 if the caller may try now, and then has to tell how it went; else seconds to wait.
        """
        with self._lock:
            if self._failed < self._failures:
                return 0.0
            left = self._opens_until - self._clock()
            if left > 0:
                return left
            # This caller is the one that tries; the others wait for its outcome.
            self._opens_until = self._clock() + self._rest_seconds
            return 0.0

    def succeeded(self) -> None:
        """Tell that an attempt worked."""
        with self._lock:
            self._failed = 0

    def failed(self) -> None:
        """Tell that an attempt did not work."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._failures:
                self._opens_until = self._clock() + self._rest_seconds
