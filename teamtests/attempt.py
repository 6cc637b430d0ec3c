"""The time that one try has, and that it ends with its call: a call of its own within ours."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waypaas_sdk.call import Call

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock(Call):
    """A call that is cancelled when its time is over, or with the one that it is part of.

    Args:
        seconds: How long it has.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__("test")
        self.seconds = seconds
        self._ends = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, not below a hundredth."""
        return max(0.01, self._ends - time.monotonic())

    def ended(self) -> bool:
        """Tell whether its time is over, or it was called off; asked again and again, so it is no property."""
        return self.cancelled


@contextmanager
def limited(call: Call, seconds: float) -> Iterator[Clock]:
    """Give a block its own time.

    Args:
        call: The one around it.
        seconds: How long it has.

    Yields:
        The call within.

    Raises:
        CancelledError: The call around it was cancelled.
    """
    clock = Clock(seconds)
    timer = threading.Timer(seconds, clock.cancel)
    timer.daemon = True
    timer.start()
    try:
        with call.on_cancel(clock.cancel):
            yield clock
    finally:
        timer.cancel()
    call.check()
