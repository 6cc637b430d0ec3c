"""Which part of a revision one app gets, its options, and what is kept of both."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig import parts
from teamconfig.errors import Problem
from teamconfig.identity.principal import Membership, Principal
from teamconfig.service.kept import Kept, who
from teamconfig.service.refusal import Refusal
from teamconfig.service.standards import read_stanzas

FILES = {
    path: path.encode()
    for path in (
        "org.yaml", "environments/dev.yaml", "policy-tests.yaml", "README.md", "teams/payments/team.yaml",
        "teams/payments/environments/dev.yaml", "teams/payments/apps/shop/web/app.yaml",
        "teams/payments/apps/shop/web/environments/dev.yaml", "teams/payments/apps/shop/webshop/app.yaml",
        "teams/payments/apps/shop2/web/app.yaml", "teams/payments2/team.yaml", "teams/search/team.yaml",
        "teams/search/apps/shop/web/app.yaml",
    )
}  # fmt: skip


def test_an_app_gets_its_own_files_only() -> None:
    """Of the company and the team what counts for it; nothing of another team, project or app, however alike named."""
    assert set(parts.of_app(FILES, "payments", "shop", "web")) == {
        "org.yaml", "environments/dev.yaml", "teams/payments/team.yaml", "teams/payments/environments/dev.yaml",
        "teams/payments/apps/shop/web/app.yaml", "teams/payments/apps/shop/web/environments/dev.yaml",
    }  # fmt: skip


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_name_reaches_another_team(project: str, app: str) -> None:
    """Whatever a project or app is called, "../search" too, no file of another team comes out."""
    found = parts.of_app(FILES, "payments", project, app)
    assert not [path for path in found if path.startswith("teams/") and not path.startswith("teams/payments/")]


@pytest.mark.parametrize(
    "content",
    [
        b"{}x", b"[", b"[" * 100_000, b'{"a":' * 50_000, b"1", b"null", b'"x"', b"[1]", b"[[]]", b"[null]", b"[{}]",
        b'[{"section":"a","path":"b","values":1}]', b'[{"section":"a","path":"b","values":"xy"}]', b"\xff\xfe", b"NaN",
        b'[{"section":"a","path":"b"}]', b'{"section":"a"}',
    ],
)  # fmt: skip
def test_options_that_are_none_are_told(content: bytes) -> None:
    """What is not a list of stanzas, however deep, is refused as malformed, in words."""
    with pytest.raises(Refusal) as caught:
        read_stanzas(content)
    assert caught.value.reason == "malformed"


def test_too_many_stanzas_are_told() -> None:
    """There are only so many sections."""
    one = {"section": "kubernetes", "path": "app.web", "values": {}}
    assert len(read_stanzas(json.dumps([one] * 16).encode())) == 16
    with pytest.raises(Refusal):
        read_stanzas(json.dumps([one] * 17).encode())


@given(st.binary(max_size=300))
def test_any_bytes_are_options_or_told(content: bytes) -> None:
    """Whatever is sent as options: stanzas, or a refusal."""
    try:
        read_stanzas(content)
    except Refusal as refusal:
        assert refusal.reason == "malformed"  # noqa: PT017  # either will do


def test_control_characters_never_reach_a_terminal() -> None:
    """A name full of escapes is shown, not obeyed."""
    refusal = Refusal([Problem("project \x1b[2J\u202eevil\r", "why\n  more", "fix\x07", "at \x00")], "not_found")
    assert str(refusal) == "project \\u001b[2J\\u202eevil\\u000d\n  why\n  more\n  fix\\u0007\n  at at \\u0000"
    assert refusal.to_proto("r").problems[0].what == "project \\u001b[2J\\u202eevil\\u000d"


def test_what_follows_from_the_standards_is_made_once() -> None:
    """The same question is answered once for one state of the standards, and anew for the next; errors are not kept."""
    kept, made = Kept(most=2), list[str]()

    def make(name: str) -> str:
        made.append(name)
        return name

    first, second = object(), object()
    for source, name in ((first, "a"), (first, "a"), (first, "b"), (second, "a"), (second, "a"), (first, "a")):
        assert kept.get(source, name, lambda name=name: make(name)) == name  # type: ignore[misc]  # a default
    assert made == ["a", "b", "a", "a"]
    for name in "bcd":
        kept.get(first, name, lambda name=name: make(name))  # type: ignore[misc]  # a default
    assert len(kept._found) == 2
    with pytest.raises(ZeroDivisionError):
        kept.get(first, "bad", lambda: 1 / 0)
    assert kept.get(first, "bad", lambda: "good") == "good"


@pytest.mark.parametrize(
    "changed",
    [
        {"groups": frozenset({"a", "b"})}, {"disabled": True}, {"claims": {"ref": "refs/heads/x"}},
        {"principal": Principal("i", "other")}, {"principal": Principal("i", "s", "", "workload")},
    ],
)  # fmt: skip
def test_whoever_stands_elsewhere_has_another_key(changed: dict[str, Any]) -> None:
    """Whatever a standing depends on is in the key by which it is kept."""
    principal = changed.pop("principal", Principal("i", "s"))
    good = {"groups": frozenset({"a"}), "claims": {"ref": "refs/heads/main"}}
    assert who(Principal("i", "s"), Membership(**good)) != who(principal, Membership(**good | changed))  # type: ignore[arg-type]  # fields
