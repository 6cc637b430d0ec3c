"""Key paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.keys import format_key, nearest, parse_key


@given(
    st.from_regex(r"[a-z_]{1,8}", fullmatch=True),
    st.lists(st.text(st.characters(blacklist_characters='"', min_codepoint=33), min_size=1, max_size=8), max_size=4),
)
def test_round_trip(section: str, rest: list[str]) -> None:
    """What format_key writes, parse_key reads."""
    assert parse_key(format_key((section, *rest))) == (section, *rest)


@pytest.mark.parametrize("text", ["", ".", "a..b", "a[b]", 'a["b', "a b", "a."])
def test_not_a_key(text: str) -> None:
    """What is no key path is not half read as one."""
    assert parse_key(text) is None


def test_nearest() -> None:
    """A mistyped name finds the one it was meant to be, an odd one none."""
    assert nearest("memmory", ["cpu", "memory"]) == "memory"
    assert nearest("zzz", ["cpu", "memory"]) is None
