"""Names and tags: valid for AWS, stable, and never shared by two apps or workspaces."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from team_ecs import names
from teamplugin.identity import Identity

TARGET_GROUP = re.compile(r"(?!internal-)[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?")
TAG_VALUE = re.compile(r"[\w\s+\-=.:/@]{0,256}")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=80) | st.from_regex(r"[a-z -]{1,60}", fullmatch=True)
IDENTITIES = st.builds(Identity, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
SEQUENCES = st.integers(0, 2**32 - 1)


@given(IDENTITIES, SEQUENCES)
def test_behaviour_21_names_fit(identity: Identity, sequence: int) -> None:
    """Whatever an app is called, its service and target group have a name that AWS accepts, within 32 characters."""
    assert TARGET_GROUP.fullmatch(names.service(identity, sequence))
    assert TARGET_GROUP.fullmatch(names.family(identity))
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,31})?", names.container(identity.app))


def test_behaviour_21_names_are_stable() -> None:
    """The same app in the same workspace has the same names in every run, whatever team it belongs to by then."""
    identity = Identity("shop", "web", "default", "dev", "payments")
    assert names.service(identity, 7) == "web-152b26f8-v7"
    assert names.service(Identity("shop", "web", "default", "x", "y"), 7) == "web-152b26f8-v7"
    assert names.service(Identity("shop", "internal", "default", "dev", "x"), 1).startswith("x-internal-")


@given(st.tuples(TEXTS, TEXTS, TEXTS), st.tuples(TEXTS, TEXTS, TEXTS), SEQUENCES)
def test_behaviour_21_two_workspaces_have_two_names(
    one: tuple[str, str, str], other: tuple[str, str, str], sequence: int
) -> None:
    """Apps that differ in project, name or workspace never have a name in common."""
    assume(one != other)
    first, second = Identity(*one, "dev", "payments"), Identity(*other, "dev", "payments")
    assert names.service(first, sequence) != names.service(second, sequence)
    assert not names.is_ours(names.service(first, sequence), second)
    assert names.is_ours(names.service(first, sequence), first)


@given(TEXTS | st.text(min_size=250, max_size=300).filter(lambda text: text.isprintable()))
def test_tag_values_fit(text: str) -> None:
    """Any text makes a tag's value that AWS accepts, and what fits stays as it is."""
    assert TAG_VALUE.fullmatch(names.tag_value(text))
    if TAG_VALUE.fullmatch(text):
        assert names.tag_value(text) == text


def test_long_tag_values_differ_at_their_ends() -> None:
    """Two texts that are too long, and differ in their last letter only, make two values."""
    assert names.tag_value("a" * 300 + "b") != names.tag_value("a" * 300 + "c")


def test_the_owner_is_what_the_session_policy_compares() -> None:
    """The tag of the owner is team, a slash, and environment, as the service's sessions are tagged."""
    assert names.owner(Identity("shop", "web", "default", "dev", "payments"))["waypaas:owner"] == "payments/dev"
