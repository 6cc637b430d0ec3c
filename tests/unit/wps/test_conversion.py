"""Values are converted as HCL converts them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wps import conversion


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("int", "2", 2), ("int", "2.0", 2), ("int", "1e3", 1000), ("int", 2.0, 2), ("int", "-1", -1),
        ("float", "0.5", 0.5), ("float", "2", 2), ("bool", "true", True), ("bool", "0", False),
        ("string", 80, "80"), ("string", 1.5, "1.5"), ("string", 1e3, "1000"), ("string", 1e-7, "0.0000001"),
        ("enum", True, "true"), ("cpu", 1, "1"), ("memory", 512, "512"), ("duration", False, "false"),
        ("list", ["a", 1, True], ["a", "1", "true"]), ("map", {"A": 1, "B": "x"}, {"A": "1", "B": "x"}),
    ],
)  # fmt: skip
def test_what_hcl_converts_is_converted(kind: str, value: Any, wanted: Any) -> None:
    """A number in quotes is a number, a number or truth value is a text where one is wanted, as for Waypoint."""
    found = conversion.fitting(kind, value)
    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("int", "two"), ("int", ""), ("int", " 2"), ("int", True), ("int", [1]), ("int", "9" * 5000),
        ("int", "1e999999999"), ("bool", "True"), ("bool", 1), ("list", "a"), ("list", {"a": 1}), ("map", ["a"]),
        ("string", ["a"]), ("string", float("inf")), ("blocks", "x"), ("float", "nan"),
    ],
)  # fmt: skip
def test_what_hcl_does_not_convert_stays(kind: str, value: Any) -> None:
    """What Waypoint would refuse stays as it was written, to be refused."""
    assert conversion.fitting(kind, value) is value


@given(st.integers(-(10**15), 10**15) | st.floats(-1e15, 1e15))
def test_a_number_survives_as_a_text(number: float) -> None:
    """The text of a number has no exponent and is the same number."""
    text = conversion.text(number)
    assert "e" not in text
    assert float(text) == number
