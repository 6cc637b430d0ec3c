"""The plan of a promotion: what refuses it, what lets it go, what it says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from teamconfig import StandardsError, reading, resolve
from teamconfig.releases.evidence import Evidence, Key, Outcome
from teamconfig.releases.ledger import Hold, Promotion, Rejection, Step, Wanted
from teamconfig.releases.record import Record, Waiver
from wps.promotion import plan

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
FILE = "c" * 64
NOW = 1_000_000.0
FILES = {
    "org.yaml": b"org: {name: acme, contact: '#platform', environments: [dev, staging, production]}",
    "teams/payments/team.yaml": b"team: {projects: [shop], owner: '#payments'}",
    "environments/production.yaml": (
        b"standards: {kubernetes: {replicas: 6}, tests: {required: [smoke]}, promotion: {soak: 1h, approvals: 1}}"
    ),
}
TREE = reading.tree(FILES, revision="dir:test", origin="test")
STAGING, PRODUCTION = (
    resolve.profile(TREE, project="shop", app="web", workspace=name) for name in ("staging", "production")
)


def record(**more: Any) -> Record:
    """Make a record of staging."""
    values: dict[str, Any] = {
        "project": "shop", "app": "web", "environment": "staging", "digest": DIGEST, "image": "registry.test/shop/web",
        "profile_revision": "dir:test", "profile_hash": STAGING.digest(), "app_file_hash": FILE, "id": "d" * 64,
        "number": 3, "previous": "", "made_by": "x|ana", "made_by_name": "ana", "made_at": int(NOW) - 7200,
    }  # fmt: skip
    return Record(**values | more)


def evidence(outcome: Outcome = "passed", ended: float = NOW - 60, **key: str) -> Evidence:
    """Make evidence of the test smoke in staging."""
    about = Key(**{"digest": DIGEST, "spec_hash": "e" * 64, "profile_hash": STAGING.digest()} | key)
    return Evidence(
        project="shop", app="web", environment="staging", test="smoke", key=about, outcome=outcome, started=ended - 5,
        ended=ended, id="f" * 64, made_by="x|ci", made_by_name="ci", made_at=int(ended),
    )  # fmt: skip


def waiver(*words: Any, expires: int = int(NOW) + 60) -> Waiver:
    """Make a waiver for production."""
    return Waiver(
        id="1" * 32, project="shop", app="web", environment="production", digest=DIGEST, waives=words, reason="hot fix",
        expires=expires, made_by="x|lead", made_by_name="lead", made_at=int(NOW),
    )  # fmt: skip


GOOD = plan.Facts(
    source=STAGING, target=PRODUCTION, source_hash=STAGING.digest(), target_hash=PRODUCTION.digest(),
    chosen=record(), evidence=[evidence()], app_file_hash=FILE, now=NOW,
    move=plan.Move("a/shop/web", "b/shop/web", 1000, 2, 3),
)  # fmt: skip


def whats(facts: plan.Facts) -> list[str]:
    """Give the first lines of the reasons to refuse."""
    return [one.what for one in plan.make(facts).problems]


def test_what_has_all_that_is_wanted_goes() -> None:
    """With evidence, soak and nothing against it the plan has no problems, and names what it goes on."""
    made = plan.make(GOOD)
    made.check()
    assert (made.problems, made.evidence, made.tests, made.digest) == ((), ("f" * 64,), {"smoke": ""}, DIGEST)
    assert not made.is_there
    assert {one.key for one in made.differences} >= {"kubernetes.replicas", "tests.required", "promotion.soak"}


@pytest.mark.parametrize(
    ("found", "why"),
    [
        ([], "it did not run for this image"),
        ([evidence("failed")], "it failed"),
        ([evidence("error")], "it could not be run"),
        ([evidence(), evidence("failed", NOW - 1)], "it failed"),
        ([evidence(digest=OTHER)], "it did not run for this image"),
        ([evidence(profile_hash=OTHER)], "it ran by other standards than those of now"),
        ([evidence(ended=NOW - 169 * 3600)], "it ran 608400 s ago, and counts for 604800 s"),
    ],
)
def test_evidence_that_does_not_count_refuses(found: list[Evidence], why: str) -> None:
    """Missing, failed, later failed, another image's, another profile's and too old evidence refuse, and say which."""
    made = plan.make(replace(GOOD, evidence=found))
    (problem,) = made.problems
    assert problem.what == f"test smoke does not speak for {DIGEST[:19]} in staging"
    assert problem.why == why
    assert problem.where == "environments/production.yaml:1"
    assert made.evidence == ()


def test_flaky_evidence_counts() -> None:
    """A test that passed at a later try speaks for the image."""
    assert whats(replace(GOOD, evidence=[evidence("flaky")])) == []


def test_soak_is_waited_for() -> None:
    """A release that has not run long enough is refused, with how long to wait."""
    young = replace(GOOD, chosen=record(made_at=int(NOW) - 600))
    (problem,) = plan.make(young).problems
    assert problem.what == f"{DIGEST[:19]} has not run for 1h in staging"
    assert problem.fix.startswith("wait 3000 s")


def test_a_window_that_is_shut_refuses() -> None:
    """Outside of the windows of the standards nothing comes in; a rollback does."""
    body = FILES["environments/production.yaml"].replace(b"soak: 1h", b"soak: 1h, windows: ['Mon-Fri 09:00-17:00']")
    tree = reading.tree(FILES | {"environments/production.yaml": body}, revision="dir:test", origin="test")
    target = resolve.profile(tree, project="shop", app="web", workspace="production")
    facts = replace(GOOD, target=target, now=1_000_000.0 + 3600)  # a Monday, 14:46
    assert whats(facts) == []
    sunday = replace(facts, now=facts.now - 86400, chosen=record(made_at=0), evidence=[evidence(ended=NOW - 90_000)])
    assert whats(sunday) == ["production takes no releases now"]
    assert whats(replace(sunday, kind="rollback", source=None)) == []


def test_a_waiver_spares_what_it_names_until_it_expires() -> None:
    """A waiver of soak spares soak alone; an expired one, or one of another image, spares nothing."""
    bare = replace(GOOD, chosen=record(made_at=int(NOW)), evidence=[])
    assert len(whats(bare)) == 2
    assert [one[:5] for one in whats(replace(bare, waivers=[waiver("soak")]))] == ["test "]
    assert whats(replace(bare, waivers=[waiver("soak", "evidence")])) == []
    assert len(whats(replace(bare, waivers=[waiver("soak", "evidence", expires=int(NOW))]))) == 2
    assert len(whats(replace(bare, waivers=[replace(waiver("soak"), digest=OTHER)]))) == 2


def test_one_test_alone_can_be_waived() -> None:
    """A waiver that names a test spares it, and no other; the plan says so."""
    bare = replace(GOOD, evidence=[])
    assert whats(replace(bare, waivers=[waiver("test:smoke")])) == []
    assert len(whats(replace(bare, waivers=[waiver("test:other")]))) == 1
    assert len(whats(replace(bare, waivers=[waiver("test:")]))) == 1


def test_rejections_and_holds_refuse_whatever_else_is_there() -> None:
    """A rejected image and a held environment refuse promotions and rollbacks; a hold lets its own image through."""
    rejection = Rejection(digest=DIGEST, project="", reason="leaks", by="x|s", by_name="sec", at=1)
    hold = Hold(
        project="shop", app="web", environment="production", digest=OTHER, reason="r", by="x|b", by_name="bo", at=1
    )
    for kind, source in (("promote", STAGING), ("rollback", None)):
        facts = replace(GOOD, kind=kind, source=source)
        assert whats(replace(facts, rejection=rejection)) == [f"image {DIGEST} must not go anywhere"]
        assert whats(replace(facts, hold=hold)) == ["production is held"]
        assert whats(replace(facts, hold=replace(hold, digest=DIGEST))) == []


def test_a_rollback_needs_no_evidence_and_no_soak() -> None:
    """What ran here before comes back at once: production's gates were passed then."""
    assert whats(replace(GOOD, kind="rollback", source=None, evidence=[], chosen=record(made_at=int(NOW)))) == []


