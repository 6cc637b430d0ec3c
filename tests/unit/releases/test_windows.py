"""windows: when an environment takes releases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.model.promotion import WINDOW
from teamconfig.releases import windows


def at(text: str) -> float:
    """Give a moment of UTC; 2026-11-23 is a Monday."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("window", "moment", "is_open"),
    [
        ("Mon-Fri 09:00-17:00", "2026-11-23T09:00:00", True),
        ("Mon-Fri 09:00-17:00", "2026-11-23T08:59:59", False),
        ("Mon-Fri 09:00-17:00", "2026-11-27T16:59:59", True),
        ("Mon-Fri 09:00-17:00", "2026-11-27T17:00:00", False),
        ("Mon-Fri 09:00-17:00", "2026-11-28T12:00:00", False),
        ("Sat-Mon 00:00-24:00", "2026-11-29T23:59:59", True),
        ("Sat-Mon 00:00-24:00", "2026-11-24T00:00:00", False),
        ("Tue 10:00-11:00", "2026-11-24T10:30:00", True),
        ("Tue 10:00-11:00", "2026-11-25T10:30:00", False),
        ("Mon 09:00-10:00 Europe/Berlin", "2026-11-23T08:30:00", True),
        ("Mon 09:00-10:00 Europe/Berlin", "2026-07-27T07:30:00", True),
        ("Mon 09:00-10:00 Europe/Berlin", "2026-11-23T09:30:00", False),
        ("Mon 00:00-24:00 Mars/Olympus", "2026-11-23T09:30:00", False),
        ("Mon 00:00-24:00 UTC", "2026-11-23T09:30:00", True),
        ("whenever", "2026-11-23T09:30:00", False),
    ],
)
def test_a_window(window: str, moment: str, is_open: bool) -> None:  # noqa: FBT001  # a table
    """Days and times count in the window's own zone, from the first minute to before the last; nonsense is shut."""
    assert windows.is_open([window], at(moment)) is is_open


def test_no_windows_are_always_open() -> None:
    """Who says nothing may release at any time, and one of several windows is enough."""
    assert windows.is_open([], 0.0)
    assert windows.is_open(["Tue 10:00-11:00", "Mon 09:00-10:00"], at("2026-11-23T09:30:00"))


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    """A text that the standards would refuse is shut, and no error."""
    if not WINDOW.fits(text):
        assert not windows.is_open([text], 0.0)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("Mon-Fri 09:00-17:00 Europe/Berlin", True), ("Sun 00:00-24:00", True), ("mon 9-5", False),
     ("Mon 24:00-25:00", False), ("Mon-Fri 09:00-17:00 ../etc/passwd", False)],
)  # fmt: skip
def test_the_standards_take_windows(text: str, fits: bool) -> None:  # noqa: FBT001  # a table
    """What the standards accept is what can be read."""
    assert WINDOW.fits(text) is fits
