"""Grants, credentials and locks over a real TLS server; what clouds give is tested with the clouds."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2, sessions_pb2, standards_pb2
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.client.service import Service
    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider

WHO = sessions_pb2.WhoAmIRequest()
DIGEST = "sha256:" + hashlib.sha256(b"image").hexdigest()


def target(workspace: str, project: str = "shop") -> common_pb2.Target:
    """Name an app in an environment."""
    return common_pb2.Target(project=project, app="web", workspace=workspace)


def wanted(
    workspace: str, action: str = "promote", digest: str = DIGEST, key: str = ""
) -> rights_pb2.RequestGrantRequest:
    """Ask for a grant."""
    return rights_pb2.RequestGrantRequest(
        target=target(workspace), action=action, digest=digest, idempotency_key=key
    )  # fmt: skip


def reason(client: Service, method: str, request: object) -> str:
    """Make a call that is refused, and give the reason."""
    with pytest.raises(ServiceError) as caught:
        client.call(method, request)  # type: ignore[arg-type]  # any message
    return caught.value.reason


def test_an_image_that_never_ran_before_is_not_promoted(people: People) -> None:
    """A lead cannot promote a digest that did not run in the environment before, whatever tag it had."""
    lead = people.sign_in("lena", "payments-leads")
    with pytest.raises(ServiceError) as caught:
        lead.call("Rights/RequestGrant", wanted("production"))
    assert caught.value.reason == "digest_unseen"


def test_a_developer_does_not_promote_to_production(people: People) -> None:
    """The refusal names the capability, who has it, and whom to ask."""
    developer = people.sign_in("dora", "payments-developers")
    with pytest.raises(ServiceError) as caught:
        developer.call("Rights/RequestGrant", wanted("production"))
    assert caught.value.reason == "no_role"
    assert "promote in production is not allowed" in str(caught.value)
    assert "lead of team payments (payments-leads)" in str(caught.value)
    assert "ask #payments" in str(caught.value)


def test_nobody_gets_a_shell_in_production(people: People) -> None:
    """Not a lead, not an admin: the refusal is in code, above all YAML."""
    request = rights_pb2.IssueCredentialsRequest(target=target("production"), action="exec", platform="kubernetes")
    for groups in (["payments-leads"], ["payments-leads", "acme-platform", "acme-security"]):
        assert reason(people.sign_in("lena", *groups), "Rights/IssueCredentials", request) == "exec_in_production"


def test_deploying_to_production_needs_a_grant(people: People) -> None:
    """A lead is told that production takes a release by its digest, by a grant."""
    request = rights_pb2.IssueCredentialsRequest(target=target("production"), action="deploy", platform="kubernetes")
    assert reason(people.sign_in("lena", "payments-leads"), "Rights/IssueCredentials", request) == "grant_needed"
    assert reason(people.sign_in("dora", "payments-developers"), "Rights/IssueCredentials", request) == "no_role"


def test_without_clusters_there_are_no_credentials(people: People) -> None:
    """A service that has no clusters says so; nothing else is given instead."""
    request = rights_pb2.IssueCredentialsRequest(target=target("dev"), action="deploy", platform="kubernetes")
    assert reason(people.sign_in("dora", "payments-developers"), "Rights/IssueCredentials", request) == "no_platform"


def test_destroying_in_production_waits_for_another_lead(people: People) -> None:
    """What is destroyed in production has four eyes: asked for by one, approved by another, never by oneself."""
    lead, other = people.sign_in("lena", "payments-leads"), people.sign_in("leo", "payments-leads")
    grant = lead.call("Rights/RequestGrant", wanted("production", "destroy", "", "tear-down-1"))
    assert (grant.state, grant.token, grant.approvals_wanted) == ("requested", "", 1)
    assert lead.call("Rights/RequestGrant", wanted("production", "destroy", "", "tear-down-1")).id == grant.id
    assert reason(lead, "Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id)) == "self_approval"
    developer = people.sign_in("dora", "payments-developers")
    assert reason(developer, "Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id)) == "no_role"
    approved = other.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    assert (approved.state, approved.token) == ("approved", "")
    assert [one.subject for one in approved.approvers] == ["u-leo"]
    mine = lead.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id))
    assert mine.token
    assert not other.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id)).token


def test_a_grant_of_another_service_or_with_another_digest_is_refused(people: People) -> None:
    """A token that was changed, or is no token, is refused before anything is looked up."""
    lead, other = people.sign_in("lena", "payments-leads"), people.sign_in("leo", "payments-leads")
    grant = lead.call("Rights/RequestGrant", wanted("production", "destroy", ""))
    other.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id))
    token = lead.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant.id)).token
    head, body, signature = token.split(".")
    for odd in ("", "x", "a.b.c", token + "A", f"{head}.{body}.", f"{head}.{body[:-2]}AA.{signature}", "." * 5000):
        assert reason(lead, "Rights/RedeemGrant", rights_pb2.RedeemGrantRequest(token=odd, platform="kubernetes")) in {
            "grant_invalid", "grant_unknown", "malformed",
        }  # fmt: skip


@pytest.fixture(name="alone")
def _alone(tmp_path: Path, idp: OidcProvider) -> Iterator[service.Running]:
    """Give a service of its own, where a lock harms nobody else."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with service.start(tmp_path / "alone", [provider]) as running:
        yield running


def test_a_lock_shuts_out_within_seconds(alone: service.Running, people: People, tmp_path: Path) -> None:
    """A locked user's sessions end, a locked project stops its team, and only who may lock can let them in again."""
    lead = alone.open(tmp_path / "lead", "corp", token=people.token("lena", "payments-leads"))
    developer = alone.open(tmp_path / "dev", "corp", token=people.token("dora", "payments-developers"))
    admin = alone.open(tmp_path / "admin", "corp", token=people.token("ada", "acme-platform"))
    foreign = alone.open(tmp_path / "foreign", "corp", token=people.token("sam", "search-leads"))
    project = rights_pb2.PutLockRequest(kind="project", subject="shop", reason="an incident")
    assert reason(foreign, "Rights/PutLock", project) == "no_role"
    assert reason(developer, "Rights/PutLock", project) == "no_role"
    lead.call("Rights/PutLock", project)
    unlock = rights_pb2.RemoveLockRequest(kind="project", subject="shop")
    resolving = standards_pb2.ResolveRequest(target=target("dev"))
    with pytest.raises(ServiceError, match="project shop is locked: an incident") as caught:
        developer.call("Standards/Resolve", resolving)
    assert caught.value.reason == "session_locked"
    asked = standards_pb2.ExplainRightRequest(action="deploy", target=target("dev"))
    told = developer.call("Standards/ExplainRight", asked)
    assert (told.allowed, told.steps[0]) == (False, "session: locked")
    assert reason(developer, "Rights/RemoveLock", unlock) == "no_role"
    admin.call("Rights/RemoveLock", unlock)
    developer.call("Standards/Resolve", resolving)
    subject = developer.session().principal
    admin.call("Rights/PutLock", rights_pb2.PutLockRequest(kind="user", subject=subject, reason="a lost laptop"))
    with pytest.raises(ServiceError, match="a lost laptop"):
        developer.call("Sessions/WhoAmI", WHO)
    with pytest.raises(ServiceError) as caught:
        alone.open(tmp_path / "again", "corp", token=people.token("dora", "payments-developers"))
    assert "a lost laptop" in str(caught.value)
    assert [lock.subject for lock in admin.call("Rights/ListLocks", rights_pb2.ListLocksRequest()).locks] == [subject]
    for client in (lead, developer, admin, foreign):
        client.close()
