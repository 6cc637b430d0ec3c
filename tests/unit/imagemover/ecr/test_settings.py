"""Wanted settings against those that are there, and the two policies as texts."""

from __future__ import annotations

import json
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagemover.ecr import policies, settings
from imagemover.ecr.differences import SettingsError
from imagemover.ecr.policies import Lifecycle
from imagemover.ecr.settings import Found, Settings

ACCOUNTS = st.lists(st.from_regex(r"[0-9]{12}", fullmatch=True), max_size=4, unique=True).map(tuple)
PATTERNS = st.lists(st.from_regex(r"[a-z0-9.-]{1,10}\*?", fullmatch=True), min_size=1, max_size=4, unique=True)
TAGS = st.lists(st.from_regex(r"[a-z0-9.-]{1,12}", fullmatch=True), max_size=3, unique=True)


def fits(tags: list[str], rule: dict[str, Any]) -> bool:
    """Tell whether an image with these tags fits a rule, as ECR documents it: every pattern by some tag."""
    selection = rule["selection"]
    if selection["tagStatus"] == "untagged":
        return not tags
    wanted = selection["tagPatternList"]
    return all(any(_like(tag, pattern) for tag in tags) for pattern in wanted)


def _like(tag: str, pattern: str) -> bool:
    head, star, tail = pattern.partition("*")
    return tag.startswith(head) and tag.endswith(tail) if star else tag == pattern


@hypothesis.settings(deadline=None)  # the machine may be busy
@given(PATTERNS, TAGS, st.integers(1, 1000), st.none() | st.integers(1, 90))
def test_a_release_is_never_deleted(patterns: list[str], tags: list[str], keep: int, days: int | None) -> None:
    """The first rule that fits an image with a release tag keeps 100,000, and that shields it from later rules."""
    rules = json.loads(Lifecycle(keep, tuple(patterns), days).text())["rules"]
    assert [rule["rulePriority"] for rule in rules] == list(range(1, len(rules) + 1))
    fitting = [rule for rule in rules if fits(tags, rule)]
    is_release = any(_like(tag, pattern) for tag in tags for pattern in patterns)
    if is_release:
        assert fitting[0]["selection"]["countNumber"] == 100_000
        assert fitting[0]["selection"]["countType"] == "imageCountMoreThan"
    elif tags:
        assert [rule["selection"]["countNumber"] for rule in fitting] == [keep]
    else:
        assert len(fitting) == (days is not None)


@pytest.mark.parametrize(
    ("keep", "patterns", "days"),
    [
        (0, ("v*",), None),
        (100_001, ("v*",), None),
        (5, (), None),
        (5, ("",), None),
        (5, ("v*",), 0),
        (5, ("*" * 5,), 1),
    ],
)
def test_a_dangerous_lifecycle_is_refused(keep: int, patterns: tuple[str, ...], days: int | None) -> None:
    """Numbers out of bounds, too many wildcards, and a rule without any release pattern are errors."""
    with pytest.raises(SettingsError):
        Lifecycle(keep, patterns, days)


