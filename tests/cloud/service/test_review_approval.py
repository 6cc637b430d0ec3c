"""Four eyes are two people: who approves is known by the same provider as who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import audit_pb2, common_pb2, rights_pb2
from testservers import oidc, service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testservers.oidc import OidcProvider
    from testservers.service import Running

TARGET = common_pb2.Target(project="shop", app="web", workspace="production")


@pytest.fixture(name="partner")
def _partner(tmp_path: Path) -> Iterator[OidcProvider]:
    """Give a second identity provider, which names the same groups."""
    with oidc.start(tmp_path / "partner") as provider:
        yield provider


@pytest.fixture(name="both")
def _both(tmp_path: Path, idp: OidcProvider, partner: OidcProvider) -> Iterator[Running]:
    """Give a service at which one signs in by either."""
    providers = [
        {"kind": "oidc", "name": name, "issuer": one.issuer, "client_id": oidc.CLIENT}
        for name, one in (("corp", idp), ("partner", partner))
    ]
    with service.start(tmp_path / "service", providers) as running:
        yield running


def test_a_lead_of_another_provider_does_not_approve(
    both: Running, idp: OidcProvider, partner: OidcProvider, tmp_path: Path
) -> None:
    """A lead of another provider may be who asked, and is refused; one of the same provider is not."""
    known: dict[str, OidcProvider] = {"corp": idp, "partner": partner}
    people = {}
    for name, provider in (("lena", "corp"), ("leo", "corp"), ("lena", "partner")):
        token = known[provider].token(
            sub=f"u-{name}", preferred_username=name, groups=["payments-leads"], jti=f"{name}-{provider}"
        )
        people[name, provider] = both.open(tmp_path / f"{name}-{provider}", provider, token=token)
    asked = rights_pb2.RequestGrantRequest(target=TARGET, action="destroy")
    grant = people["lena", "corp"].call("Rights/RequestGrant", asked)
    approval = rights_pb2.ApproveGrantRequest(id=grant.id)
    with pytest.raises(ServiceError) as caught:
        people["lena", "partner"].call("Rights/ApproveGrant", approval)
    assert caught.value.reason == "other_issuer"
    assert idp.issuer in str(caught.value), "who is refused reads by which provider it would count"
    found = people["lena", "corp"].call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id))
    assert (found.state, list(found.approvers)) == ("requested", [])
    rows = people["lena", "corp"].call("Audit/Read", audit_pb2.ReadAuditRequest(page_size=50, team="payments")).rows
    assert ("denied", "other_issuer") in [(row.outcome, row.reason) for row in rows]
    assert people["leo", "corp"].call("Rights/ApproveGrant", approval).state == "approved"
    for client in people.values():
        client.close()
