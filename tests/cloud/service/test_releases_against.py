"""What stops a release, over a real TLS server and PostgreSQL: rejections, holds, windows, tampering; and waivers."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from teamconfig.gen.waypaas.v1 import audit_pb2, rights_pb2
from teamconfig.releases.errors import LedgerError
from tests.cloud.service.releasekit import (
    State,
    asked,
    draft,
    granted,
    image,
    ledger,
    on_staging,
    reason,
    smoke,
    wanted,
)

if TYPE_CHECKING:
    from tests.cloud.service.conftest import People
    from testservers.service import Running

HOUR = 3600


def test_a_rejected_image_is_refused_everywhere_at_once(
    people: People, state: State, both: tuple[Running, State], app: str
) -> None:
    """Grants, their use, credentials, promotions: refused from the next call on, also after a restart."""
    dora, lena = ledger(people, "dora", "developers"), ledger(people, "lena", "leads")
    client, leo = people.sign_in("lena", "leads"), people.sign_in("leo", "leads")
    there = on_staging(lena, state, app)
    lena.put_evidence(smoke(there))
    grant = granted(client, app, there.digest)
    leo.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    token = client.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id)).token
    rejection = dora.reject(there.digest, "leaks memory", "shop")
    assert (rejection.by_name, rejection.reason) == ("dora", "leaks memory")

    def all_refuse() -> None:
        assert asked(client, app, there.digest) == "digest_rejected"
        assert reason(client.redeem, token, there.digest, "kubernetes") == "digest_rejected"
        given = "shop", app, "dev", "deploy", "kubernetes", (), there.digest
        assert reason(people.sign_in("dora", "developers").credentials, *given) == "digest_rejected"
        assert reason(lena.begin, wanted(there, "production"), "p1") == "digest_rejected"

    all_refuse()
    both[0].restart()
    all_refuse()
    assert {one.environment for one in dora.running(there.digest, "shop")} == {"dev", "staging"}
    assert reason(dora.unreject, there.digest, "shop") == "no_role"
    ledger(people, "leo", "leads").unreject(there.digest, "shop")
    assert lena.begin(wanted(there, "production"), "p1").id


def test_nobody_takes_back_their_own_rejection(people: People, state: State) -> None:
    """Another person has to; what is rejected for all projects is a matter of the company's roles."""
    del state
    lena, sec, digest = ledger(people, "lena", "leads"), ledger(people, "sec", "security"), image()
    lena.reject(digest, "wrong", "shop")
    assert reason(lena.unreject, digest, "shop") == "self_approval"
    sec.reject(digest, "wrong everywhere")
    assert {one.project for one in lena.rejections("shop") if one.digest == digest} == {"shop", ""}
    assert reason(lena.unreject, digest) == "no_role"
    sec.unreject(digest, "shop")
    found = lena.rejection("shop", digest)
    assert found is not None
    assert (found.project, found.by_name) == ("", "sec")
    ledger(people, "sue", "security").unreject(digest)
    assert lena.rejection("shop", digest) is None


def test_a_rollback_holds_the_environment(people: People, state: State, app: str) -> None:
    """Other images get no credentials and no promotion there until somebody with the right lifts the hold."""
    dora, client = ledger(people, "dora", "developers"), people.sign_in("dora", "developers")
    old, new = on_staging(dora, state, app), on_staging(dora, state, app)
    begun = dora.begin(wanted(old, "staging", "rollback"), "p1")
    back = dora.finish(begun.id, "p1", draft(app, "staging", old.digest, kind="rollback", parent=old.id))
    hold = dora.held("shop", app, "staging")
    assert hold is not None
    assert (hold.digest, hold.by_name, back.kind) == (old.digest, "dora", "rollback")
    parent = dora.get(new.parent)
    assert reason(dora.begin, wanted(parent, "staging"), "p1") == "environment_held"
    given = "shop", app, "staging", "deploy", "kubernetes", ()
    assert reason(client.credentials, *given, new.digest) == "environment_held"
    assert reason(client.credentials, *given, "") == "environment_held"
    assert reason(client.credentials, *given, old.digest) == "unreachable", "it went as far as the cluster"
    dora.lift("shop", app, "staging")
    assert reason(client.credentials, *given, new.digest) == "unreachable"
    assert dora.begin(wanted(parent, "staging"), "p1").id