@hypothesis.settings(deadline=None)  # the machine may be busy
@given(ACCOUNTS, ACCOUNTS)
def test_a_policy_settles(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    """From any accounts to any others: the policy grants exactly those, and is then right as it is."""
    other = {"Sid": "Other", "Effect": "Deny", "Principal": "*", "Action": "ecr:*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [other]})
    for accounts in (before, after):
        made = policies.with_pullers(text, accounts, "aws")
        text = text if made is None else made
        assert policies.pullers(text) == set(accounts)
        assert policies.with_pullers(text, accounts, "aws") is None
        assert other in json.loads(text)["Statement"]


def test_a_policy_as_ecr_gives_it_back_is_the_same() -> None:
    """One principal as a text instead of a list, a bare account, and actions in another order are no difference."""
    statement = {
        "Sid": policies.SID,
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws-cn:iam::222222222222:root"},
        "Action": list(reversed(policies.PULL_ACTIONS)),
    }
    text = json.dumps({"Version": "2008-10-17", "Statement": statement})
    assert policies.with_pullers(text, ("222222222222",), "aws-cn") is None


@pytest.mark.parametrize(
    "change",
    [{"Action": ["ecr:BatchGetImage"]}, {"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {"Effect": "Deny"}],
)
def test_a_statement_that_was_weakened_is_a_difference(change: dict[str, Any]) -> None:
    """Our statement with fewer actions, a condition or another effect does not count as granted."""
    text = policies.with_pullers("", ("222222222222",), "aws")
    assert text
    policy = json.loads(text)
    policy["Statement"][0] |= change
    assert policies.with_pullers(json.dumps(policy), ("222222222222",), "aws") == text


def test_arns_are_of_the_partition() -> None:
    """In China, the accounts' ARNs are China's."""
    assert "arn:aws-cn:iam::222222222222:root" in str(policies.with_pullers("", ("222222222222",), "aws-cn"))


@pytest.mark.parametrize(
    ("mutability", "filters", "wanted", "expected"),
    [
        ("MUTABLE", (), Settings(is_immutable=True), ["tags is mutable, not immutable"]),
        ("IMMUTABLE", (), Settings(is_immutable=True), []),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev",), Settings(is_immutable=True), []),
        (
            "MUTABLE_WITH_EXCLUSION",
            ("v*",),
            Settings(is_immutable=True),
            ["tags is mutable but for v*, not immutable"],
        ),
        ("IMMUTABLE", (), Settings(is_immutable=False), ["tags is immutable, not mutable"]),
        (
            "IMMUTABLE",
            (),
            Settings(is_immutable=True, mutable_tags=("b", "a")),
            ["tags is immutable, not immutable but for a, b"],
        ),
        ("MUTABLE", (), Settings(), []),
    ],
)
def test_tags_are_compared_with_their_filters(
    mutability: str, filters: tuple[str, ...], wanted: Settings, expected: list[str]
) -> None:
    """Filters that are there are kept unless others are wanted, or mean the opposite."""
    found = Found("r", "arn", mutability, filters)
    assert [str(one) for one in settings.differences(found, wanted)] == expected


@pytest.mark.parametrize(
    ("mutability", "filters", "tag", "expected"),
    [
        ("MUTABLE", (), "v1", False),
        ("IMMUTABLE", (), "v1", True),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*",), "dev-1", False),
        ("IMMUTABLE_WITH_EXCLUSION", ("dev-*",), "Dev-1", True),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "v1", True),
        ("MUTABLE_WITH_EXCLUSION", ("v*",), "main", False),
    ],
)
def test_a_tag_is_frozen_as_ecr_says(mutability: str, filters: tuple[str, ...], tag: str, expected: bool) -> None:  # noqa: FBT001
    """An exclusion turns the rule around for the tags that fit it."""
    assert Found("r", "arn", mutability, filters).freezes(tag) is expected


@pytest.mark.parametrize(
    ("encryption", "key", "wanted", "differs"),
    [
        ("AES256", "", "", False),
        ("AES256", "", "k", True),
        ("KMS", "arn:aws:kms:x:1:key/k", "k", False),
        ("KMS", "arn:aws:kms:x:1:key/k", "arn:aws:kms:x:1:key/k", False),
        ("KMS_DSSE", "arn:aws:kms:x:1:key/k", "k", False),
        ("KMS", "arn:aws:kms:x:1:key/k", "other", True),
        ("KMS", "arn:aws:kms:x:1:key/k", "", True),
    ],
)
def test_encryption_is_compared_by_its_key(encryption: str, key: str, wanted: str, differs: bool) -> None:  # noqa: FBT001
    """A key is the same by id and by ARN; a difference can never be mended."""
    found = settings.differences(Found("r", "arn", encryption=encryption, kms_key=key), Settings(kms_key=wanted))
    assert bool(found) is differs
    assert not any(one.is_mendable for one in found)


def test_a_lifecycle_is_compared_by_its_rules() -> None:
    """Descriptions and the order in the text do not matter; a number does."""
    wanted = Lifecycle(5, ("v*",))
    policy = json.loads(wanted.text())
    policy["rules"].reverse()
    for rule in policy["rules"]:
        rule["description"] = "something else"
    asked = Settings(lifecycle=wanted)
    assert settings.differences(Found("r", "arn", lifecycle=json.dumps(policy)), asked) == ()
    policy["rules"][0]["selection"]["countNumber"] = 6
    assert len(settings.differences(Found("r", "arn", lifecycle=json.dumps(policy)), asked)) == 1
