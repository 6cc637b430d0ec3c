"""What tests say for a release: those that ran where it comes from, and those that are run where it goes.

Pure. Runs no test: `testing` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import units
from teamconfig.errors import Problem
from teamconfig.releases import evidence as evidences
from teamconfig.releases.evidence import Key
from teamconfig.releases.record import TEST, spares
from teamtests import planning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.profile import Profile
    from teamconfig.releases.record import Record
    from teamtests.planning import Test
    from wps.promotion.plan import Facts

"""Kinds of tests that ask the deployment from here."""


@dataclass(frozen=True, slots=True)
class Demand:
    """Which tests a deployment has to pass before it gets the traffic.

    Args:
        tests: All of them.
        by_release: Whether `use "test"` in waypoint.hcl runs them when it releases, and nobody else has to.
        blind: Why tests cannot ask the deployment from here; empty if they can.
    """

    tests: tuple[Test, ...] = ()
    by_release: bool = False
    blind: str = ""


NOTHING = Demand()


def before(facts: Facts) -> tuple[dict[str, str], tuple[str, ...]]:
    """Tell of each required test whether there is evidence that counts from where the release comes from, and which.

    What counts ran by the standards that the release was made by, as the service has it too.

    Args:
        facts: What was found out.

    Returns:
        By test, why its evidence does not count, empty if it does; and the ids of what counts.
    """
    if facts.source is None or facts.chosen is None:
        return {}, ()
    required = tuple(facts.target.tests.required or ())
    digest, profile_hash = facts.chosen.digest, facts.chosen.profile_hash
    lacks = evidences.lacking(
        required, facts.evidence, digest=digest, profile_hash=profile_hash,
        max_age=units.parse_duration(facts.target.tests.evidence_max_age or "168h"), now=facts.now,
    )  # fmt: skip
    of_now = [one for one in facts.evidence if (one.key.digest, one.key.profile_hash) == (digest, profile_hash)]
    counting = {}
    for one in sorted(of_now, key=lambda one: one.ended):
        if one.test in required and one.test not in lacks:
            counting[one.test] = one.id
    return {test: lacks.get(test, "") for test in required}, tuple(counting.values())


def here(facts: Facts) -> tuple[tuple[Test, str], ...]:
    """Tell of each test of the deployment whether it runs, or its evidence is reused.

    Args:
        facts: What was found out.

    Returns:
        Each test with the id of the evidence; empty where it runs.
    """
    return tuple((test, _reused(facts, test)) for test in facts.demand.tests)


def _reused(facts: Facts, test: Test) -> str:
    if facts.chosen is None:
        return ""
    key = Key(facts.chosen.digest, test.spec_hash, facts.target_hash)
    age = units.parse_duration(facts.target.tests.evidence_max_age or "168h")
    found = evidences.reusable(facts.evidence_here, key, max_age=age, now=facts.now)
    return found.id if found is not None and found.test == test.name else ""


def lacking(facts: Facts, chosen: Record, tests: dict[str, str], waived: frozenset[str]) -> list[Problem]:
    """Refuse a release that lacks evidence from where it comes from.

    Args:
        facts: What was found out.
        chosen: The record that is promoted.
        tests: As `before` tells of them.
        waived: What is waived.

    Returns:
        The reasons to refuse.
    """
    source = facts.source.environment if facts.source is not None else ""
    fix = (
        f"run it there: wps promote --to {source}; who may waive it: "
        f"wps promote --to {facts.target.environment} --reason TEXT --waive {TEST}"
    )
    return [
        Problem(
            f"test {test} does not speak for {chosen.digest[:19]} in {source}", lack, f"{fix}{test}",
            where(facts.target, "tests.required"), "policy",
        )
        for test, lack in tests.items()
        if lack and not spares(waived, test)
    ]  # fmt: skip


def blind(facts: Facts) -> Iterator[Problem]:
    """Refuse tests that would have to ask a deployment to which no way leads, before anything is deployed.

    Args:
        facts: What was found out.

    Yields:
        The reasons to refuse.
    """
    for test, reused in here(facts):
        if facts.demand.blind and test.kind in planning.ASKING and not reused:
            what = f"test {test.name} of kind {test.kind} cannot ask the deployment in {facts.target.environment}"
            fix = 'let it run beside the deployment: kind: job; or write release { use "test" { url = "http://..." } }'
            yield Problem(what, facts.demand.blind, fix, where(facts.target, "tests.checks"), "policy")


def where(profile: Profile, key: str) -> str:
    """Tell where the standards set a key.

    Args:
        profile: Of an environment.
        key: Of the standards.

    Returns:
        "file:line"; empty if nothing sets it.
    """
    origin = profile.provenance.get(key)
    return origin.winner.where if origin is not None else ""
