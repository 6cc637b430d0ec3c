"""Releases over a real TLS server and PostgreSQL: records, evidence, rights, promotions."""

from __future__ import annotations

import dataclasses
import signal
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import audit_pb2, rights_pb2
from teamconfig.releases import chain as chains
from teamconfig.releases.errors import PromotionBusyError
from tests.cloud.service.releasekit import (
    State,
    asked,
    draft,
    granted,
    image,
    ledger,
    on_staging,
    promoted,
    reason,
    smoke,
    wanted,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cloud.service.conftest import People
    from testservers.service import Running

HOUR = 3600


def test_the_service_signs_what_it_keeps(people: People, state: State, app: str) -> None:
    """Records are signed by the service's key, chained, made by who called, and verify offline by the client's keys."""
    dora, digest = ledger(people, "dora", "developers"), image()
    assert not dora.advisory
    first = dora.record(draft(app, "dev", digest), key="d1")
    assert dora.record(draft(app, "dev", digest), key="d1") == first
    assert (first.number, first.made_by_name, first.witnessed, first.grant) == (1, "dora", False, "")
    state.see(app, "dev", digest)
    second = dora.record(draft(app, "dev", digest))
    assert (second.previous, second.witnessed) == (first.id, True)
    third = promoted(dora, second, "staging")
    assert dora.latest("shop", app, "staging") == third
    assert dora.get(third.id[:12]) == third
    assert dora.history("shop", app, "dev") == (second, first)
    chain = chains.from_text(chains.to_text(dora.chain("shop", app)))
    assert chains.verify(chain, dora.keys()).records == (first, second, third)
    assert dora.running(digest, "shop") == (second, third)


def test_who_may_do_what(people: People, state: State, app: str) -> None:
    """Each call asks the policy for its own right; who has none gets nothing, and nothing is kept."""
    del state
    vic, dora = ledger(people, "vic", "viewers"), ledger(people, "dora", "developers")
    lena, sec = ledger(people, "lena", "leads"), ledger(people, "sec", "security")
    nobody = ledger(people, "nobody")
    digest = image()
    refused: list[tuple[Callable[..., object], tuple[object, ...]]] = [
        (vic.record, (draft(app, "dev", digest),)),
        (dora.record, (draft(app, "production", digest),)),
        (sec.record, (draft(app, "dev", digest),)),
        (vic.put_evidence, (smoke(first := dora.record(draft(app, "dev", digest))),)),
        (vic.begin, (wanted(first, "staging"), "p")),
        (vic.reject, (digest, "why", "shop")),
        (dora.reject, (digest, "why")),
        (lena.reject, (digest, "why")),
        (dora.unreject, (digest, "shop")),
        (dora.hold, ("shop", app, "production", "why")),
        (vic.hold, ("shop", app, "dev", "why")),
        (dora.lift, ("shop", app, "production")),
        (dora.waive, ("shop", app, "staging", digest, ["soak"], "why", HOUR)),
        (lena.waive, ("shop", app, "production", digest, ["soak"], "why", HOUR)),
        (nobody.latest, ("shop", app, "dev")),
        (nobody.get, (first.id,)),
        (nobody.chain, ("shop", app)),
        (nobody.evidence, ("shop", app, digest)),
        (nobody.held, ("shop", app, "dev")),
        (nobody.waivers, ("shop", app, "dev", digest)),
        (nobody.rejections, ("shop",)),
    ]
    for what, given in refused:
        assert reason(what, *given) == "no_role", (what, given)
    assert reason(sec.waive, "shop", app, "dev", digest, ["soak"], "why", HOUR) == "no_rule"
    assert nobody.running(digest) == ()
    assert vic.running(digest) == (first,)
    assert vic.rejection("shop", digest) is None
    assert vic.held("shop", app, "production") is None
    assert vic.history("shop", app, "dev") == (first,)


def test_production_takes_evidence_of_the_environment_before(people: People, state: State, app: str) -> None:
    """No grant without the standards' tests: not run, failed, of another profile or too old is none; passed is one."""
    lena = ledger(people, "lena", "leads")
    there = on_staging(lena, state, app)
    client = people.sign_in("lena", "leads")
    assert asked(client, app, there.digest) == "evidence_missing"
    other = "sha256:" + "0" * 64
    for useless in (
        smoke(there, outcome="failed"),
        smoke(there, test="unit"),
        smoke(there, key=dataclasses.replace(smoke(there).key, profile_hash=other)),
        smoke(there, environment="dev"),
    ):
        lena.put_evidence(useless)
        assert asked(client, app, there.digest) == "evidence_missing", useless
    assert reason(lena.begin, wanted(there, "production"), "p1") == "evidence_missing"
    good = lena.put_evidence(smoke(there, age=1.0))
    assert lena.evidence("shop", app, there.digest, "staging")[0] == good
    assert asked(client, app, there.digest) == "requested"
    assert lena.begin(wanted(there, "production"), "p1").wanted.environment == "production"


def test_evidence_that_is_too_old_does_not_count(people: People, state: State, app: str) -> None:
    """Older than the standard of the environment where it shall go: the test has to run again."""
    lena = ledger(people, "lena", "leads")
    there = on_staging(lena, state, app)
    lena.put_evidence(smoke(there, age=HOUR + 5.0))
    client = people.sign_in("lena", "leads")
    with pytest.raises(ServiceError) as caught:
        granted(client, app, there.digest)
    assert caught.value.reason == "evidence_missing"
    assert "counts for 3600 s" in str(caught.value)


def test_a_release_into_production(people: People, state: State, app: str) -> None:
    """Its record names grant, approver and evidence; without a grant, or by one that was used before, there is none."""
    lena, client = ledger(people, "lena", "leads"), people.sign_in("lena", "leads")
    there = on_staging(lena, state, app)
    proof = lena.put_evidence(smoke(there))
    grant = granted(client, app, there.digest)
    leo = people.sign_in("leo", "leads")
    begun = lena.begin(wanted(there, "production"), "p1")
    ending = draft(
        app, "production", there.digest, kind="promote", parent=there.id, evidence=(proof.id,)
    )  # fmt: skip
    assert reason(lena.finish, begun.id, "p1", ending) == "grant_needed"
    leo.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    assert reason(lena.finish, begun.id, "p1", ending) == "grant_needed", "approved is not used"
    state.redeem(grant.id)
    record = lena.finish(begun.id, "p1", ending)
    assert (record.grant, record.approvers) == (grant.id, (leo.session().principal,))
    assert lena.finish(begun.id, "p1", ending) == record
    assert reason(lena.record, dataclasses.replace(ending, url="https://again.example")) == "grant_needed"
    assert chains.verify(lena.chain("shop", app), lena.keys()).records[-1].environment == "staging"
    rows = leo.call("Audit/Read", audit_pb2.ReadAuditRequest(page_size=500, team="payments", action="record")).rows
    assert any(record.id in row.details for row in rows)


def test_an_image_that_did_not_run_before_is_not_promoted(people: People, state: State, app: str) -> None:
    """A record alone is not enough: the service has to have seen it run."""
    del state
    dora = ledger(people, "dora", "developers")
    first = dora.record(draft(app, "dev", image()))
    assert reason(dora.begin, wanted(first, "staging"), "p1") == "digest_unseen"


def test_one_of_two_promotions_wins(people: People, state: State, app: str) -> None:
    """The second is told by whom, with the promotion; one's own dead process is taken over, another's is not."""
    dora, dave, digest = ledger(people, "dora", "developers"), ledger(people, "dave", "developers"), image()
    first = dora.record(draft(app, "dev", digest))
    state.see(app, "dev", digest)
    begun = dora.begin(wanted(first, "staging"), "p1")
    dora.step(begun.id, "p1", "move", "done")
    with pytest.raises(PromotionBusyError) as caught:
        dave.begin(wanted(first, "staging"), "p2")
    assert (caught.value.promotion.id, caught.value.promotion.by_name) == (begun.id, "dora")
    assert "dora is promoting into staging" in str(caught.value)
    with pytest.raises(PromotionBusyError):
        dave.begin(wanted(first, "staging"), "p2", instead_of="p1")
    assert reason(dave.step, begun.id, "p1", "deploy") == "promotion_lost"
    again = dora.begin(wanted(first, "staging"), "p9", instead_of="p1")
    assert (again.id, again.done("move") is not None) == (begun.id, True)
    assert dora.promotion("shop", app, "staging") == again
    dora.abandon(begun.id, "p9", "enough")
    assert dora.promotion("shop", app, "staging") is None


def test_a_killed_service_loses_no_step(people: People, state: State, both: tuple[Running, State], app: str) -> None:
    """Killed between any two calls of a promotion, it goes on with what was done, and ends in one release."""
    dora, digest = ledger(people, "dora", "developers"), image()
    first = dora.record(draft(app, "dev", digest))
    state.see(app, "dev", digest)
    begun = dora.begin(wanted(first, "staging"), "p1", seconds=900)
    for name in ("move", "deploy"):
        dora.step(begun.id, "p1", name, name)
        both[0].stop(signal.SIGKILL)
        both[0].restart()
    ending = draft(app, "staging", digest, kind="promote", parent=first.id)
    resumed = dora.begin(wanted(first, "staging"), "p1")
    assert [one.name for one in resumed.steps] == ["move", "deploy"]
    record = dora.finish(begun.id, "p1", ending)
    both[0].stop(signal.SIGKILL)
    both[0].restart()
    assert dora.finish(begun.id, "p1", ending) == record
    assert dora.history("shop", app, "staging") == (record,)
    chains.verify(dora.chain("shop", app), dora.keys())
