"""What Fargate sells, and how the standards' words are rounded to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from team_ecs import fargate
from waypaas_sdk.errors import OptionError


def test_the_table_is_that_of_aws() -> None:
    """Each row begins and ends where AWS's documentation says, in its steps."""
    rows = {cpu: (row[0], row[-1], len(row)) for cpu, row in fargate.PAIRS.items()}
    assert rows == {
        256: (512, 2048, 3), 512: (1024, 4096, 4), 1024: (2048, 8192, 7), 2048: (4096, 16384, 13),
        4096: (8192, 30720, 23), 8192: (16384, 61440, 12), 16384: (32768, 122880, 12),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cpu", "memory", "sold"),
    [
        ("250m", "512Mi", (256, 512)),
        ("0.5", "1Gi", (512, 1024)),
        ("100m", "3Gi", (512, 3072)),
        ("2", "1Gi", (2048, 4096)),
        ("1", "9Gi", (2048, 9216)),
        ("8", "17Gi", (8192, 20480)),
        ("16", "120Gi", (16384, 122880)),
    ],
)
def test_behaviour_20_sizes_are_rounded_up(cpu: str, memory: str, sold: tuple[int, int]) -> None:
    """The smallest pair that holds both is taken."""
    found = fargate.size(cpu, memory)
    assert (found.cpu, found.memory) == sold


def test_rounding_is_told() -> None:
    """What is paid for beyond what was asked for is told in the standards' own words, and nothing if it is the same."""
    assert fargate.size("100m", "3Gi").rounded == (
        "cpu 100m, memory 3Gi rounded up to what Fargate sells: cpu 500m, memory 3Gi"
    )
    assert fargate.size("1", "2Gi").rounded == ""


@pytest.mark.parametrize(("cpu", "memory"), [("17", "64Gi"), ("1", "121Gi")])
def test_what_is_too_large_is_refused(cpu: str, memory: str) -> None:
    """A task that Fargate does not sell is refused, with what else there is."""
    with pytest.raises(OptionError, match='launch_type = "EC2"'):
        fargate.size(cpu, memory)


@given(st.integers(1, 16000), st.integers(4, 120 * 1024))
def test_every_size_is_sold_and_large_enough(millicores: int, mebibytes: int) -> None:
    """Whatever is asked for within Fargate's bounds, a pair of the table comes out that holds it."""
    found = fargate.size(f"{millicores}m", f"{mebibytes}Mi")
    assert found.memory in fargate.PAIRS[found.cpu]
    assert found.cpu * 1000 >= millicores * 1024
    assert found.memory >= mebibytes
