"""A release into production takes several credentials by one grant: for whom, for what, and for how long.

The cluster is not there: credentials that are permitted fail at it, all others are refused before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.releases import wire
from teamconfig.service.ongoing import OPEN_SECONDS
from tests.cloud.service.releasekit import State, draft, image, ledger, on_staging, reason, smoke

if TYPE_CHECKING:
    from teamconfig.client.service import Service
    from tests.cloud.service.conftest import People

PERMITTED = "unreachable"
"""What comes of credentials that are given: their cluster is not there."""

OPTIONS = b'[{"section": "kubernetes", "path": "app.web.deploy.use", "values": {"replicas": 2}}]'


def asked(client: Service, app: str, digest: str, stanzas: bytes = b"", action: str = "deploy") -> str:
    """Ask for credentials in production, and give the reason why there are none."""
    request = rights_pb2.IssueCredentialsRequest(
        target=wire.target("shop", app, "production"), action=action, platform="kubernetes", digest=digest,
        stanzas=stanzas,
    )  # fmt: skip
    return reason(client.call, "Rights/IssueCredentials", request, 15.0)


@pytest.fixture(name="digest")
def _digest(people: People, state: State, app: str) -> str:
    """Give an image in staging for which lena has a grant that leo has approved, and that was used."""
    lena = ledger(people, "lena", "leads")
    there = on_staging(lena, state, app)
    lena.put_evidence(smoke(there))
    request = rights_pb2.RequestGrantRequest(
        target=wire.target("shop", app, "production"), action="deploy", digest=there.digest
    )  # fmt: skip
    client = people.sign_in("lena", "leads")
    grant = client.call("Rights/RequestGrant", request, 15.0)
    assert asked(client, app, there.digest) == "grant_needed", "nobody has approved it"
    people.sign_in("leo", "leads").call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    assert asked(client, app, there.digest) == "grant_needed", "it is not used yet"
    state.redeem(grant.id)
    return there.digest


def test_what_a_grant_has_begun_goes_on_for_its_holder_alone(people: People, digest: str, app: str) -> None:
    """Who has used a grant gets further credentials for its image; nobody else does, and nothing else is given."""
    lena, leo = people.sign_in("lena", "leads"), people.sign_in("leo", "leads")
    assert asked(lena, app, digest) == PERMITTED
    assert asked(leo, app, digest) == "grant_needed"
    assert asked(people.sign_in("dora", "developers"), app, digest) == "no_role"
    assert asked(lena, app, image()) == "grant_needed"
    assert asked(lena, app, "") == "grant_needed"
    assert asked(lena, f"{app}-other", digest) == "grant_needed"
    assert asked(lena, app, digest, action="destroy") == "grant_needed"
    assert asked(lena, app, digest, stanzas=OPTIONS) == "stanzas_mismatch"


def test_a_rejection_stops_what_was_begun(people: People, digest: str, app: str) -> None:
    """All that holds a grant's use back holds its further credentials back."""
    ledger(people, "dora", "developers").reject(digest, "leaks memory", "shop")
    assert asked(people.sign_in("lena", "leads"), app, digest) == "digest_rejected"


def test_a_record_ends_what_was_begun(people: People, digest: str, app: str) -> None:
    """One grant, one release: once that is recorded, the next one needs another grant."""
    lena = people.sign_in("lena", "leads")
    assert asked(lena, app, digest) == PERMITTED
    assert ledger(people, "lena", "leads").record(draft(app, "production", digest)).grant
    assert asked(lena, app, digest) == "grant_needed"


def test_what_was_begun_ends_in_time(people: People, state: State, digest: str, app: str) -> None:
    """Half an hour after its first use a grant gives nothing any more."""
    lena = people.sign_in("lena", "leads")
    for shift, told in ((OPEN_SECONDS - 60, PERMITTED), (60, "grant_needed")):
        with state.open() as database, database.writing() as tx:
            earlier = text("UPDATE grants SET redeemed_at = redeemed_at - :shift WHERE digest = :digest")
            assert tx.execute(earlier, {"shift": shift, "digest": digest}).rowcount == 1
        assert asked(lena, app, digest) == told
