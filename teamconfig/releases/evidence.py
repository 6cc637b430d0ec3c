"""Evidence: what a test said of an image in an environment, and when it may be used again.

Owns the values and the rules of age, reuse and sufficiency, all of them pure. Runs no test, knows no storage.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from teamconfig import errors
from teamconfig.errors import Problem
from teamconfig.releases.record import is_digest, is_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

Outcome = Literal["passed", "flaky", "failed", "error"]
OUTCOMES: tuple[Outcome, ...] = ("passed", "flaky", "failed", "error")
"""passed; flaky: passed when it was tried again; failed: the app is wrong; error: the test could not be run."""

SKEW_SECONDS = 120
"""Evidence may end by so much after the ledger's now: clocks differ."""

RESULTS_BYTES = 48 * 1024
"""Results longer than that belong into the report that `report_hash` names."""

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Key:
    """What evidence is about. Where all three are the same, a test need not run again.

    Args:
        digest: Of the image, "sha256:" and 64 hex digits.
        spec_hash: SHA-256 in hex of the test's own specification: kind, URL, command, thresholds.
        profile_hash: `Profile.digest()` of the environment that it ran in.
    """

    digest: str
    spec_hash: str
    profile_hash: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases a test has; `flaky` ones are among the passed.

    Args:
        passed: Passed, at the first try or a later one.
        failed: Failed at each try.
        skipped: Not run.
        flaky: Passed at a later try.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    flaky: int = 0


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What whoever ran a test says of it.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Where it ran.
        test: Its name, as `tests.required` of the standards names it.
        key: What it is about.
        outcome: How it ended.
        counts: Of its cases.
        report_hash: SHA-256 in hex of the whole report (JUnit XML, say); empty if there is none.
        started: Seconds since 1970.
        ended: Seconds since 1970; its age counts from here.
        results: JSON values for people and programs; at most `RESULTS_BYTES` as JSON.
    """

    project: str
    app: str
    environment: str
    test: str
    key: Key
    outcome: Outcome
    counts: Counts = field(default_factory=Counts)
    report_hash: str = ""
    started: float
    ended: float
    results: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evidence(Finding):
    """A finding that a ledger keeps.

    Args:
        id: SHA-256 in hex of all the rest: a record that names it proves it.
        made_by: "issuer|subject" of who handed it in.
        made_by_name: For people.
        made_at: When it was handed in, by the ledger's clock, seconds since 1970.
    """

    id: str
    made_by: str
    made_by_name: str
    made_at: int

    @property
    def passes(self) -> bool:
        """Whether it speaks for the image."""
        return self.outcome in {"passed", "flaky"}


def keep(finding: Finding, *, made_by: str, made_by_name: str, made_at: int) -> Evidence:
    """Turn a finding into evidence, and give it its id.

    Args:
        finding: Checked.
        made_by: "issuer|subject".
        made_by_name: For people.
        made_at: By the ledger's clock, seconds since 1970.

    Returns:
        The evidence.
    """
    values = {one.name: getattr(finding, one.name) for one in fields(Finding)}
    made = Evidence(**values, id="", made_by=made_by, made_by_name=made_by_name, made_at=made_at)
    return Evidence(**{**values, "id": id_of(made)}, made_by=made_by, made_by_name=made_by_name, made_at=made_at)


def id_of(evidence: Evidence) -> str:
    """Compute the id that evidence has to have.

    Args:
        evidence: Any; its own id does not count.

    Returns:
        64 hex digits.
    """
    text = json.dumps(to_json(evidence), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def to_json(evidence: Evidence) -> dict[str, Any]:
    """Write evidence as JSON values.

    Args:
        evidence: Any.

    Returns:
        By field; `id` is left out, as it is the hash of the rest.
    """
    found = {**asdict(evidence), "results": dict(evidence.results)}
    del found["id"]
    return found


def from_json(evidence_id: str, content: Mapping[str, Any]) -> Evidence:
    """Read what `to_json` writes.

    Args:
        evidence_id: Of the evidence; whether it is the hash of the rest is `id_of`'s to say.
        content: JSON values.

    Returns:
        The evidence.

    Raises:
        ValueError: It is no evidence.
    """
    try:
        values = {**content, "key": Key(**content["key"]), "counts": Counts(**content["counts"])}
        return Evidence(id=evidence_id, **values)
    except (KeyError, TypeError, AttributeError) as err:
        raise ValueError("it has other fields than evidence") from err


def check(finding: Finding, now: float) -> None:
    """Refuse a finding that no ledger takes.

    Args:
        finding: Any.
        now: Seconds since 1970.

    Raises:
        StandardsError: A field is not what it has to be (kind option); says each.
    """
    counts = asdict(finding.counts).values()
    good = {
        "project": _plain(finding.project),
        "app": _plain(finding.app),
        "environment": _plain(finding.environment),
        "test": _plain(finding.test),
        "key.digest": is_digest(finding.key.digest),
        "key.spec_hash": is_hash(finding.key.spec_hash),
        "key.profile_hash": is_digest(finding.key.profile_hash),
        "outcome": finding.outcome in OUTCOMES,
        "counts": all(0 <= one < 2**31 for one in counts),
        "report_hash": not finding.report_hash or is_hash(finding.report_hash),
        "started": 0 <= finding.started <= finding.ended,
        "ended": finding.ended <= now + SKEW_SECONDS,
        "results": _size(finding.results) <= RESULTS_BYTES,
    }
    wrong = [name for name, fine in good.items() if not fine]
    if wrong:
        raise errors.StandardsError(
            [
                Problem(f"{name} of the evidence is not allowed", "evidence is kept, and what is kept is checked",
                        f"see {name} in docs/releases.md", name, "option")
                for name in wrong
            ]
        )  # fmt: skip


def reusable(found: Iterable[Evidence], key: Key, *, max_age: timedelta, now: float) -> Evidence | None:
    """Find evidence that makes a test unnecessary. Pure.

    The newest of the same key counts alone: an older pass says nothing once the same test has failed since.

    Args:
        found: Any evidence, in any order.
        key: What the test would be about.
        max_age: The standard `tests.evidence_max_age`.
        now: Seconds since 1970.

    Returns:
        The newest of the key, if it passes and is not too old; else None.
    """
    newest = _newest(one for one in found if one.key == key)
    return newest if newest is not None and newest.passes and _is_young(newest, max_age, now) else None


def lacking(
    required: Sequence[str],
    found: Iterable[Evidence],
    *,
    digest: str,
    profile_hash: str,
    max_age: timedelta,
    now: float,
) -> dict[str, str]:
    """Tell what keeps an image from going on to the next environment. Pure.

    Args:
        required: Names of tests that the standards of the next environment want.
        found: Evidence of the app in the environment before, in any order.
        digest: Of the image.
        profile_hash: Of the environment before, by the standards of now.
        max_age: The standard `tests.evidence_max_age` of the next environment.
        now: Seconds since 1970.

    Returns:
        By name of the test, why there is none that counts; empty if nothing lacks.
    """
    of_image = [one for one in found if one.key.digest == digest]
    lacks: dict[str, str] = {}
    for test in required:
        of_test = [one for one in of_image if one.test == test]
        newest = _newest(one for one in of_test if one.key.profile_hash == profile_hash)
        if newest is None:
            lacks[test] = "it ran by other standards than those of now" if of_test else "it did not run for this image"
        elif not newest.passes:
            lacks[test] = "it failed" if newest.outcome == "failed" else "it could not be run"
        elif not _is_young(newest, max_age, now):
            lacks[test] = f"it ran {int(now - newest.ended)} s ago, and counts for {int(max_age.total_seconds())} s"
    return lacks


def _newest(found: Iterable[Evidence]) -> Evidence | None:
    return max(found, key=lambda one: (one.ended, one.made_at, one.id), default=None)


def _is_young(evidence: Evidence, max_age: timedelta, now: float) -> bool:
    return -SKEW_SECONDS <= now - evidence.ended <= max_age.total_seconds()


def _size(results: Mapping[str, Any]) -> float:
    try:
        return len(json.dumps(dict(results), allow_nan=False).encode())
    except (ValueError, TypeError, RecursionError):
        return float("inf")


def _plain(text: str) -> bool:
    return bool(text) and len(text) <= _LONGEST and text.isprintable()
