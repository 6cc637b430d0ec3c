"""Names at Kubernetes and AWS: their form, stable, and no two things under one name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.credentials import names
from teamconfig.credentials.errors import PolicyError
from teamconfig.credentials.names import ActionClass

WORDS = st.one_of(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", fullmatch=True), st.text(max_size=80))
TRIPLES = st.tuples(WORDS, WORDS, WORDS)


def test_names_are_read_by_people() -> None:
    """Ordinary names stay as they are, so that a manifest, an event or CloudTrail can be read."""
    assert names.service_account("payments", "production", ActionClass.DEPLOY) == "payments.production.deploy"
    assert names.namespace("payments", "dev") == "payments-dev"
    assert names.aws_role("payments", "production") == "waypaas.payments.production"
    assert names.session("payments", "production", "l1") == "payments.production.l1"
    assert names.role(ActionClass.READ) == "waypaas-read"
    assert names.lease("3f2a") == "lease-3f2a"


@given(TRIPLES)
def test_aws_names_have_the_form_that_sts_takes(words: tuple[str, str, str]) -> None:
    """Whatever the words, role, session and source identity have 2 to 64 of the characters that STS takes."""
    for name in (names.aws_role(*words[:2]), names.session(*words), names.source_identity("|".join(words))):
        assert re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII), name


@given(TRIPLES)
def test_kubernetes_names_have_the_form_that_the_api_takes(words: tuple[str, str, str]) -> None:
    """Whatever the words, accounts and leases are DNS names, and namespaces DNS labels."""
    label = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
    account = names.service_account(words[0], words[1], ActionClass.DEPLOY)
    assert len(account) <= 253
    assert re.fullmatch(rf"{label}(\.{label})*", account), account
    assert re.fullmatch(label, names.namespace(*words[:2]))
    lease = names.lease(words[2])
    assert len(lease) <= 253
    assert re.fullmatch(rf"lease-{label}", lease)


@given(TRIPLES, TRIPLES)
def test_other_words_give_another_name(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    """No two teams, environments or leases share an account, a role or a session."""
    if one[:2] != other[:2]:
        kind = ActionClass.READ
        assert names.service_account(*one[:2], kind) != names.service_account(*other[:2], kind)
        assert names.aws_role(*one[:2]) != names.aws_role(*other[:2])
    if one != other:
        assert names.session(*one) != names.session(*other)


def test_dashes_do_not_blur_where_a_name_ends() -> None:
    """Team "a-b" in "c" is not team "a" in "b-c"."""
    assert names.service_account("a-b", "c", ActionClass.READ) != names.service_account("a", "b-c", ActionClass.READ)
    assert names.aws_role("a-b", "c") != names.aws_role("a", "b-c")


@pytest.mark.parametrize("team", ["payments-0123456789", "Payments", "pay_ments", "-", "", "p" * 64])
def test_what_looks_shortened_is_hashed_again(team: str) -> None:
    """A name that is not plain, or looks like a shortened one, gets a hash, and never stays as it is."""
    assert names.part(team) != team
    assert re.fullmatch(r".+-[0-9a-f]{10}", names.part(team))


@pytest.mark.parametrize(
    ("action", "platform", "expected"),
    [
        ("read", "kubernetes", "read"),
        ("logs", "kubernetes", "read"),
        ("deploy", "kubernetes", "deploy"),
        ("promote", "kubernetes", "deploy"),
        ("destroy", "aws", "deploy"),
        ("exec", "kubernetes", "exec"),
        ("read", "ecr", "pull"),
        ("build", "ecr", "build"),
        ("deploy", "ecr", "build"),
        ("promote", "ecr", "build"),
    ],
)
def test_actions_have_their_class(action: str, platform: str, expected: str) -> None:
    """Each action that needs a cloud gets the rights of its class."""
    assert names.action_class(action, platform, protected=False) == expected


@pytest.mark.parametrize("platform", ["kubernetes", "aws"])
def test_exec_in_a_protected_environment_has_no_class(platform: str) -> None:
    """No platform gives a class of rights for exec in a protected environment."""
    with pytest.raises(PolicyError, match="exec is not possible here"):
        names.action_class("exec", platform, protected=True)


@pytest.mark.parametrize(("action", "platform"), [
    ("build", "kubernetes"), ("build", "aws"), ("exec", "ecr"), ("logs", "ecr"), ("destroy", "ecr"), ("approve", "aws"),
    ("lock", "kubernetes"), ("", "aws"), ("deploy", "gcp"),
])  # fmt: skip
def test_other_actions_get_nothing(action: str, platform: str) -> None:
    """What needs no cloud, or is on no platform that we know, gets no credentials."""
    with pytest.raises(PolicyError, match="there are no credentials for action"):
        names.action_class(action, platform, protected=False)