def test_without_a_record_there_is_nothing_to_promote() -> None:
    """An environment whose source has no record is told where to begin."""
    made = plan.make(replace(GOOD, chosen=None, evidence=[], move=None))
    with pytest.raises(StandardsError, match="staging has no release record") as caught:
        made.check()
    assert "wps promote --to staging" in str(caught.value)


def test_an_image_that_cannot_be_brought_refuses() -> None:
    """What a registry refuses, refuses the plan, with the registry's word."""
    move = plan.Move("a/shop/web", "b/shop/web", error="it is neither there nor in b/shop/web")
    assert whats(replace(GOOD, move=move)) == ["the image cannot be brought"]


def test_what_is_there_already_is_told_by_image_standards_and_file() -> None:
    """The same image by other standards, or another waypoint.hcl, is not the same release."""
    own = record(environment="production", profile_hash=PRODUCTION.digest())
    assert plan.make(replace(GOOD, current=own)).is_there
    for other in ({"digest": OTHER}, {"profile_hash": OTHER}, {"app_file_hash": "0" * 64}):
        assert not plan.make(replace(GOOD, current=replace(own, **other))).is_there  # type: ignore[arg-type]


def test_edits_since_the_release_are_told() -> None:
    """Standards or waypoint.hcl that were edited since the release are reported, and not absorbed."""
    edited = record(profile_hash=OTHER, profile_revision="dir:old", app_file_hash="0" * 64)
    made = plan.make(replace(GOOD, chosen=edited, evidence=[evidence(profile_hash=OTHER)]))
    assert made.problems == (), "evidence counts that ran by the standards of the release"
    notes = made.notes
    assert "the standards of staging were edited since this release: it was made by revision dir:old" in notes[0]
    assert notes[1] == "waypoint.hcl was edited since this release"
    assert "approve" in notes[2]
    assert len(plan.make(replace(GOOD, is_advisory=False)).notes) == 0


def test_steps_of_the_same_promotion_count_as_done() -> None:
    """A promotion that was broken off goes on; the steps of another one do not count."""
    wanted = Wanted(
        project="shop", app="web", environment="production", digest=DIGEST, kind="promote", parent="d" * 64
    )  # fmt: skip
    running = Promotion(
        id="2" * 32, wanted=wanted, owner="o", by="x|a", by_name="a", begun=1, expires=2, steps=(Step("move", "", 1),)
    )
    assert plan.make(replace(GOOD, running=running)).done == ("move",)
    assert plan.make(replace(GOOD, running=replace(running, ended="abandoned"))).done == ()
    assert plan.make(replace(GOOD, running=replace(running, wanted=replace(wanted, parent="0" * 64)))).done == ()
