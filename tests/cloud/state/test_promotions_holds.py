"""The hold of a rollback that died before its record: who may make it go, and who may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig.releases import guarding
from tests.cloud.state.ledgerkit import STAGING, Kept, going, wanted
from tests.unit.releases import made

if TYPE_CHECKING:
    from teamconfig.releases.against import Hold
    from teamconfig.releases.promotion import Promotion
    from teamconfig.releases.record import Record


@pytest.fixture(name="old")
def _old(kept: Kept) -> Record:
    """Give the record of an image in staging that lena has rolled back to, in a process that is gone."""
    parent = kept.record(made.draft())
    found = kept.finish(kept.begin(wanted(parent)), going(parent))
    kept.begin(wanted(found, kind="rollback"))
    kept.now += 61
    return found


def _hold(kept: Kept) -> Hold | None:
    found: Hold | None = kept.run(lambda store: store.hold(*STAGING))
    return found


def _open(kept: Kept) -> Promotion:
    found: Promotion = kept.run(lambda store: store.open_promotion(*STAGING))
    return found


def test_who_only_promotes_does_not_lift_the_hold_of_a_rollback(kept: Kept, old: Record) -> None:
    """A promotion of the same image takes the place of somebody else's dead rollback, and what was held stays held."""
    before, newer = _hold(kept), kept.record(made.draft(digest=made.digest("b")))
    parent = kept.run(lambda store: store.of_digest("shop", "web", "dev", old.digest))
    second = kept.begin(wanted(parent), "p2", "ci")
    assert _open(kept) == second, "the rollback has ended"
    assert _hold(kept) == before
    kept.finish(second, going(parent), "p2", "ci")
    assert kept.reason(lambda: kept.begin(wanted(newer), "p3", "ci")) == "environment_held"


def test_its_maker_gives_up_a_rollback_by_promoting(kept: Kept, old: Record) -> None:
    """Who made the dead rollback promotes instead: its hold goes with it."""
    parent = kept.run(lambda store: store.of_digest("shop", "web", "dev", old.digest))
    second = kept.begin(wanted(parent), "p2")
    assert _open(kept) == second
    assert _hold(kept) is None


@pytest.mark.usefixtures("old")
def test_the_next_rollback_of_somebody_else_takes_the_place_of_the_first(kept: Kept) -> None:
    """Another lead's rollback, to another image, holds in their name, and keeps nothing of the first to bring back."""
    other = kept.record(made.draft(environment="staging", digest=made.digest("c")))
    second = kept.begin(wanted(other, kind="rollback"), "p2", "leo")
    hold = _hold(kept)
    assert hold is not None
    assert (hold.digest, hold.by_name) == (other.digest, "leo")
    assert second.displaced is None, "the hold of the first has gone with it"


def test_a_hold_of_somebody_else_is_no_business_of_a_promotion(kept: Kept, old: Record) -> None:
    """Where a dead rollback's hold was made anew meanwhile, whoever promotes leaves that alone, its maker too."""
    stop = kept.run(lambda store: guarding.hold(store, *STAGING, "stop", old.digest, kept.by("sec")))
    parent = kept.run(lambda store: store.of_digest("shop", "web", "dev", old.digest))
    kept.begin(wanted(parent), "p2")
    assert _hold(kept) == stop
