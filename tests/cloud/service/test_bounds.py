"""What a caller does not get by another name, by somebody else's grant, or by much: over a real TLS server."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from teamconfig.gen.waypaas.v1 import releases_pb2, rights_pb2
from teamconfig.releases import chain as chains
from teamconfig.releases import evidence as evidences
from teamconfig.releases import statement, wire
from teamconfig.releases.store import MOST_EVIDENCE
from teamconfig.service import evidence, keys
from teamconfig.service.ongoing import OPEN_SECONDS
from teamconfig.state import ledgers
from tests.cloud.service.releasekit import (
    asked,
    draft,
    granted,
    image,
    on_staging,
    reason,
    smoke,
    wanted,
)
from tests.unit.releases import made

if TYPE_CHECKING:
    import pytest

    from tests.cloud.service.world import World

HOUR = 3600


def test_a_waiver_by_another_provider_may_be_ones_own(world: World, app: str) -> None:
    """Who asks does not profit from a waiver of a person of another provider, who may be the same with two names."""
    lena = world.ledger("lena", "leads")
    there = on_staging(lena, world.state, app)
    other = world.ledger("lena", "security", at="partner")
    other.waive("shop", app, "production", there.digest, ["evidence"], "me too", HOUR)
    assert asked(lena._service, app, there.digest) == "evidence_missing"
    assert lena.waivers("shop", app, "production", there.digest) == (), "neither in her plan nor in her gate"
    world.ledger("sec", "security").waive("shop", app, "production", there.digest, ["evidence"], "it burns", HOUR)
    assert asked(lena._service, app, there.digest) == "requested"


def test_a_grant_that_somebody_else_used_is_nobodys_witness(world: World, app: str) -> None:
    """A lead records no release by the grant of another lead, nor by one of their own that another promotion used."""
    lena, leo = world.ledger("lena", "leads"), world.ledger("leo", "leads")
    there = on_staging(lena, world.state, app)
    lena.put_evidence(smoke(there))
    grant = granted(lena._service, app, there.digest)
    leo._service.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    ending = draft(app, "production", there.digest, kind="promote", parent=there.id)
    theirs = leo.begin(wanted(there, "production"), "p2")
    world.state.redeem(grant.id)
    assert reason(leo.finish, theirs.id, "p2", ending) == "grant_needed"
    assert reason(leo.record, ending) == "grant_needed"
    leo.abandon(theirs.id, "p2", "not mine")
    world.state.age(grant.id, OPEN_SECONDS + 5.0)
    mine = lena.begin(wanted(there, "production"), "p1")
    assert reason(lena.finish, mine.id, "p1", ending) == "grant_needed", "it was used long before this promotion"
    world.state.age(grant.id, OPEN_SECONDS - 60.0)
    record = lena.finish(mine.id, "p1", ending)
    assert (record.grant, record.made_by) == (grant.id, lena._service.session().principal)


def test_a_rollback_takes_the_right_to_hold(world: World, app: str) -> None:
    """A job may record a release, and holds nothing: it neither begins a rollback nor records one."""
    dora, job = world.ledger("dora", "developers"), world.job()
    old = on_staging(dora, world.state, app)
    assert reason(job.begin, wanted(old, "staging", "rollback"), "p1") == "no_role"
    back = draft(app, "staging", old.digest, kind="rollback", parent=old.id)
    assert reason(job.record, back) == "no_role"
    assert dora.held("shop", app, "staging") is None
    begun = dora.begin(wanted(old, "staging", "rollback"), "p1")
    dora.abandon(begun.id, "p1", "no need")
    assert dora.held("shop", app, "staging") is None, "what is given up holds nothing"
    assert job.record(draft(app, "dev", image())).made_by_name.startswith("acme/shop")


def test_the_evidence_of_others_does_not_push_out_what_counts(world: World, app: str) -> None:
    """However much newer evidence somebody keeps of an image, what another has handed in opens the way."""
    lena = world.ledger("lena", "leads")
    there = on_staging(lena, world.state, app)
    genuine = lena.put_evidence(smoke(there, age=60.0))
    rows = [
        {"id": f"{app}{number:04d}", "app": app, "digest": there.digest, "ended": time.time() - 1.0 + number / 1000,
         "content": json.dumps({**_content(made.finding()), "test": "noise"})}
        for number in range(3 * MOST_EVIDENCE)
    ]  # fmt: skip
    world.state.flood(rows, "i|eve")
    assert genuine in lena.evidence("shop", app, there.digest, "staging")
    assert asked(lena._service, app, there.digest) == "requested"


def _content(finding: Any) -> dict[str, Any]:
    return evidences.to_json(evidences.keep(finding, made_by="i|eve", made_by_name="eve", made_at=made.NOW))


def test_what_is_listed_is_shared_among_makers() -> None:
    """Where not all fits into an answer, each maker's newest is in it, in the order of time."""
    found = [
        evidences.keep(made.finding(ended=made.NOW - float(number)), made_by=who, made_by_name=who, made_at=made.NOW)
        for number, who in enumerate(["i|eve"] * 8 + ["i|lena", "i|leo"])
    ]
    messages = [wire.evidence_to_proto(one) for one in found]
    kept = evidence.fitting(messages, found, most_bytes=4 * max(one.ByteSize() for one in messages))
    assert [one.id for one in kept] == [found[number].id for number in (0, 1, 8, 9)]
    assert evidence.fitting(messages, found) == messages


