"""A CI job brings a release into production: it asks, leads approve, and it goes on by what they have granted.

The cluster is not there: credentials that are permitted fail at it, all others are refused before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig.gen.waypaas.v1 import rights_pb2
from tests.cloud.service.releasekit import (
    PERMITTED,
    approve,
    credentials,
    draft,
    granted,
    image,
    on_staging,
    reason,
    smoke,
    wanted,
)

if TYPE_CHECKING:
    from teamconfig.client.releases import ServiceLedger
    from teamconfig.releases.record import Record
    from tests.cloud.service.world import World

HOUR = 3600


def asked(who: ServiceLedger, app: str, digest: str, action: str = "deploy") -> rights_pb2.Grant:
    """Ask for a grant for production; the same question finds the same grant."""
    return granted(who._service, app, digest, action=action, key=f"{app}{action}")


@pytest.fixture(name="there")
def _there(world: World, app: str) -> Record:
    """Give a release in staging that has passed its tests."""
    lena = world.ledger("lena", "leads")
    there = on_staging(lena, world.state, app)
    lena.put_evidence(smoke(there))
    return there


def test_a_job_releases_by_what_two_leads_have_granted(world: World, there: Record, app: str) -> None:
    """Where the standards want one approval a job's request takes two leads; one grant serves its whole release."""
    job = world.job()
    assert credentials(job._service, app, there.digest) == "grant_needed"
    grant = asked(job, app, there.digest)
    assert (grant.state, grant.approvals_wanted) == ("requested", 2), "nobody but leads has asked for it"
    lena, leo = world.ledger("lena", "leads"), world.ledger("leo", "leads")
    assert approve(lena._service, grant) == "requested"
    assert approve(lena._service, grant) == "requested", "one person is one approval"
    assert approve(leo._service, grant) == "approved"
    token = asked(job, app, there.digest).token
    begun = job.begin(wanted(there, "production"), "p1")
    assert reason(job._service.redeem, token, there.digest, "kubernetes") == PERMITTED
    assert credentials(job._service, app, there.digest) == PERMITTED, "it goes on with what it has begun"
    assert credentials(job._service, app, there.digest, "destroy") == "grant_needed", "nothing is replaced yet"
    record = job.finish(begun.id, "p1", draft(app, "production", there.digest, kind="promote", parent=there.id))
    assert (record.grant, len(record.approvers)) == (grant.id, 2)
    assert credentials(job._service, app, there.digest) == "grant_needed", "one grant, one release"


def test_leads_alone_approve_what_a_job_asks_for(world: World, there: Record, app: str) -> None:
    """Who may approve what a person asks for, and may not promote, does not stand in for that person."""
    grant = asked(world.job(), app, there.digest)
    assert reason(approve, world.ledger("sec", "security")._service, grant) == "no_role"
    assert reason(approve, world.ledger("dora", "developers")._service, grant) == "no_role"
    assert reason(approve, world.job()._service, grant) == "no_role"
    assert approve(world.ledger("lena", "leads")._service, grant) == "requested"
    twin = world.ledger("lena", "leads", at="partner")
    assert reason(approve, twin._service, grant) == "other_issuer", "who approves twice may have two names"


def test_a_waiver_does_not_count_for_who_approves_by_it(world: World, app: str) -> None:
    """Who waives the tests of an image does not also let it go on."""
    lena = world.ledger("lena", "leads")
    there = on_staging(lena, world.state, app)
    assert reason(asked, world.job(), app, there.digest) == "evidence_missing"
    both = world.ledger("sam", "security", "leads")
    both.waive("shop", app, "production", there.digest, ["evidence"], "it burns", HOUR)
    job = world.job()
    grant = asked(job, app, there.digest)
    assert reason(approve, both._service, grant) == "own_waiver"
    assert approve(lena._service, grant) == "requested"
    assert approve(world.ledger("leo", "leads")._service, grant) == "approved"
    token = asked(job, app, there.digest).token
    assert reason(job._service.redeem, token, there.digest, "kubernetes") == PERMITTED


def test_a_job_gets_nothing_else(world: World, there: Record, app: str) -> None:
    """A job asks neither to destroy nor for an image that did not run before; the token of its grant is its own."""
    job = world.job()
    assert reason(asked, job, app, "", "destroy") == "no_role"
    assert credentials(job._service, app, "", "destroy") == "no_role"
    assert reason(asked, job, app, image()) == "digest_unseen"
    grant = asked(job, app, there.digest)
    for name in ("lena", "leo"):
        approve(world.ledger(name, "leads")._service, grant)
    found = world.ledger("lena", "leads")._service.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id))
    assert (found.state, found.token) == ("approved", ""), "its token is for the job"
    assert reason(asked, world.job("feature"), app, there.digest) == "no_role"


def test_what_a_release_has_replaced_goes_by_its_grant(world: World, there: Record, app: str) -> None:
    """While the release of a grant serves, and is recorded, who has used it may remove what it has replaced."""
    lena, leo = world.ledger("lena", "leads"), world.ledger("leo", "leads")
    grant = asked(lena, app, there.digest)
    assert approve(leo._service, grant) == "approved"
    begun = lena.begin(wanted(there, "production"), "p1")
    token = asked(lena, app, there.digest).token
    assert reason(lena._service.redeem, token, there.digest, "kubernetes") == PERMITTED
    assert credentials(lena._service, app, there.digest, "destroy") == "grant_needed", "it serves nothing yet"
    world.state.see(app, "production", there.digest)
    ended = lena.finish(begun.id, "p1", draft(app, "production", there.digest, kind="promote", parent=there.id))
    assert credentials(lena._service, app, there.digest, "destroy") == PERMITTED
    twin = world.ledger("lena", "leads")
    assert credentials(twin._service, app, there.digest, "destroy") == "grant_needed", "on another machine"
    assert credentials(lena._service, app, "", "destroy") == "grant_needed", "it names no release"
    assert credentials(lena._service, app, image(), "destroy") == "grant_needed"
    assert credentials(leo._service, app, there.digest, "destroy") == "grant_needed"
    assert credentials(world.ledger("dora", "developers")._service, app, there.digest, "destroy") == "no_role"
    back = leo.begin(wanted(ended, "production", "rollback"), "p2")
    assert credentials(lena._service, app, there.digest, "destroy") == "promotion_busy", (
        "it may go back to what would go"
    )
    leo.abandon(back.id, "p2", "no need")
    assert credentials(lena._service, app, there.digest, "destroy") == PERMITTED
    world.ledger("sec", "security").reject(there.digest, "leaks", "shop")
    assert credentials(lena._service, app, there.digest, "destroy") == "digest_rejected"


def test_what_nobody_has_seen_run_replaces_nothing(world: World, there: Record, app: str) -> None:
    """A record of what never ran removes nothing: whoever writes it says so, and the service has not seen it."""
    lena, leo = world.ledger("lena", "leads"), world.ledger("leo", "leads")
    grant = asked(lena, app, there.digest)
    approve(leo._service, grant)
    begun = lena.begin(wanted(there, "production"), "p1")
    reason(lena._service.redeem, asked(lena, app, there.digest).token, there.digest, "kubernetes")
    lena.finish(begun.id, "p1", draft(app, "production", there.digest, kind="promote", parent=there.id))
    assert credentials(lena._service, app, there.digest, "destroy") == "grant_needed"
