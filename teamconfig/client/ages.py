"""How old a kept copy is, and until when it is good, as people read it. Pure, but for the time zone."""

from __future__ import annotations

import time


def age(seconds: int) -> str:
    """Write an age, in its two largest units.

    Args:
        seconds: From 0.

    Returns:
        "3 h 5 min", "5 min" or "53 s".
    """
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"


def moment(at: float, now: float) -> str:
    """Write a moment to come, so that nobody takes it for one that is over.

    Args:
        at: Seconds since 1970.
        now: Likewise.

    Returns:
        "22:14", in the time zone of the machine; with the date if it is not in what is left of today.
    """
    there, here = time.localtime(at), time.localtime(now)
    return time.strftime("%H:%M" if at >= now and there[:3] == here[:3] else "%Y-%m-%d %H:%M", there)
