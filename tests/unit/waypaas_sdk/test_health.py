"""The health of the whole by that of its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypaas_sdk.health import Health, overall

HEALTH = st.sampled_from(Health)


@given(HEALTH, st.integers(1, 5))
def test_equal_parts(health: Health, count: int) -> None:
    """Parts that agree give their common health."""
    assert overall([health] * count) is health


@given(st.lists(HEALTH, min_size=2).filter(lambda parts: len(set(parts)) > 1))
def test_different_parts(parts: list[Health]) -> None:
    """Parts that differ make it PARTIAL."""
    assert overall(parts) is Health.PARTIAL


def test_no_parts() -> None:
    """Without parts nothing is known."""
    assert overall([]) is Health.UNKNOWN


@pytest.mark.parametrize(
    ("name", "number"), [("UNKNOWN", 0), ("ALIVE", 1), ("READY", 2), ("DOWN", 3), ("PARTIAL", 4), ("MISSING", 5)]
)
def test_numbers_are_waypoints(name: str, number: int) -> None:
    """The numbers are those of StatusReport.Health in waypoint-plugin-sdk."""
    assert Health[name] == number
