"""Where a page of a chain may go on, as its reader says it: what is refused before the database is asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from teamconfig.service import chains
from teamconfig.service.refusal import Refusal
from teamconfig.state.chainpages import Place


def text(newest: dict[str, Any], environment: str = "dev", number: int = 1) -> str:
    """Write a `next`."""
    return json.dumps({"newest": newest, "environment": environment, "number": number})


def many(count: int) -> dict[str, int]:
    """Name environments, dev first."""
    return {"dev": 1, **{f"e{number}": 1 for number in range(1, count)}}


@pytest.mark.parametrize("newest", [{"dev": 1}, {"dev": 2**31 - 1}, many(100), {"dev": 1, "d" * 200: 1}])
def test_a_next_is_read(newest: dict[str, int]) -> None:
    """Up to 100 environments, names of up to 200 signs, numbers that a record may have."""
    assert chains._place(text(newest)) == Place(newest, "dev", 1)


@pytest.mark.parametrize(
    "bad",
    [
        "", "7", "[]", "[" * 100_000, text(many(101)), text(many(8000)), text({"dev": 0}), text({"dev": 2**31}),
        text({"dev": 1}, number=0), text({"dev": 1}, number=2**31), text({"dev": 1, "d" * 201: 1}),
        text({"dev": 1, "a\0": 1}), text({"dev": 1, "\ud800": 1}), text({"dev": 1}, "a\nb"),
        text({"dev": float("inf")}), '{"newest": {"dev": 1e999}, "environment": "dev", "number": 1}',
    ],
    ids=lambda bad: f"{bad[:40]} {len(bad)}",
)  # fmt: skip
def test_what_is_none_is_refused(bad: str) -> None:
    """More environments, names that are none, numbers out of range: no statement is run for them."""
    with pytest.raises(Refusal) as refused:
        chains._place(bad)
    assert refused.value.reason == "malformed"
