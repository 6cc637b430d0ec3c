"""Ways around the limits that a review has found: each stays closed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from teamconfig import gitremote
from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2, standards_pb2

if TYPE_CHECKING:
    from tests.cloud.service.conftest import People

DIGEST = "sha256:" + "1" * 64


def test_who_asks_does_not_choose_how_many_approve(people: People) -> None:
    """Options of waypoint.hcl cannot say how a release is promoted: the section is refused."""
    lead = people.sign_in("lena", "payments-leads")
    stanzas = json.dumps([{"section": "promotion", "path": "x", "values": {"source": "dev", "approvals": 0}}])
    target = common_pb2.Target(project="shop", app="web", workspace="production")
    request = rights_pb2.RequestGrantRequest(target=target, action="promote", digest=DIGEST, stanzas=stanzas.encode())
    with pytest.raises(ServiceError) as caught:
        lead.call("Rights/RequestGrant", request)
    assert caught.value.reason == "malformed"
    assert "promotion" in str(caught.value)


def test_a_project_of_another_team_is_not_registered(people: People) -> None:
    """A name that team.yaml gives to one team cannot be claimed by another."""
    other = people.sign_in("sam", "search")
    with pytest.raises(ServiceError) as caught:
        other.call("Standards/RegisterProject", standards_pb2.RegisterProjectRequest(project="shop", team="search"))
    assert caught.value.reason == "project_taken"


def test_a_lead_does_not_lift_what_security_has_locked(people: People) -> None:
    """A lock is lifted by who made it or by a role of the company, and a mistyped one is told."""
    security, lead = people.sign_in("sue", "acme-security"), people.sign_in("lena", "payments-leads")
    lock = rights_pb2.PutLockRequest(kind="project", subject="shop", reason="an incident")
    unlock = rights_pb2.RemoveLockRequest(kind="project", subject="shop")
    security.call("Rights/PutLock", lock)
    try:
        for method, request in (("Rights/RemoveLock", unlock), ("Rights/PutLock", lock)):
            with pytest.raises(ServiceError) as caught:
                lead.call(method, request)
            assert caught.value.reason == "lock_of_another"
    finally:
        security.call("Rights/RemoveLock", unlock)
    with pytest.raises(ServiceError) as mistyped:
        security.call("Rights/PutLock", rights_pb2.PutLockRequest(kind="user", subject="dora", reason="gone"))
    assert mistyped.value.reason == "lock_unknown"


REMOTES = (
    "git@git.acme.example:acme/my_shop.git", "https://bücher.example/acme/straße", "ssh://git@[2001:db8::1]:22/acme/shop",
    "https://git_host.acme.example/~anna/a+b", "https://host/group/" + "sub/" * 60 + "shop", "https://host/a(b)=c;d,e",
)  # fmt: skip


def test_every_remote_that_wps_can_tell_is_registered(people: People) -> None:
    """The service takes each form that `wps create` makes of a remote, and keeps it as it is."""
    client = people.sign_in("dora", "payments-developers")
    for number, remote in enumerate(REMOTES):
        form = str(gitremote.normalise(remote))
        request = standards_pb2.RegisterProjectRequest(project=f"remote-{number}", remote=form)
        assert client.call("Standards/RegisterProject", request).remote == form


@pytest.mark.parametrize("remote", [
    "HOST/a", "host:22/a", "git@host/a", "host/a.git", "host/../a", "host", "ext::sh/a", "host/a?b",
    "host/%2e%2e/a", "host/" + "a" * 2100,
])  # fmt: skip
def test_another_way_to_write_a_remote_is_refused(people: People, remote: str) -> None:
    """A remote in any other form would be a second name of a repository: it is not taken."""
    client = people.sign_in("dora", "payments-developers")
    with pytest.raises(ServiceError) as caught:
        client.call("Standards/RegisterProject", standards_pb2.RegisterProjectRequest(project="odd", remote=remote))
    assert caught.value.reason == "malformed"