def test_a_chain_comes_in_pages(world: World, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages put together are the very chain; what is recorded meanwhile is left out, and it still verifies."""
    dora = world.ledger("dora", "developers")
    for name in ("dev", "staging", "dev", "dev", "staging"):
        dora.record(draft(app, name, image()))
    ask = dora._service.call
    whole = ask("Releases/GetChain", releases_pb2.GetChainRequest(project="shop", app=app))
    assert (len(whole.records), whole.next) == (5, ""), "without a limit as many come as fit"
    monkeypatch.setattr("teamconfig.client.releases._PAGE", 2)
    seen: list[int] = []

    def meanwhile(method: str, request: Any, deadline: float = 5.0) -> Any:
        found = ask(method, request, deadline)
        seen.append(len(found.records))
        if len(seen) == 1:
            for name in ("closed", "dev", "staging"):
                ask("Releases/PutRecord", _put(app, name), 15.0)
        return found

    monkeypatch.setattr(dora._service, "call", meanwhile)
    chain = dora.chain("shop", app)
    assert seen == [2, 2, 1]
    assert list(chain.records) == [one.envelope for one in whole.records]
    assert len(chains.verify(chain, dora.keys()).records) == 5


def test_a_chain_goes_on_only_where_the_app_has_records(world: World, app: str) -> None:
    """What is no `next` is refused: made-up environments, each of which would cost a statement, or odd names."""
    dora = world.ledger("dora", "developers")
    for name in ("dev", "staging", "dev"):
        dora.record(draft(app, name, image()))

    def after(newest: dict[str, Any], environment: str = "dev", number: Any = 1) -> str:
        return json.dumps({"newest": newest, "environment": environment, "number": number})

    def ask(text: str) -> Any:
        request = releases_pb2.GetChainRequest(project="shop", app=app, limit=1, after=text)
        return dora._service.call("Releases/GetChain", request)

    there = {"dev": 2, "staging": 1}
    assert len(ask(after(there)).records) == 1
    many = {f"e{number}": 1 for number in range(8000)}
    bad = [
        "x", "{}", "[" * 2000, after({}), after({"dev": -1}), after({"dev": 3}), after({**there, "made-up": 1}),
        after(many, "e1"), after({**there, **many}), after({"dev": 2}, "staging"), after({"dev\0": 1}, "dev\0"),
        after({"\ud800": 1}, "\ud800"), after({"d" * 201: 1}, "d" * 201), after(there, "", 0),
        after(there, "dev", 2**31), '{"newest": {"dev": 1e999}, "environment": "dev", "number": 1}',
    ]  # fmt: skip
    for text in bad:
        assert reason(ask, text) == "malformed", text[:80]


def test_no_answer_has_a_whole_long_chain(world: World, app: str) -> None:
    """Without a limit an answer has 500 records; the rest follows, also where an environment has left the standards."""
    key = keys.signing(world.running.directory / "state")
    previous = ""
    with world.state.open() as database, database.writing() as tx:
        store = ledgers.store(tx, {})
        for number in range(1, 502):
            of = draft(app, "dev" if number < 501 else "left", image())
            record, _ = made.recorded(of, number if number < 501 else 1, previous if number < 501 else "")
            content = statement.payload(record)
            store.add_record(record, statement.seal(statement.STATEMENT, content, key), "")
            previous = record.id
    dora = world.ledger("dora", "developers")

    def ask(limit: int, after: str = "") -> Any:
        request = releases_pb2.GetChainRequest(project="shop", app=app, limit=limit, after=after)
        return dora._service.call("Releases/GetChain", request, 15.0)

    first = ask(0)
    rest = ask(0, first.next)
    assert (len(first.records), len(rest.records), rest.next) == (500, 1, "")
    assert [len(ask(limit).records) for limit in (-1, 1, 501, 2**31 - 1)] == [1, 1, 500, 500]
    assert len(chains.verify(dora.chain("shop", app), dora.keys()).records) == 501


def _put(app: str, environment: str) -> releases_pb2.PutRecordRequest:
    return releases_pb2.PutRecordRequest(draft=wire.draft_to_proto(draft(app, environment, image())))
