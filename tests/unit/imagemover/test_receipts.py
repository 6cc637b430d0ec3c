"""Receipts: what is written is read back, and what is no receipt is refused."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagemover import receipts
from imagemover.errors import ManifestError
from imagemover.results import Receipt

DIGEST = "sha256:" + "0" * 64
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
RECEIPTS = st.builds(
    Receipt,
    TEXT,
    TEXT,
    st.sampled_from([DIGEST, "sha512:" + "f" * 128]),
    st.lists(TEXT, max_size=3).map(tuple),
    st.integers(0, 2**60),
    st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1)).map(  # noqa: DTZ001  # the zone comes behind it
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=dt.UTC)
    ),
    st.integers(0, 10**9).map(lambda thousandths: thousandths / 1000),
    TEXT,
)


@given(st.lists(RECEIPTS, max_size=3))
def test_receipts_are_read_back(found: list[Receipt]) -> None:
    """Whatever is written is read back the same."""
    assert receipts.read(receipts.write(found).encode()) == tuple(found)


def test_moment_is_utc() -> None:
    """A time of any zone is written in UTC, as RFC 3339 has it."""
    there = dt.timezone(dt.timedelta(hours=2))
    assert receipts.moment(dt.datetime(2025, 11, 25, 22, 14, 5, 120_000, there)) == "2025-11-25T20:14:05.120Z"


GOOD: dict[str, Any] = {
    "source": "a/b:1", "destination": "c/d", "digest": DIGEST, "tags": ["v1"], "bytes_sent": 5,
    "begun": "2025-11-25T20:14:05Z", "seconds": 1.5, "by": "me",
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"source": 1}, {"destination": None}, {"digest": "sha256:0"}, {"digest": None}, {"tags": "v1"}, {"tags": [1]},
        {"bytes_sent": -1}, {"bytes_sent": True}, {"bytes_sent": 1.5}, {"seconds": "1"}, {"seconds": False},
        {"begun": "yesterday"}, {"begun": "2025-11-25T20:14:05+02:00"}, {"begun": "2025-11-25T20:14:05"}, {"by": None},
    ],
)  # fmt: skip
def test_what_is_no_receipt(changed: dict[str, Any]) -> None:
    """A field that is missing or of another kind makes it no receipt; a field that is not known does not matter."""
    assert receipts.from_json(GOOD | {"later": 1}).tags == ("v1",)
    with pytest.raises(ManifestError, match="no receipt"):
        receipts.from_json(GOOD | changed)


@pytest.mark.parametrize(
    "value", [[], {}, {"version": 2, "receipts": []}, {"version": 1}, {"version": 1, "receipts": [7]}]
)
def test_what_is_no_file_of_receipts(value: object) -> None:
    """A file of another version or shape is refused."""
    with pytest.raises(ManifestError):
        receipts.read(json.dumps(value).encode())
