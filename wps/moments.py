"""Times as people read them. Pure, but for the time zone."""

from __future__ import annotations

import time

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def at(seconds: float) -> str:
    """Write a moment.

    Args:
        seconds: Since 1970.

    Returns:
        "2025-11-25 22:14", in the time zone of the machine.
    """
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def span(seconds: float) -> str:
    """Write a length of time, in its two largest units.

    Args:
        seconds: From 0; less counts as 0.

    Returns:
        "11 h 59 min".
    """
    left = max(0, int(seconds))
    if left >= _DAY:
        return f"{left // _DAY} d {left % _DAY // _HOUR} h"
    if left >= _HOUR:
        return f"{left // _HOUR} h {left % _HOUR // _MINUTE} min"
    return f"{left // _MINUTE} min" if left >= _MINUTE else f"{left} s"
