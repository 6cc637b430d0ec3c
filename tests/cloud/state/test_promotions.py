"""Promotions as claims: one wins, a broken off one is resumed; the same over the service's databases and a file."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from typing import TYPE_CHECKING

from teamconfig.releases import chain as chains
from teamconfig.releases import guarding, promoting
from teamconfig.state import database as databases
from teamconfig.state.errors import RefusedError
from teamconfig.state.writer import Writer
from tests.cloud.state.conftest import KEY
from tests.cloud.state.ledgerkit import DEV, STAGING, Kept, by_writer, going, wanted
from tests.unit.releases import made

if TYPE_CHECKING:
    from testservers.postgres import Postgres


def test_one_of_two_promotions_wins(kept: Kept) -> None:
    """Who comes second is told by whom, what and how far; another environment is free."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent))
    kept.step(first, "move")
    found = kept.refusal(kept.begin, wanted(parent), "p2", "leo")
    assert found.reason == "promotion_busy"
    told = str(found)
    assert "lena is promoting into staging of shop/web" in told
    assert "done so far: move" in told
    assert kept.reason(lambda: kept.begin(wanted(parent), "p2")) == "promotion_busy", "the same user's other process"
    assert kept.begin(wanted(parent, "production"), "p2", "leo").wanted.environment == "production"


