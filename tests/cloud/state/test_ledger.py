"""Records, evidence, rejections, holds and waivers of a ledger: the same over the service's databases and a file."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, text

from teamconfig.errors import StandardsError
from teamconfig.identity.principal import Principal
from teamconfig.releases import chain as chains
from teamconfig.releases import guarding, promoting, recording
from teamconfig.releases.store import Store
from teamconfig.state import database as databases
from teamconfig.state import projects
from teamconfig.state.errors import RefusedError
from tests.cloud.state.ledgerkit import DEV, STAGING, Kept, by_writer, going, wanted
from tests.unit.releases import made

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.releases.guarding import By
    from teamconfig.state.database import Database
    from teamconfig.state.writer import Writer


def test_records_are_chained(kept: Kept) -> None:
    """Each record follows the one before it in its environment, and is found by its id, its start, its key."""
    first, second = kept.record(made.draft()), kept.record(made.draft(digest=made.digest("b")), key="k")
    other = kept.record(made.draft(environment="staging"))
    assert [(one.number, one.previous) for one in (first, second, other)] == [(1, ""), (2, first.id), (1, "")]
    assert kept.run(lambda store: store.history(*DEV, 20)) == (second, first)
    assert kept.run(lambda store: store.newest(*DEV)) == second
    assert kept.run(lambda store: store.of_digest(*DEV, first.digest)) == first
    assert kept.run(lambda store: recording.get(store, second.id[:12])) == second
    assert kept.run(lambda store: store.by_key(*DEV, "k")) == second
    assert kept.run(lambda store: store.gaps(*DEV)) == 0
    for start in ("", second.id[:7], "z" * 12, "0" * 64, "%" * 12):
        assert kept.reason(kept.ask, recording.get, start) == "record_unknown"


def test_a_key_records_once(kept: Kept) -> None:
    """The same key in the same environment gives the same record, and is not taken for another release."""
    first = kept.record(made.draft(), key="deploy-7")
    kept.now += 5
    assert kept.record(made.draft(), key="deploy-7") == first
    assert kept.reason(lambda: kept.record(made.draft(url="https://x.example"), key="deploy-7")) == "key_mismatch"
    assert kept.record(made.draft(environment="staging"), key="deploy-7").number == 1
    assert len(kept.run(lambda store: store.history(*DEV, 20))) == 1


def test_a_record_comes_from_a_fitting_one(kept: Kept) -> None:
    """A parent that is not there, of another image or app, or in the wrong environment is refused; nothing is left."""
    parent, other = kept.record(made.draft()), kept.record(made.draft(digest=made.digest("b")))
    alien = kept.record(made.draft(app="api"))
    for bad, told in (
        (going(parent, parent="0" * 64), "parent_unknown"),
        (going(parent, parent=other.id), "parent_mismatch"),
        (going(parent, parent=alien.id), "parent_mismatch"),
        (going(parent, environment="dev"), "parent_mismatch"),
        (going(parent, kind="rollback"), "parent_mismatch"),
    ):
        assert kept.reason(kept.record, bad) == told
    assert kept.run(lambda store: store.newest(*STAGING)) is None
    assert kept.record(going(parent)).parent == parent.id


def test_a_record_goes_on_evidence_that_is_kept(kept: Kept) -> None:
    """Evidence that is named has to be there, once, of this image and app."""
    good, alien = made.evidence(), made.evidence(app="api")
    another = made.evidence(key=dataclasses.replace(good.key, digest=made.digest("b")))
    for one in (good, alien, another, good):
        kept.ask(Store.add_evidence, one)
    for ids in (("0" * 64,), (alien.id,), (another.id,), (good.id, good.id)):
        assert kept.reason(kept.record, made.draft(evidence=ids)) == "evidence_unknown"
    assert kept.record(made.draft(evidence=(good.id,))).evidence == (good.id,)
    assert kept.run(lambda store: store.evidence("shop", "web", good.key.digest)) == (good,)
    assert kept.run(lambda store: store.evidence("shop", "web", good.key.digest, "staging")) == ()


def test_the_chain_of_what_was_kept_verifies(kept: Kept) -> None:
    """What the ledger kept is whole by the offline check, after deploys, a promotion and a rollback."""
    proof = made.evidence()
    kept.run(lambda store: store.add_evidence(proof))
    first = kept.record(made.draft(evidence=(proof.id,)))
    kept.record(made.draft(digest=made.digest("b")))
    kept.finish(kept.begin(wanted(first)), going(first))
    back = wanted(first, "dev", kind="rollback")
    kept.finish(kept.begin(back), going(first, environment="dev", kind="rollback"))
    envelopes = kept.run(lambda store: store.envelopes("shop", "web"))
    whole = chains.link("shop", "web", envelopes, [proof], made.SIGNER, kept.now)
    found = chains.verify(whole, made.trusted()).records
    assert [(one.environment, one.number, one.kind) for one in found] == [
        ("dev", 1, "deploy"), ("dev", 2, "deploy"), ("dev", 3, "rollback"), ("staging", 1, "promote")
    ]  # fmt: skip


def test_the_first_rejection_stays(kept: Kept) -> None:
    """To reject again keeps who did it first, and why; a rollback to it is refused as well."""
    first, second = kept.record(made.draft()), kept.record(made.draft(digest=made.digest("b")))
    assert second.number == 2
    kept.run(lambda store: guarding.reject(store, first.digest, "one", "shop", kept.by("a")))
    kept.now += 9
    again = kept.run(lambda store: guarding.reject(store, first.digest, "two", "shop", kept.by("b")))
    assert (again.reason, again.by_name) == ("one", "a")
    assert kept.run(lambda store: store.rejections("shop")) == [again]
    assert kept.run(lambda store: store.rejections("")) == []
    assert kept.reason(lambda: kept.begin(wanted(first, "dev", kind="rollback"))) == "digest_rejected"


def test_a_rollback_that_is_recorded_holds_too(kept: Kept) -> None:
    """Also without a promotion: a record of a rollback holds its environment for the image that is back."""
    old = kept.record(made.draft())
    kept.record(made.draft(digest=made.digest("b")))
    assert kept.run(lambda store: store.hold(*DEV)) is None
    kept.record(made.draft(kind="rollback", parent=old.id))
    assert kept.run(lambda store: store.hold(*DEV)).digest == old.digest


def test_a_hold_for_nothing_stops_everything(kept: Kept) -> None:
    """A hold without an image takes none, an unnamed one neither; it is replaced by the next hold."""
    parent = kept.record(made.draft())
    kept.run(lambda store: guarding.hold(store, *STAGING, "freeze", "", kept.by("sec")))
    assert "it takes no image" in str(kept.refusal(kept.begin, wanted(parent)))
    for digest in (parent.digest, ""):
        assert kept.reason(kept.ask, guarding.insist, *STAGING, digest) == "environment_held"
    kept.run(lambda store: guarding.hold(store, *STAGING, "this one", parent.digest, kept.by("sec")))
    assert kept.begin(wanted(parent)).id


def test_a_waiver_is_in_the_record(kept: Kept) -> None:
    """Who promotes on somebody's waiver has it in the record; their own, an expired one or another image's is not."""
    parent = kept.record(made.draft())

    def waive(name: str, seconds: int = 600, digest: str = parent.digest) -> Any:
        return kept.run(
            lambda store: guarding.waive(store, STAGING, digest, ["soak"], "fire", seconds, kept.by(name))
        )  # fmt: skip

    good = waive("sec")
    waive("lena")
    waive("sec", digest=made.digest("b"))
    waive("sec", seconds=60)
    kept.now += 60
    record = kept.finish(kept.begin(wanted(parent)), going(parent))
    assert record.waivers == (good,)
    kept.now += 600
    assert kept.run(lambda store: store.waivers(*STAGING, parent.digest, kept.now)) == ()


@pytest.mark.parametrize(
    "bad",
    [
        lambda s, b: guarding.reject(s, "sha256:x", "why", "", b),
        lambda s, b: guarding.reject(s, made.digest(), "  ", "", b),
        lambda s, b: guarding.reject(s, made.digest(), "a\nb", "", b),
        lambda s, b: guarding.hold(s, *DEV, "", "", b),
        lambda s, b: guarding.hold(s, *DEV, "why", "latest", b),
        lambda s, b: guarding.waive(s, DEV, made.digest(), [], "why", 60, b),
        lambda s, b: guarding.waive(s, DEV, made.digest(), ["approvals"], "why", 60, b),  # type: ignore[list-item]  # not waivable
        lambda s, b: guarding.waive(s, DEV, made.digest(), ["soak"], "why", 59, b),
        lambda s, b: guarding.waive(s, DEV, made.digest(), ["soak"], "why", 604_801, b),
        lambda s, b: promoting.begin(s, wanted(made.recorded(made.draft(), 1, "")[0], kind="deploy"), "p", 60, "", b),
        lambda s, b: promoting.begin(s, wanted(made.recorded(made.draft(), 1, "")[0]), "", 60, "", b),
        lambda s, b: promoting.begin(s, wanted(made.recorded(made.draft(), 1, "")[0]), "p", 4, "", b),
        lambda s, b: promoting.begin(s, wanted(made.recorded(made.draft(), 1, "")[0]), "p", 901, "", b),
        lambda s, b: recording.record(s, made.draft(), "a b", b, made.SIGNER),
        lambda s, b: recording.record(s, made.draft(digest="x"), "", b, made.SIGNER),
    ],
)
def test_nonsense_is_refused(kept: Kept, bad: Callable[[Store, By], object]) -> None:
    """A text that nobody could use later is refused with its field, and nothing is kept."""
    with pytest.raises((StandardsError, RefusedError)) as caught:
        kept.run(lambda store: bad(store, kept.by()))
    assert "is not allowed" in str(caught.value)
    assert kept.run(lambda store: store.rejections("shop")) == []
    assert kept.run(lambda store: store.open_promotion(*STAGING)) is None


def test_where_an_image_runs(kept: Kept) -> None:
    """Environments whose newest record is of it, of one project or of all; not those that went on."""
    first = kept.record(made.draft())
    kept.record(made.draft(app="api"))
    kept.record(made.draft(project="till"))
    kept.finish(kept.begin(wanted(first)), going(first))
    kept.record(made.draft(digest=made.digest("b")))
    found = kept.run(lambda store: store.running(first.digest, "shop"))
    assert [(one.app, one.environment) for one in found] == [("api", "dev"), ("web", "staging")]
    assert len(kept.run(lambda store: store.running(first.digest, ""))) == 3


def test_a_changed_row_is_no_record(database: Database, writer: Writer) -> None:
    """Whoever changes or swaps a row in the database is found out at the next look, and nothing follows it."""
    run = by_writer(writer)
    kept = Kept(run)
    first, second = kept.record(made.draft()), kept.record(made.draft(digest=made.digest("b")))
    with database.writing() as tx:
        swap = text(
            "UPDATE release_records SET envelope = (SELECT envelope FROM release_records WHERE id = :a) WHERE id = :b"
        )
        tx.execute(swap, {"a": first.id, "b": second.id})
    for change in (
        lambda store: store.newest(*DEV),
        lambda store: store.envelopes("shop", "web"),
        lambda store: recording.get(store, second.id),
        lambda store: recording.record(store, made.draft(), "", kept.by(), made.SIGNER),
    ):
        assert kept.reason(run, change) == "record_tampered"
    with database.writing() as tx:
        tx.execute(text("DELETE FROM release_records WHERE id = :a"), {"a": first.id})
    assert run(lambda store: store.gaps(*DEV)) == 1


def test_an_older_database_keeps_what_it_has(url: str) -> None:
    """A database of the first version gets the tables of releases, and loses nothing."""
    opened = databases.open(url)
    with opened.writing() as tx:
        config = Config()
        config.set_main_option("script_location", "teamconfig:state/migrations")
        config.attributes["connection"] = tx
        command.upgrade(config, "r0001")
        projects.register(tx, "shop", team="t", remote="r", by=Principal("i", "s"), now=1.0)
        assert "release_records" not in inspect(tx).get_table_names()
    opened.upgrade()
    with opened.reading() as tx:
        assert [one.name for one in projects.page(tx, limit=10)] == ["shop"]
        assert "release_records" in inspect(tx).get_table_names()
    opened.close()
