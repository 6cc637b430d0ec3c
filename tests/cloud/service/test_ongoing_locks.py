"""What a used grant gives is held against the locks of the database itself, not those that were known a second ago.

The cluster is not there: credentials that are permitted fail at it, all others are refused before.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.errors import ServiceError, UnreachableError
from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.identity.principal import Principal
from teamconfig.releases import wire
from teamconfig.state import locks
from testbed.shell import wait_until
from tests.cloud.service.releasekit import PERMITTED, State, ledger, on_staging, reason, smoke

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.client.service import Service
    from tests.cloud.service.conftest import People

BY_THE_DATABASE = "no credentials are given"
BY_WHAT_IS_KNOWN = "the grant cannot be used"
TRIES = 20


@contextmanager
def locked(state: State, subject: str) -> Iterator[None]:
    """Lock somebody as another replica does: in the database, where this service reads it within a second."""
    with state.open() as database:
        with database.writing() as tx:
            locks.put(tx, "user", subject, reason="left", until=None, by=Principal("i", "sec"), now=time.time())
        try:
            yield
        finally:
            with database.writing() as tx:
                locks.remove(tx, "user", subject)


def told(client: Service, app: str, digest: str) -> tuple[str, str]:
    """Ask for credentials in production, and give reason and text of the refusal."""
    request = rights_pb2.IssueCredentialsRequest(
        target=wire.target("shop", app, "production"), action="deploy", platform="kubernetes", digest=digest
    )
    try:
        client.call("Rights/IssueCredentials", request, 15.0)
    except ServiceError as err:
        return err.reason, str(err)
    except UnreachableError as err:
        return PERMITTED, str(err)
    pytest.fail("there is no cluster")


@pytest.mark.parametrize("who", ["requester", "approver"])
def test_a_lock_that_nobody_knows_yet_ends_what_was_begun(people: People, state: State, app: str, who: str) -> None:
    """Lara goes on by lena's grant, which leo approved: once either is locked she gets nothing, from that moment on."""
    # Nobody has these names in another test, where the lock of this one may still be known.
    lena, leo, lara = (people.sign_in(f"{name}-{app}", "leads") for name in ("lena", "leo", "lara"))
    keeping = ledger(people, f"lena-{app}", "leads")
    there = on_staging(keeping, state, app)
    keeping.put_evidence(smoke(there))
    wanted = rights_pb2.RequestGrantRequest(
        target=wire.target("shop", app, "production"), action="deploy", digest=there.digest
    )
    grant = lena.call("Rights/RequestGrant", wanted, 15.0)
    leo.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    token = lena.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id)).token
    assert reason(lara.redeem, token, there.digest, "kubernetes") == PERMITTED
    subject = {"requester": lena, "approver": leo}[who].session().principal
    for _ in range(TRIES):
        wait_until("the service forgets the lock", lambda: told(lara, app, there.digest)[0] == PERMITTED, 30.0)
        with locked(state, subject):
            found, text = told(lara, app, there.digest)
        assert found == "session_locked"
        if BY_THE_DATABASE in text:
            return
        assert BY_WHAT_IS_KNOWN in text, "the service happened to read the locks in between: once more"
    pytest.fail(f"the service had read the locks before each of {TRIES} calls")