def test_threads_that_begin_at_once_get_one_claim(shared: Kept) -> None:
    """However many come at the same moment, one has the claim."""
    parent = shared.record(made.draft())
    won: list[str] = []

    def come(name: str) -> None:
        with contextlib.suppress(RefusedError):
            won.append(shared.begin(wanted(parent), name).owner)

    threads = [threading.Thread(target=come, args=(f"p{number}",)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(won) == 1


def test_a_broken_off_promotion_is_resumed(kept: Kept) -> None:
    """After its claim has expired anybody goes on; steps count for who made them, and the first owner has to stop."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent))
    kept.step(first, "move", "sha256:abc")
    kept.now += 61
    again = kept.begin(wanted(parent), "p1")
    assert [(one.name, one.result) for one in again.steps] == [("move", "sha256:abc")]
    kept.now += 61
    second = kept.begin(wanted(parent), "p2", "leo")
    assert (second.id, second.by_name) == (first.id, "leo")
    assert second.steps == (), "what somebody else says that they have done is done again"
    assert kept.reason(lambda: kept.step(first, "deploy")) == "promotion_lost"
    assert kept.reason(lambda: kept.finish(first, going(parent))) == "promotion_lost"
    assert kept.finish(second, going(parent), "p2", "leo").made_by_name == "leo"


def test_a_step_holds_the_claim(kept: Kept) -> None:
    """Each step, and an empty one, holds the claim for as long again; a step keeps its first result."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent), seconds=10)
    for _ in range(3):
        kept.now += 9
        first = kept.step(first, "")
    assert first.expires == kept.now + 10
    assert first.steps == ()
    kept.step(first, "move", "a")
    again = kept.step(first, "move", "b")
    assert [(one.name, one.result) for one in again.steps] == [("move", "a")]
    kept.now += 11
    assert kept.step(first, "deploy").done("deploy") is not None, "nobody has taken over: it may go on"


def test_a_process_that_is_gone_need_not_be_waited_for(kept: Kept) -> None:
    """Who knows that their own process is gone takes over at once; nobody takes over another's."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent))
    assert kept.reason(lambda: kept.begin(wanted(parent), "p2", instead_of="p9")) == "promotion_busy"
    assert kept.reason(lambda: kept.begin(wanted(parent), "p2", "leo", instead_of="p1")) == "promotion_busy"
    assert kept.begin(wanted(parent), "p2", instead_of="p1").id == first.id
    assert kept.reason(kept.step, first, "late") == "promotion_lost", "should it live after all, it stops"


def test_another_wish_starts_from_nothing(kept: Kept) -> None:
    """After an expired claim for another image a new promotion begins, and the old one has ended."""
    parent, other = kept.record(made.draft()), kept.record(made.draft(digest=made.digest("b")))
    first = kept.begin(wanted(parent))
    kept.step(first, "move")
    kept.now += 61
    second = kept.begin(wanted(other), "p2")
    assert second.id != first.id
    assert second.steps == ()
    assert kept.reason(lambda: kept.step(first, "deploy")) == "promotion_ended"
    assert kept.run(lambda store: store.open_promotion(*STAGING)) == second


def test_a_promotion_ends_once(kept: Kept) -> None:
    """Ending it again gives the same record; afterwards the environment is free, and steps are refused."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent))
    record = kept.finish(first, going(parent))
    kept.now += 3
    assert kept.finish(first, going(parent)) == record
    assert kept.run(lambda store: len(store.history(*STAGING, 20))) == 1
    assert kept.run(lambda store: store.open_promotion(*STAGING)) is None
    assert kept.reason(lambda: kept.step(first, "late")) == "promotion_ended"
    assert kept.begin(wanted(parent), "p2", "leo").id != first.id


def test_a_promotion_ends_with_what_it_was_for(kept: Kept) -> None:
    """A record of another image, environment or parent does not end it, and it goes on."""
    parent, other = kept.record(made.draft()), kept.record(made.draft(digest=made.digest("b")))
    first = kept.begin(wanted(parent))
    for bad in (going(other), going(parent, environment="production"), going(parent, kind="rollback")):
        assert kept.reason(kept.finish, first, bad) == "promotion_mismatch"
    assert kept.run(lambda store: store.open_promotion(*STAGING)) == first


def test_an_abandoned_promotion_is_over(kept: Kept) -> None:
    """It cannot be finished, and the next one starts from nothing; to abandon it twice changes nothing."""
    parent = kept.record(made.draft())
    first = kept.begin(wanted(parent))
    kept.step(first, "move")
    for _ in range(2):
        assert kept.run(lambda store: promoting.abandon(store, first.id, "p1", kept.by())).ended == "abandoned"
    assert kept.reason(lambda: kept.finish(first, going(parent))) == "promotion_ended"
    assert kept.begin(wanted(parent), "p1").steps == ()
    assert kept.reason(lambda: kept.step(dataclasses.replace(first, id="0" * 32), "x")) == "promotion_unknown"


def test_a_rejected_image_does_not_begin(kept: Kept) -> None:
    """Rejected for the project or for all, it is told by whom and why; taken back, it goes again."""
    parent = kept.record(made.draft())
    for project in ("shop", ""):
        kept.ask(guarding.reject, parent.digest, "broken", project, kept.by("sec"))
        found = kept.refusal(kept.begin, wanted(parent))
        assert found.reason == "digest_rejected"
        assert "sec rejected it" in str(found)
        assert "broken" in str(found)
        kept.ask(guarding.unreject, parent.digest, project)
    kept.run(lambda store: guarding.reject(store, parent.digest, "theirs", "search", kept.by("sec")))
    assert kept.begin(wanted(parent)).wanted.digest == parent.digest, "another project's rejection is theirs"
    assert kept.reason(lambda: kept.run(lambda s: guarding.unreject(s, parent.digest, "shop"))) == "rejection_unknown"


def test_a_rollback_holds_until_it_is_lifted(kept: Kept) -> None:
    """From its beginning on the environment takes its image alone; lifted, it takes others; there is one to lift."""
    first, second = kept.record(made.draft()), kept.record(made.draft(digest=made.digest("b")))
    for one in (first, second):
        kept.finish(kept.begin(wanted(one)), going(one))
    old = kept.run(lambda store: store.of_digest(*STAGING, first.digest))
    back = kept.begin(wanted(old, kind="rollback"))
    hold = kept.run(lambda store: store.hold(*STAGING))
    assert (hold.digest, hold.by_name) == (first.digest, "lena")
    record = kept.finish(back, going(old, kind="rollback"))
    assert (record.kind, record.parent) == ("rollback", old.id)
    assert kept.reason(lambda: kept.begin(wanted(second))) == "environment_held"
    assert kept.begin(wanted(first)).wanted.digest == first.digest
    kept.run(lambda store: guarding.lift(store, *STAGING))
    kept.now += 61
    assert kept.begin(wanted(second), "p2").wanted.digest == second.digest
    assert kept.reason(lambda: kept.run(lambda store: guarding.lift(store, *STAGING))) == "not_held"


def test_two_replicas_keep_one_chain(server: Postgres) -> None:
    """Two services on one PostgreSQL that record at once get numbers without gaps, and one claim between them."""
    url = server.database()
    with contextlib.ExitStack() as stack:
        both = []
        for _ in range(2):
            opened = databases.open(url)
            stack.callback(opened.close)
            opened.upgrade()
            writer = Writer(opened, KEY)
            stack.callback(writer.close)
            both.append(Kept(by_writer(writer)))
        parent = both[0].record(made.draft())
        won: list[str] = []

        def work(kept: Kept, name: str) -> None:
            for number in range(4):
                kept.record(made.draft(digest=made.digest(f"{name} {number}")))
            with contextlib.suppress(RefusedError):
                won.append(kept.begin(wanted(parent), name).owner)

        threads = [
            threading.Thread(target=work, args=(both[number % 2], f"p{number}")) for number in range(6)
        ]  # fmt: skip
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert len(won) == 1
        found = both[1].run(lambda store: store.history(*DEV, 100))
        assert [one.number for one in found] == list(range(25, 0, -1))
        envelopes = both[1].run(lambda store: store.envelopes("shop", "web"))
        whole = chains.link("shop", "web", envelopes, [], made.SIGNER, made.NOW)
        assert len(chains.verify(whole, made.trusted()).records) == 25
