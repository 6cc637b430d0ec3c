"""A release into production takes several credentials by one grant: for whom, for what, and for how long.

The cluster is not there: credentials that are permitted fail at it, all others are refused before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from teamconfig.service.ongoing import OPEN_SECONDS
from tests.cloud.service.releasekit import (
    PERMITTED,
    State,
    approve,
    credentials,
    draft,
    granted,
    image,
    ledger,
    on_staging,
    smoke,
)

if TYPE_CHECKING:
    from tests.cloud.service.conftest import People

OPTIONS = b'[{"section": "kubernetes", "path": "app.web.deploy.use", "values": {"replicas": 2}}]'


@pytest.fixture(name="digest")
def _digest(people: People, state: State, app: str) -> str:
    """Give an image in staging for which lena has a grant that leo has approved, and that was used."""
    lena = ledger(people, "lena", "leads")
    there = on_staging(lena, state, app)
    lena.put_evidence(smoke(there))
    client = people.sign_in("lena", "leads")
    grant = granted(client, app, there.digest, action="deploy")
    assert credentials(client, app, there.digest) == "grant_needed", "nobody has approved it"
    approve(people.sign_in("leo", "leads"), grant)
    assert credentials(client, app, there.digest) == "grant_needed", "it is not used yet"
    state.redeem(grant.id)
    return there.digest


def test_what_a_grant_has_begun_goes_on_for_its_holder_alone(people: People, digest: str, app: str) -> None:
    """Who has used a grant gets further credentials for its image; nobody else does, and nothing else is given."""
    lena, leo = people.sign_in("lena", "leads"), people.sign_in("leo", "leads")
    assert credentials(lena, app, digest) == PERMITTED
    assert credentials(leo, app, digest) == "grant_needed"
    assert credentials(people.sign_in("dora", "developers"), app, digest) == "no_role"
    assert credentials(lena, app, image()) == "grant_needed"
    assert credentials(lena, app, "") == "grant_needed"
    assert credentials(lena, f"{app}-other", digest) == "grant_needed"
    assert credentials(lena, app, digest, action="destroy") == "grant_needed"
    assert credentials(lena, app, digest, stanzas=OPTIONS) == "stanzas_mismatch"


def test_a_rejection_stops_what_was_begun(people: People, digest: str, app: str) -> None:
    """All that holds a grant's use back holds its further credentials back."""
    ledger(people, "dora", "developers").reject(digest, "leaks memory", "shop")
    assert credentials(people.sign_in("lena", "leads"), app, digest) == "digest_rejected"


def test_a_record_ends_what_was_begun(people: People, digest: str, app: str) -> None:
    """One grant, one release: once that is recorded, the next one needs another grant."""
    lena = people.sign_in("lena", "leads")
    assert credentials(lena, app, digest) == PERMITTED
    assert ledger(people, "lena", "leads").record(draft(app, "production", digest)).grant
    assert credentials(lena, app, digest) == "grant_needed"


def test_what_was_begun_ends_in_time(people: People, state: State, digest: str, app: str) -> None:
    """Half an hour after its first use a grant gives nothing any more."""
    lena = people.sign_in("lena", "leads")
    for shift, told in ((OPEN_SECONDS - 60, PERMITTED), (60, "grant_needed")):
        with state.open() as database, database.writing() as tx:
            earlier = text("UPDATE grants SET redeemed_at = redeemed_at - :shift WHERE digest = :digest")
            assert tx.execute(earlier, {"shift": shift, "digest": digest}).rowcount == 1
        assert credentials(lena, app, digest) == told
