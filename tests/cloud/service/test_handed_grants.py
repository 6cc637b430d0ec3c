"""A grant that is handed on, as to a CI job: whoever uses it may go on for its own time, and nobody else.

The cluster is not there: credentials that are permitted fail at it, all others are refused before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig.gen.waypaas.v1 import rights_pb2
from teamplugin.authority import GRANT_VARIABLE, Rights
from teamplugin.identity import Identity
from tests.cloud.service.releasekit import (
    PERMITTED,
    State,
    approve,
    credentials,
    granted,
    ledger,
    on_staging,
    reason,
    smoke,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cloud.service.conftest import People


class ClusterRights(Rights):
    """Rights of a plugin for Kubernetes."""

    platform = "kubernetes"


@pytest.fixture(name="handed")
def _handed(people: People, state: State, app: str) -> tuple[str, str]:
    """Give an image in staging, and the token of a grant that lena asked for and leo approved."""
    lena = ledger(people, "lena", "leads")
    there = on_staging(lena, state, app)
    lena.put_evidence(smoke(there))
    client = people.sign_in("lena", "leads")
    grant = granted(client, app, there.digest, action="deploy")
    approve(people.sign_in("leo", "leads"), grant)
    return there.digest, client.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id)).token


def test_who_has_used_a_grant_goes_on_and_nobody_else(people: People, handed: tuple[str, str], app: str) -> None:
    """Lena hands her grant to another lead: they go on by it once they have used it; she and others do not."""
    digest, token = handed
    lara = people.sign_in("lara", "leads")
    assert credentials(lara, app, digest) == "grant_needed", "it is not used yet"
    assert reason(lara.redeem, token, digest, "kubernetes") == PERMITTED
    assert credentials(lara, app, digest) == PERMITTED
    assert reason(lara.redeem, token, digest, "kubernetes") == "grant_used", "once"
    for name in ("lena", "leo"):
        assert credentials(people.sign_in(name, "leads"), app, digest) == "grant_needed"


def test_a_plugin_goes_on_by_the_grant_of_its_environment(
    people: People, handed: tuple[str, str], app: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the grant in its variable a plugin deploys, and then releases; somebody else's plugin with it does not."""
    digest, token = handed
    monkeypatch.setenv(GRANT_VARIABLE, token)
    monkeypatch.setenv("WAYPAAS_KEYRING", "off")
    identity = Identity("shop", app, "production", "production", "payments")
    for name in ("lara", "lars"):
        people.running.open(tmp_path / name, "corp", token=people.token(name, "leads")).close()

    def credentials(name: str) -> str:
        monkeypatch.setenv("HOME", str(tmp_path / name))
        rights = ClusterRights(people.running.address, identity, "deploy", f"r.test/web@{digest}")
        try:
            return reason(rights._asked)
        finally:
            rights.close(succeeded=True)

    assert [credentials("lara") for _ in ("deploy", "release")] == [PERMITTED] * 2
    assert credentials("lars") == "grant_used"
