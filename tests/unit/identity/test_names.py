"""Foreign names and groups: shown safely, looked up in one form, never read as more than they are."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.identity import groups, names, web
from teamconfig.identity.errors import RefusedError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.text())
def test_what_is_shown_is_harmless(text: str) -> None:
    """Whatever a name holds, what is shown of it is one line of visible letters, at most 128."""
    shown = names.printable(text)
    assert len(shown) <= names.MOST_NAME
    assert not {unicodedata.category(letter) for letter in shown} & names.NOT_SHOWN
    assert shown == " ".join(shown.split())
    assert names.printable(shown) == shown


def test_a_name_cannot_command_a_terminal() -> None:
    """Escape sequences, line ends and marks that turn the text around are gone; letters of any script stay."""
    assert names.printable("\x1b[2Jal\nice\u202e\u200b Ångström 李") == "[2Jal ice Ångström 李"


@given(st.text(max_size=300))
def test_a_canonical_name_is_stable(typed: str) -> None:
    """The form for the look-up is its own canonical form, and the same for capitals; what has none is refused."""
    try:
        name = names.canonical(typed)
    except RefusedError as err:
        assert err.reason == "bad_name"  # noqa: PT017  # the other outcome is tested below
        return
    assert names.canonical(name) == name
    assert 0 < len(name) <= names.MOST_TYPED


@given(st.dictionaries(st.sampled_from(["groups", "hasgroups", "_claim_names"]), JSON))
def test_any_claim_gives_groups_or_a_note(values: dict[str, Any]) -> None:
    """Whatever the claim holds, there are either groups out of it, all texts, or none and a note, or an empty list."""
    found, note = groups.of(values, "groups")
    claim = values.get("groups")
    if note:
        assert found == frozenset()
    else:
        assert found == frozenset([claim] if isinstance(claim, str) else claim or [])


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ({}, "missing"),
        ({"groups": None}, "not a list"),
        ({"groups": {"a": 1}}, "not a list"),
        ({"groups": 7}, "not a list"),
        ({"groups": [1]}, "no group"),
        ({"groups": ["a", ""]}, "no group"),
        ({"groups": ["a", "b\n"]}, "no group"),
        ({"groups": ["a", ["b"]]}, "no group"),
        ({"groups": ["a"] * 2001}, "at most"),
        ({"groups": ["a"], "_claim_names": {"groups": "src1"}}, "too many"),
        ({"hasgroups": True}, "too many"),
        ({"hasgroups": "true"}, "too many"),
    ],
)
def test_a_malformed_claim_gives_no_group_at_all(values: dict[str, Any], note: str) -> None:
    """A claim that is missing, of another kind, or wrong in one entry gives no group, and the note says why."""
    found, told = groups.of(values, "groups")
    assert found == frozenset()
    assert note in told


def test_groups_are_kept_as_they_are() -> None:
    """Ids are compared letter by letter: none is trimmed, folded or split."""
    assert groups.of({"groups": ["A", "a", "a,b", "x y"]}, "groups") == (frozenset({"A", "a", "a,b", "x y"}), "")
    assert groups.of({"groups": "admins developers"}, "groups") == (frozenset({"admins developers"}), "")
    assert groups.of({"groups": []}, "groups") == (frozenset(), "")


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://login.corp.example", True),
        ("https://login.corp.example:8443/realms/a", True),
        ("http://127.0.0.1:80", True),
        ("http://[::1]:80", True),
        ("http://localhost/", True),
        ("http://login.corp.example", False),
        ("http://127.0.0.1.corp.example", False),
        ("http://localhost.corp.example", False),
        ("http://2130706433", False),
        ("https://user@login.corp.example", False),
        ("https://user:password@login.corp.example", False),
        ("https://login.corp.example/#a", False),
        ("https://login.corp.example/ x", False),
        ("https://login.corp.example:99999", False),
        ("https://[", False),
        ("ftp://login.corp.example", False),
        ("//login.corp.example", False),
        ("", False),
    ],
)
def test_which_addresses_may_be_asked(url: str, *, good: bool) -> None:
    """Https anywhere, http on this machine only, and neither user, password nor fragment."""
    assert web.permitted(url) is good


@given(st.text(max_size=100))
def test_any_address_is_judged(url: str) -> None:
    """Whatever stands for an address, it is judged, not choked on."""
    assert web.permitted(url) in {True, False}


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_nothing(data: bytes) -> None:
    """Whatever bytes come as JSON, they are an object or nothing."""
    value = web.json_object(data)
    assert value is None or isinstance(value, dict)


@pytest.mark.parametrize(
    "data", [b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[1]", b"7", b"", b"\xff", b"[" * 99999, b'{"a":' * 20]
)
def test_doubtful_json_is_nothing(data: bytes) -> None:
    """JSON that two readers could read differently, or that is no object, is not read."""
    assert web.json_object(data) is None
