"""evidence: its id, what is taken, when a test need not run again, and what an image lacks."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamconfig.errors import StandardsError
from teamconfig.releases import evidence as evidences
from teamconfig.releases.evidence import Counts, Evidence, Key
from tests.unit.releases import made

KEY = Key(made.digest(), made.HASH, f"sha256:{made.HASH}")
HOUR = timedelta(hours=1)
OTHER = "0" * 64
RUNS = ((9.0, "passed"), (8.0, "error"), (7.0, "passed"))
"""Seconds ago, and how it ended."""


def reusable(*found: Evidence, key: Key = KEY, max_age: timedelta = HOUR) -> Evidence | None:
    """Ask for reuse now."""
    return evidences.reusable(found, key, max_age=max_age, now=made.NOW)


def lacking(*found: Evidence, required: tuple[str, ...] = ("smoke",), max_age: timedelta = HOUR) -> dict[str, str]:
    """Ask what lacks now."""
    return evidences.lacking(
        required, found, digest=KEY.digest, profile_hash=KEY.profile_hash, max_age=max_age, now=made.NOW
    )  # fmt: skip


def test_evidence_of_the_same_is_reused() -> None:
    """With the same image, test and standards, the test need not run again."""
    found = made.evidence()
    assert reusable(found) == found
    assert reusable(made.evidence(outcome="flaky")) is not None
    assert reusable() is None


@pytest.mark.parametrize("name", ["digest", "spec_hash", "profile_hash"])
def test_evidence_of_another_thing_is_not_reused(name: str) -> None:
    """Another image, another test or other standards: it runs."""
    value = OTHER if name == "spec_hash" else f"sha256:{OTHER}"
    assert reusable(made.evidence(), key=dataclasses.replace(KEY, **{name: value})) is None


@pytest.mark.parametrize("outcome", ["failed", "error"])
def test_a_later_failure_ends_an_older_pass(outcome: Any) -> None:
    """The newest counts alone; an older failure is forgotten once it passes."""
    old, new = made.evidence(ended=made.NOW - 80.0), made.evidence(outcome=outcome)
    assert reusable(old, new) is None
    assert reusable(made.evidence(outcome=outcome, ended=made.NOW - 80.0), made.evidence()) is not None


def test_the_age_limit_is_exact() -> None:
    """At the limit it counts, a second later it does not; nor does evidence of the future, beyond the clocks' skew."""
    limit = timedelta(seconds=60)
    assert reusable(made.evidence(ended=made.NOW - 60.0), max_age=limit) is not None
    assert reusable(made.evidence(ended=made.NOW - 60.001), max_age=limit) is None
    assert reusable(made.evidence(ended=made.NOW + 120.0), max_age=limit) is not None
    assert reusable(made.evidence(ended=made.NOW + 121.0), max_age=limit) is None


@given(st.permutations([made.evidence(ended=made.NOW - one, outcome=out) for one, out in RUNS]))
def test_the_order_does_not_matter(found: list[Evidence]) -> None:
    """However evidence is listed, the answer is the same."""
    assert reusable(*found) == made.evidence(ended=made.NOW - 7.0)
    assert lacking(*found) == {}


def test_what_lacks_is_told_by_its_cause() -> None:
    """Not run, run by other standards, failed, could not run, too old: each has its words; else nothing lacks."""
    elsewhere = dataclasses.replace(KEY, profile_hash=f"sha256:{OTHER}")
    cases = [
        ((), "it did not run for this image"),
        ((made.evidence(key=dataclasses.replace(KEY, digest=f"sha256:{OTHER}")),), "it did not run for this image"),
        ((made.evidence(test="unit"),), "it did not run for this image"),
        ((made.evidence(key=elsewhere),), "it ran by other standards than those of now"),
        ((made.evidence(outcome="failed"),), "it failed"),
        ((made.evidence(outcome="error"),), "it could not be run"),
        ((made.evidence(ended=made.NOW - 3601.0, started=0.0),), "it ran 3601 s ago, and counts for 3600 s"),
    ]
    for found, told in cases:
        assert lacking(*found) == {"smoke": told}
    assert lacking(made.evidence()) == {}
    assert lacking(required=()) == {}
    assert set(lacking(made.evidence(), required=("smoke", "unit", "load"))) == {"unit", "load"}


def test_the_spec_of_a_test_may_change_between() -> None:
    """The newest run of a test counts, by whichever specification: the standards name tests by their names."""
    newer = dataclasses.replace(KEY, spec_hash=OTHER)
    assert lacking(made.evidence(ended=made.NOW - 80.0), made.evidence(key=newer, outcome="failed")) == {
        "smoke": "it failed"
    }


def test_the_id_is_of_everything() -> None:
    """Each field that differs gives another id, and JSON gives back the same evidence."""
    found = made.evidence()
    assert evidences.from_json(found.id, evidences.to_json(found)) == found
    assert evidences.id_of(found) == found.id
    others = [
        made.evidence(test="unit"), made.evidence(outcome="flaky"), made.evidence(counts=Counts(passed=2)),
        made.evidence(report_hash=OTHER), made.evidence(started=1.0), made.evidence(ended=made.NOW - 59.0),
        made.evidence(results={}), made.evidence(key=dataclasses.replace(KEY, spec_hash=OTHER)),
        made.evidence(environment="staging"), dataclasses.replace(found, made_by="i|t"),
    ]  # fmt: skip
    ids = {evidences.id_of(one) for one in others}
    assert len(ids) == len(others)
    assert found.id not in ids


@pytest.mark.parametrize("content", [{}, {"key": {}}, {"key": None, "counts": None}, {"key": {"digest": 1, "more": 2}}])
def test_other_json_is_no_evidence(content: dict[str, Any]) -> None:
    """What lacks fields, or has others, is refused."""
    with pytest.raises(ValueError, match="other fields"):
        evidences.from_json("x", content)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("test", {"test": ""}), ("test", {"test": "a\nb"}), ("project", {"project": "x" * 201}),
        ("key.digest", {"key": Key("x", made.HASH, f"sha256:{made.HASH}")}),
        ("key.spec_hash", {"key": Key(made.digest(), "x", f"sha256:{made.HASH}")}),
        ("key.profile_hash", {"key": Key(made.digest(), made.HASH, made.HASH)}),
        ("outcome", {"outcome": "fine"}), ("counts", {"counts": Counts(passed=-1)}),
        ("report_hash", {"report_hash": "x"}),
        ("started", {"started": made.NOW + 0.0}), ("ended", {"ended": made.NOW + 121.0}),
        ("results", {"results": {"log": "x" * 50_000}}),
        ("results", {"results": {"p99": float("nan")}}),
        ("results", {"results": {"log": b"bytes"}}),
    ],
)  # fmt: skip
def test_a_finding_is_checked(name: str, change: dict[str, Any]) -> None:
    """A field that is not what it has to be is named, and the finding is refused."""
    with pytest.raises(StandardsError) as caught:
        evidences.check(made.finding(**change), made.NOW)
    assert caught.value.problems[0].where == name
    evidences.check(made.finding(), made.NOW)
