"""Memory, CPU and durations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import units


@given(st.integers(0, 2**60))
def test_memory_round_trip(size: int) -> None:
    """What format_memory writes, parse_memory reads as the same number of bytes."""
    assert units.parse_memory(units.format_memory(size)) == size


@given(st.integers(0, 10**8))
def test_cpu_round_trip(millicores: int) -> None:
    """What format_cpu writes, parse_cpu reads as the same number of millicores."""
    assert units.parse_cpu(units.format_cpu(millicores)) == millicores


@given(st.integers(0, 10**12))
def test_duration_round_trip(millis: int) -> None:
    """What format_duration writes, parse_duration reads as the same duration."""
    duration = timedelta(milliseconds=millis)
    assert units.parse_duration(units.format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "size"),
    [("512Mi", 512 * 2**20), ("1Gi", 2**30), ("1.5Gi", 3 * 2**29), ("1G", 10**9), ("1k", 1000), ("7", 7), ("0", 0)],
)
def test_memory_as_kubernetes_reads_it(text: str, size: int) -> None:
    """Ki, Mi, Gi are powers of 1024, k, M, G of 1000, and plain digits are bytes."""
    assert units.parse_memory(text) == size


@pytest.mark.parametrize(("text", "millicores"), [("250m", 250), ("2", 2000), ("0.5", 500), ("1.25", 1250)])
def test_cpu_as_kubernetes_reads_it(text: str, millicores: int) -> None:
    """CPU is cores, or thousandths with m."""
    assert units.parse_cpu(text) == millicores


@pytest.mark.parametrize(
    ("parse", "text", "example"),
    [
        (units.parse_memory, "2GB", "2Gi"),
        (units.parse_memory, "512 mb", "512Mi"),
        (units.parse_memory, "much", "512Mi"),
        (units.parse_memory, "-1Gi", "512Mi"),
        (units.parse_memory, "0.1", "0"),
        (units.parse_cpu, "2 cores", "250m"),
        (units.parse_cpu, "0.0001", "250m"),
        (units.parse_duration, "30", "30s"),
        (units.parse_duration, "5 seconds", "5s"),
        (units.parse_duration, "", "30s"),
        (units.parse_duration, "1m1h", "30s"),
    ],
)
def test_bad_quantities_are_told_a_good_one(parse: object, text: str, example: str) -> None:
    """A quantity that cannot be read is refused with a spelling that can."""
    with pytest.raises(units.UnitError) as caught:
        parse(text)  # type: ignore[operator]
    assert caught.value.example == example


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes a parser fail in another way than UnitError."""
    for parse in (units.parse_memory, units.parse_cpu, units.parse_duration):
        try:
            parse(text)
        except units.UnitError as err:
            assert err.why  # noqa: PT017  # both outcomes are right

            parse(err.example)
