"""Percentiles of measured times. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WHOLE = 100


def nearest_rank(values: Sequence[float], percent: int) -> float:
    """Give a percentile by the nearest-rank method: always one of the values.

    Args:
        values: At least one, in any order.
        percent: 1 to 100.

    Returns:
        The least value that `percent` of all values do not exceed.

    Raises:
        ValueError: There are no values, or no such percentile.
    """
    if not values or not 1 <= percent <= WHOLE:
        raise ValueError("a percentile from 1 to 100 of at least one value")
    return sorted(values)[math.ceil(percent * len(values) / WHOLE) - 1]
