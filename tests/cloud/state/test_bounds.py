"""What nobody stretches or leaves behind in a ledger: claims, a rollback's hold, others' evidence, their own waivers.

The same over the service's databases and a file.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from teamconfig.releases import evidence as evidences
from teamconfig.releases import guarding, promoting, recording
from teamconfig.releases.embedded import EmbeddedLedger
from teamconfig.releases.guarding import By
from teamconfig.releases.promotion import LONGEST_SECONDS
from teamconfig.releases.store import MOST_EVIDENCE
from tests.cloud.state.ledgerkit import STAGING, Kept, going, wanted
from tests.unit.releases import made

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.promotion import Promotion
    from teamconfig.releases.record import Record
    from teamconfig.releases.store import Store


def test_a_claim_is_not_renewed_without_end(kept: Kept) -> None:
    """A promotion whose claim is held again and again ends a day after it began; then another one may begin."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent), seconds=900)
    while kept.now + 800 < first.begun + LONGEST_SECONDS:
        kept.now += 800
        assert kept.step(first, "").expires <= first.begun + LONGEST_SECONDS
    busy = kept.refusal(kept.begin, wanted(parent), "p2", "leo")
    assert busy.reason == "promotion_busy"
    assert "in any case at 2027-01-16 08:00 UTC" in str(busy), "who waits is told the latest end"
    kept.now = first.begun + LONGEST_SECONDS
    late = kept.refusal(kept.step, first, "")
    assert late.reason == "promotion_overdue"
    assert "at most 24 hours" in str(late)
    other = kept.record(made.draft(digest=made.digest("b")))
    assert kept.begin(wanted(other), "p2", "leo").wanted.digest == other.digest
    assert kept.reason(kept.finish, first, going(parent)) == "promotion_ended"


def test_an_overdue_promotion_is_not_resumed(kept: Kept) -> None:
    """Who begins the same once more after a day begins anew: steps and time of the old one do not go on."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent))
    kept.step(first, "move")
    kept.now += LONGEST_SECONDS
    again = kept.begin(wanted(parent))
    assert (again.id != first.id, again.steps, again.begun) == (True, (), kept.now)


def _released(kept: Kept) -> Record:
    """Release an image into staging, and give its record there."""
    parent = kept.record(made.draft())
    return kept.finish(kept.begin(wanted(parent)), going(parent))


def _abandon(kept: Kept, promotion: Promotion) -> None:
    kept.run(lambda store: promoting.abandon(store, promotion.id, "p1", kept.by()))


def test_a_rollback_that_is_given_up_leaves_no_hold(kept: Kept) -> None:
    """Its hold goes with it; a hold that it displaced comes back; one that somebody made meanwhile stays."""
    old = _released(kept)
    back = kept.begin(wanted(old, kind="rollback"))
    assert kept.run(lambda store: store.hold(*STAGING)).digest == old.digest
    _abandon(kept, back)
    assert kept.run(lambda store: store.hold(*STAGING)) is None
    freeze = kept.run(lambda store: guarding.hold(store, *STAGING, "freeze", "", kept.by("sec")))
    kept.now += 5
    _abandon(kept, kept.begin(wanted(old, kind="rollback")))
    assert kept.run(lambda store: store.hold(*STAGING)) == freeze
    kept.now += 5
    back = kept.begin(wanted(old, kind="rollback"))
    kept.now += 5
    later = kept.run(lambda store: guarding.hold(store, *STAGING, "stop", "", kept.by("sec")))
    _abandon(kept, back)
    assert kept.run(lambda store: store.hold(*STAGING)) == later


def test_a_rollback_that_was_replaced_leaves_no_hold(kept: Kept) -> None:
    """A rollback that lapsed, and another one in its place that is given up: what was before both comes back."""
    old = _released(kept)
    freeze = kept.run(lambda store: guarding.hold(store, *STAGING, "freeze", old.digest, kept.by("sec")))
    kept.now += 5
    other = kept.record(made.draft(environment="staging", digest=made.digest("b")))
    kept.begin(wanted(old, kind="rollback"))
    kept.now += 61
    _abandon(kept, kept.begin(wanted(other, kind="rollback")))
    assert kept.run(lambda store: store.hold(*STAGING)) == freeze


def test_a_finished_rollback_holds(kept: Kept) -> None:
    """Once it is recorded, nothing but lifting takes the hold away."""
    old = _released(kept)
    back = kept.begin(wanted(old, kind="rollback"))
    kept.finish(back, going(old, kind="rollback"))
    _abandon(kept, back)
    assert kept.run(lambda store: store.hold(*STAGING)).digest == old.digest


def _keep(kept: Kept, number: int, name: str, **changes: Any) -> Evidence:
    """Hand in evidence as somebody."""
    finding = made.finding(ended=made.NOW - 60.0 + number, **changes)
    who = kept.by(name)
    one = evidences.keep(finding, made_by=who.key, made_by_name=name, made_at=who.now)
    kept.run(lambda store: store.add_evidence(one))
    return one


def test_evidence_of_others_is_not_pushed_out(kept: Kept) -> None:
    """However much somebody hands in, newer than all, what others have handed in is found."""
    genuine = _keep(kept, 0, "lena")

    def flood(store: Store) -> None:
        for number in range(3 * MOST_EVIDENCE):
            finding = made.finding(ended=made.NOW + 1.0 + number, test=f"noise{number % 7}")
            store.add_evidence(evidences.keep(finding, made_by="i|eve", made_by_name="eve", made_at=kept.now))

    kept.run(flood)
    found = kept.run(lambda store: store.evidence("shop", "web", genuine.key.digest, "dev"))
    assert genuine in found
    assert len(found) == MOST_EVIDENCE + 1
    assert [one.ended for one in found] == sorted((one.ended for one in found), reverse=True), "newest first"


@pytest.mark.parametrize(
    ("maker", "counts"),
    [
        (By("i|lena", "lena", made.NOW), False),
        (By("i|leo", "leo", made.NOW), True),
        (By("partner|lena", "lena", made.NOW), False),
        (By("i2|leo", "leo", made.NOW), False),
        (By("https://ci.example|job", "job", made.NOW, is_job=True), True),
    ],
)
def test_who_profits_from_a_waiver(kept: Kept, maker: By, *, counts: bool) -> None:
    """Not who gave it, nor a person of another provider, who may be the same; others of the provider do, and jobs."""
    parent = kept.record(made.draft())
    waive = STAGING, parent.digest, ["evidence"], "it burns", 3600
    waiver = kept.run(lambda store: guarding.waive(store, *waive, kept.by("lena")))
    draft = going(parent)
    record = kept.run(lambda store: recording.record(store, draft, "", maker, made.SIGNER))
    assert record.waivers == ((waiver,) if counts else ())


def test_an_older_file_learns_who_made_evidence(tmp_path: Path) -> None:
    """The file of a version that did not know the makers of evidence gets the column, and keeps what it has."""
    folder = tmp_path / "ledger"
    first = EmbeddedLedger(folder)
    kept = first.put_evidence(dataclasses.replace(made.finding(), started=1.0, ended=2.0))
    first.close()
    with sqlite3.connect(folder / "releases.db") as database:
        database.execute("ALTER TABLE release_evidence DROP COLUMN maker")
    database.close()
    again = EmbeddedLedger(folder)
    assert again.evidence("shop", "web", kept.key.digest) == (kept,)
    assert again.put_evidence(dataclasses.replace(made.finding(), started=1.0, ended=3.0)).id != kept.id
    again.close()