def test_a_hold_is_not_got_around_by_a_rollback(people: People, state: State, app: str) -> None:
    """Security holds production: a lead may lift that, but a rollback by who may not is refused."""
    dora = ledger(people, "dora", "developers")
    old = on_staging(dora, state, app)
    ledger(people, "lena", "leads").hold("shop", app, "staging", "freeze")
    begun = dora.begin(wanted(old, "staging", "rollback"), "p1")
    assert begun.wanted.kind == "rollback", "a developer may lift a hold in staging, so may roll back there"
    ledger(people, "sec", "security").hold("shop", app, "production", "freeze")
    ask = wanted(dataclasses.replace(old, environment="production"), "production", "rollback")
    assert reason(dora.begin, ask, "p1") == "no_role"


def test_a_waiver_spares_tests_to_others_only(people: People, state: State, app: str) -> None:
    """By security's waiver a lead goes on without tests; by a waiver of their own nobody does; the record tells."""
    lena, client = ledger(people, "lena", "leads"), people.sign_in("lena", "leads")
    there = on_staging(lena, state, app)
    both, both_client = ledger(people, "bo", "leads", "security"), people.sign_in("bo", "leads", "security")
    both.waive("shop", app, "production", there.digest, ["evidence"], "me first", HOUR)
    assert asked(both_client, app, there.digest) == "evidence_missing"
    assert asked(client, app, there.digest) == "requested", "it counts for others"
    waiver = ledger(people, "sec", "security").waive(
        "shop", app, "production", there.digest, ["evidence"], "the shop burns", HOUR
    )
    grant = granted(both_client, app, there.digest)
    people.sign_in("leo", "leads").call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    begun = both.begin(wanted(there, "production"), "p1")
    state.redeem(grant.id)
    ending = draft(app, "production", there.digest, kind="promote", parent=there.id)
    record = both.finish(begun.id, "p1", ending)
    assert record.waivers == (waiver,)
    assert {one.reason for one in lena.waivers("shop", app, "production", there.digest)} == {
        "me first",
        "the shop burns",
    }


def test_a_closed_window_is_told(people: People, state: State, app: str) -> None:
    """Outside of the standard's times nothing is promoted, and the refusal names them."""
    dora, digest = ledger(people, "dora", "developers"), image()
    first = dora.record(draft(app, "dev", digest))
    state.see(app, "dev", digest)
    with pytest.raises(LedgerError) as caught:
        dora.begin(wanted(first, "closed"), "p1")
    assert caught.value.reason == "window_closed"
    assert "Mon 00:00-00:00" in str(caught.value)


def test_a_tampered_record_stops_production(people: People, state: State, app: str) -> None:
    """A row that was changed, or is gone, in the database: no grant, no promotion, no further record."""
    lena, client = ledger(people, "lena", "leads"), people.sign_in("lena", "leads")
    there = on_staging(lena, state, app)
    later = on_staging(lena, state, app)
    lena.put_evidence(smoke(there))
    assert asked(client, app, there.digest) == "requested"
    with state.open() as database, database.writing() as tx:
        cut = text("UPDATE release_records SET envelope = replace(envelope, 'sig', 'gis') WHERE id = :id")
        tx.execute(cut, {"id": there.id})
    assert asked(client, app, there.digest) == "record_tampered"
    assert reason(lena.get, there.id) == "record_tampered"
    assert reason(lena.chain, "shop", app) == "record_tampered"
    with state.open() as database, database.writing() as tx:
        tx.execute(text("DELETE FROM release_records WHERE id = :id"), {"id": there.id})
    lena.put_evidence(smoke(later))
    assert asked(client, app, later.digest) == "record_tampered"


def test_every_change_is_in_the_audit(people: People, state: State, app: str) -> None:
    """Each kept or refused change leaves a row with who, what and why."""
    dora, digest = ledger(people, f"dora-{app}", "developers"), image()
    since = time.time()
    dora.record(draft(app, "dev", digest))
    dora.reject(digest, f"bad {app}", "shop")
    dora.hold("shop", app, "dev", f"stop {app}")
    dora.lift("shop", app, "dev")
    assert reason(dora.record, draft(app, "production", digest)) == "no_role"
    del state
    lena = people.sign_in("lena", "leads")
    rows, after = [], 0
    while True:
        reply = lena.call("Audit/Read", audit_pb2.ReadAuditRequest(page_size=500, after=after, team="payments"))
        rows += [row for row in reply.rows if row.principal.name == f"dora-{app}" and row.time_ms / 1000 > since - 1]
        after = reply.next
        if not after:
            break
    found = [(row.action, row.outcome) for row in rows]
    assert found == [
        ("record", "allowed"), ("reject", "allowed"), ("hold", "allowed"), ("hold", "allowed"), ("record", "denied")
    ]  # fmt: skip
    assert f"bad {app}" in rows[1].details
