"""What tests said, kept in the ledger of releases, and found there again.

A narrow seam: without a ledger, or without the image's digest, tests just run.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamtests.outcome import Attempt, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from teamconfig.releases.ledger import Ledger
    from teamconfig.releases.record import Waiver
    from teamtests.planning import Test
    from teamtests.target import Target

RESULT_BYTES = 40 * 1024
"""Of a test's results, as the ledger takes them."""


@dataclass(frozen=True)
class Keeper:
    """The ledger, and by what profile tests run.

    Args:
        ledger: Where evidence is kept.
        profile_hash: `Profile.digest()`.
        max_age: The standard `tests.evidence_max_age`.
    """

    ledger: Ledger
    profile_hash: str
    max_age: timedelta

    def reused(self, tests: Sequence[Test], target: Target) -> list[Outcome]:
        """Find the tests that need not run: they passed for the same image, by the same spec and profile.

        Args:
            tests: Of one stage.
            target: What they test.

        Returns:
            Outcomes of those.
        """
        from teamconfig.releases import evidence as rules  # noqa: PLC0415  # where there is a ledger

        if not target.digest:
            return []
        known = self.ledger.evidence(target.project, target.app, target.digest, target.environment)
        found = []
        for test in tests:
            key = rules.Key(target.digest, test.spec_hash, self.profile_hash)
            one = rules.reusable(known, key, max_age=self.max_age, now=time.time())
            if one is not None and one.test == test.name:
                facts = {"evidence": one.id, "age_seconds": round(time.time() - one.ended)}
                found.append(Outcome(test.name, test.kind, test.origin, "reused", 0.0, 0, Attempt(facts=facts)))
        return found

    def keep(self, tests: Sequence[Test], outcomes: Sequence[Outcome], target: Target) -> list[str]:
        """Keep what tests said.

        Args:
            tests: Of one stage.
            outcomes: What came out.
            target: What they tested.

        Returns:
            Ids of the evidence; none without a digest.

        Raises:
            StandardsError: The ledger cannot be reached, or refuses.
        """
        from teamconfig.releases import evidence as rules  # noqa: PLC0415  # where there is a ledger

        if not target.digest:
            return []
        specs = {test.name: test.spec_hash for test in tests}
        ended = time.time()
        kept = []
        for one in outcomes:
            if one.state == "reused":
                continue
            results = _results(one)
            finding = rules.Finding(
                project=target.project,
                app=target.app,
                environment=target.environment,
                test=one.name,
                key=rules.Key(target.digest, specs[one.name], self.profile_hash),
                outcome=one.state,
                counts=_counts(one),
                report_hash=hashlib.sha256(json.dumps(one.as_json(), sort_keys=True).encode()).hexdigest(),
                started=max(0.0, ended - one.seconds),
                ended=ended,
                results=results,
            )
            kept.append(self.ledger.put_evidence(finding).id)
        return kept

    def waivers(self, target: Target) -> tuple[Waiver, ...]:
        """Find who has spared the image something on its way here.

        Only a promotion that runs can be spared anything, as its record tells of it; and nobody spares themselves.

        Args:
            target: What was tested.

        Returns:
            The waivers that count for who promotes.

        Raises:
            StandardsError: The ledger cannot be reached.
        """
        place = target.project, target.app, target.environment
        running = self.ledger.promotion(*place) if target.digest else None
        if running is None or running.ended or running.wanted.digest != target.digest:
            return ()
        found = self.ledger.waivers(*place, target.digest)
        return tuple(one for one in found if one.made_by != running.by)


def _counts(outcome: Outcome) -> Any:
    from teamconfig.releases.evidence import Counts  # noqa: PLC0415  # where there is a ledger

    states = [case.state for case in outcome.last.cases]
    if not states or (not outcome.passed and "failed" not in states):
        states.append("passed" if outcome.passed else "failed")
    passed = states.count("passed")
    flaky = passed if outcome.state == "flaky" else 0
    return Counts(passed=passed, failed=states.count("failed"), skipped=states.count("skipped"), flaky=flaky)


def _results(outcome: Outcome) -> dict[str, Any]:
    """Give the part of an outcome that a ledger keeps; its output stays in the report."""
    results = {"kind": outcome.kind, "attempts": outcome.attempts, "facts": outcome.last.facts,
               "problems": [text[:500] for text in outcome.last.problems[:20]]}  # fmt: skip
    return results if len(json.dumps(results).encode()) <= RESULT_BYTES else {"kind": outcome.kind}
