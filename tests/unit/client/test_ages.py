"""Ages and moments, as a note about a kept copy tells them."""

from __future__ import annotations

import time

import pytest

from teamconfig.client import ages


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h 0 min"), (90_000, "25 h 0 min")],
)
def test_an_age(seconds: int, text: str) -> None:
    """An age has its two largest units."""
    assert ages.age(seconds) == text


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ((2026, 11, 25, 23, 10), "23:10"),
        ((2026, 11, 25, 22, 49), "2026-11-25 22:49"),
        ((2026, 11, 26, 22, 49), "2026-11-26 22:49"),
        ((2026, 11, 26, 0, 5), "2026-11-26 00:05"),
    ],
)
def test_a_moment(at: tuple[int, ...], text: str) -> None:
    """A time that is not in what is left of today has its date: 22:49 of tomorrow does not read as over at 22:50."""
    now = time.mktime((2026, 11, 25, 22, 50, 0, 0, 0, -1))
    assert ages.moment(time.mktime((*at, 0, 0, 0, -1)), now) == text  # type: ignore[arg-type]  # nine numbers
