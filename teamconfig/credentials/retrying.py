"""Ask a cloud again while it is busy, with jitter, within one deadline."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

from teamconfig.credentials.errors import CloudBusyError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SECONDS = 3.0
"""For all that one issue asks of a cloud."""

LEAST = 0.3
"""Seconds without which another try is not begun."""

_FIRST_PAUSE = 0.1


def until_deadline(attempt: Callable[[float], T], deadline: float) -> T:
    """Call until it works, fails for good, or the time is over.

    Args:
        attempt: Gets the seconds that are left, and must not take longer.
        deadline: On `time.monotonic`.

    Returns:
        What the attempt returns.

    Raises:
        CloudBusyError: The last one of the attempts, when there is no time for another.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            return attempt(max(LEAST, deadline - time.monotonic()))
        except CloudBusyError as busy:
            rest = max(busy.retry_after, pause * random.uniform(0.5, 1.0))  # noqa: S311  # spreads callers, guards nothing
            if time.monotonic() + rest + LEAST > deadline:
                raise
        time.sleep(rest)
        pause *= 2
