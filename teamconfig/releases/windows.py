"""Times of the week in which an environment takes releases: "Mon-Fri 09:00-17:00 Europe/Berlin". Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(DAYS)
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
PATTERN = rf"(?:{_DAY})(?:-(?:{_DAY}))? {_TIME}-(?:{_TIME}|24:00)(?: [A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*)?"
"""A window: a day or days, times from and to, and perhaps the name of a time zone; without one it is UTC."""

_END = "24:00"


def is_open(windows: Sequence[str], now: float) -> bool:
    """Tell whether a moment lies in one of some windows.

    Args:
        windows: As `PATTERN` has them; none at all are always open.
        now: Seconds since 1970.

    Returns:
        Whether it does. A window that cannot be read, or whose time zone nobody knows, is never open.
    """
    return not windows or any(_holds(window, now) for window in windows)


def _holds(window: str, now: float) -> bool:
    if not re.fullmatch(PATTERN, window):
        return False
    days, times, *zones = window.split(" ")
    moment = _moment(now, zones[0] if zones else "UTC")
    if moment is None:
        return False
    first, _, last = days.partition("-")
    begin, _, end = times.partition("-")
    allowed = _days(DAYS.index(first), DAYS.index(last or first))
    return moment.weekday() in allowed and _minutes(begin) <= moment.time() and (
        end == _END or moment.time() < _minutes(end)
    )  # fmt: skip


def _moment(now: float, zone: str) -> datetime | None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415  # only where there are windows

    if zone == "UTC":
        return datetime.fromtimestamp(now, UTC)
    try:
        return datetime.fromtimestamp(now, ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _days(first: int, last: int) -> frozenset[int]:
    """Give the days from one to another; Sat-Mon goes over the end of the week."""
    count = (last - first) % 7 + 1
    return frozenset((first + step) % 7 for step in range(count))


def _minutes(text: str) -> time:
    hours, _, minutes = text.partition(":")
    return time(int(hours), int(minutes))
