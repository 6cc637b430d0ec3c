"""Which tests of a deployment run before it gets the traffic, which are reused, and which cannot run at all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from teamconfig import reading, resolve
from teamconfig.releases.evidence import Evidence, Key, Outcome
from teamtests import planning
from wps.promotion import plan, proving

if TYPE_CHECKING:
    from teamtests.planning import Test

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
NOW = 1_000_000.0
CHECKS = b"standards: {tests: {checks: [{name: smoke}, {name: lint, kind: command, command: [make]}]}}"
TREE = reading.tree(
    {
        "org.yaml": b"org: {name: acme, contact: '#platform', environments: [dev, staging]}",
        "teams/payments/team.yaml": b"team: {projects: [shop], owner: '#payments'}",
        "environments/staging.yaml": CHECKS,
    },
    revision="dir:test",
    origin="test",
)
DEV, STAGING = (resolve.profile(TREE, project="shop", app="web", workspace=name) for name in ("dev", "staging"))
SMOKE, LINT = planning.plan(STAGING.tests, [], "release", "")


def facts() -> plan.Facts:
    """Give what is known of a release that comes from dev."""
    from tests.unit.wps.promotion.test_plan import record  # noqa: PLC0415  # the same record

    chosen = record(environment="dev", profile_hash=DEV.digest())
    return plan.Facts(
        source=DEV, target=STAGING, source_hash=DEV.digest(), target_hash=STAGING.digest(), chosen=chosen,
        app_file_hash=chosen.app_file_hash, now=NOW, demand=proving.Demand((SMOKE, LINT)),
    )  # fmt: skip


def evidence(test: Test, outcome: Outcome = "passed", ended: float = NOW - 60, **key: str) -> Evidence:
    """Make evidence of a test in staging."""
    about = Key(**{"digest": DIGEST, "spec_hash": test.spec_hash, "profile_hash": STAGING.digest()} | key)
    return Evidence(
        project="shop", app="web", environment="staging", test=test.name, key=about, outcome=outcome,
        started=ended - 5, ended=ended, id=f"id of {test.name}", made_by="x|ci", made_by_name="ci", made_at=int(ended),
    )  # fmt: skip


def reused(*found: Evidence) -> dict[str, str]:
    """Give the evidence that is reused, by test."""
    return {test.name: one for test, one in plan.make(replace(facts(), evidence_here=found)).checks}


def test_only_evidence_of_this_very_test_is_reused() -> None:
    """Evidence counts for its image, its description and the standards of now; all else runs."""
    assert reused() == {"smoke": "", "lint": ""}
    assert reused(evidence(SMOKE)) == {"smoke": "id of smoke", "lint": ""}
    others = evidence(SMOKE, digest=OTHER), evidence(SMOKE, spec_hash="0" * 64), evidence(SMOKE, profile_hash=OTHER)
    assert reused(*others) == {"smoke": "", "lint": ""}


@pytest.mark.parametrize(
    "found",
    [[evidence(SMOKE, "failed")], [evidence(SMOKE), evidence(SMOKE, "failed", NOW - 1)],
     [evidence(SMOKE, ended=NOW - 169 * 3600)]],
)  # fmt: skip
def test_failed_and_old_evidence_is_not_reused(found: list[Evidence]) -> None:
    """A failure, a later failure, and a pass that is too old let the test run again."""
    assert reused(*found)["smoke"] == ""


def test_tests_that_find_no_way_refuse_the_plan() -> None:
    """A test that would ask a deployment which nobody can reach refuses it, unless its evidence is there already."""
    blind = replace(facts(), demand=proving.Demand((SMOKE, LINT), blind="no way leads there"))
    (problem,) = plan.make(blind).problems
    assert problem.what == "test smoke of kind http cannot ask the deployment in staging"
    assert (problem.why, problem.where) == ("no way leads there", "environments/staging.yaml:1")
    assert "kind: job" in problem.fix
    assert plan.make(replace(blind, evidence_here=[evidence(SMOKE)])).problems == ()
    assert plan.make(facts()).problems == ()
