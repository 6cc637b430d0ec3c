"""team-ecr by the credentials of the team config service, for people who have none of AWS."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import grpc
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]  # botocore publishes no types
from lendingshop import FAR, NEAR, OURS, THEIRS, LendingShop, approve

from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2
from teamplugin.authority import used
from teamplugin.awsrights import AwsRights
from teamplugin.identity import Identity
from testservers import ecr, oidc, registry
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from testservers.oidc import OidcProvider

Servers = tuple[ecr.Ecr, registry.Registry, "OidcProvider"]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Give ECR with STS, the registry of what was built, and an identity provider."""
    root = tmp_path_factory.mktemp("lent")
    with (
        ecr.start(root / "ecr", regions=(NEAR, FAR), accounts=(OURS, THEIRS)) as server,
        registry.start(root / "plain") as plain,
        oidc.start(root / "idp") as idp,
    ):
        yield server, plain, idp


@pytest.fixture
def shop(servers: Servers, tmp_path: Path) -> Iterator[LendingShop]:
    """Give a company of its own."""
    servers[0].quirks = ecr.Quirks()
    with ExitStack() as closing:
        yield LendingShop(tmp_path, *servers, closing)


def refused(shop: LendingShop, who: str, workspace: str) -> str:
    """Build, and give the text by which it is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        shop.build(workspace, environ=shop.home(who))
    return str(caught.value.details())


def test_an_image_is_built_and_brought_by_the_service_s_credentials(shop: LendingShop) -> None:
    """Dev builds and pushes to both regions, staging brings the same digest, and each lease is closed and audited."""
    shop.sign_in("dora", "developers")
    built = shop.build("default", environ=shop.home("dora"))
    assert built.digest == shop.image.root
    assert "limits are enforced by the team config service" in built.text
    for region in (NEAR, FAR):
        assert shop.image.root in shop.server.images(OURS, region, f"{shop.path}/dev")
    brought = shop.build("staging", environ=shop.home("dora"))
    assert brought.digest == shop.image.root
    assert shop.image.root in shop.server.images(OURS, FAR, f"{shop.path}/staging")
    security = shop.sign_in("sue", "security")
    given = shop.audit(security, "build") + shop.audit(security, "read") + shop.audit(security, "deploy")
    asked = [(environment, details) for environment, outcome, details in given if "platform" in details]
    assert {environment for environment, _ in asked} == {"dev", "staging"}
    assert {details["platform"] for _, details in asked} == {"ecr"}
    closed = [details for _, _, details in shop.audit(security, "close-lease")]
    assert {each["lease"] for each in closed} == {details["lease"] for _, details in asked}
    assert {each["outcome"] for each in closed} == {"succeeded"}


def test_production_takes_an_image_by_a_grant_that_the_deploy_uses(
    shop: LendingShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Production refuses until another lead has approved, then brings the image; a deploy uses the same approval."""
    lead, other = shop.sign_in("lena", "leads"), shop.sign_in("leo", "leads")
    shop.build("default", environ=shop.home("lena"))
    shop.build("staging", environ=shop.home("lena"))
    assert "is not allowed" in refused(shop, "lena", "production"), "it did not run in staging"
    shop.see_run("staging", shop.image.root)
    text = refused(shop, "lena", "production")
    assert "waits for approval" in text
    grant = approve(other, text)
    brought = shop.build("production", environ=shop.home("lena"))
    assert brought.digest == shop.image.root
    assert shop.image.root in shop.server.images(THEIRS, NEAR, f"{shop.path}/production")
    kept = lead.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant))
    handed = shop.home("lena") | {"WAYPAAS_GRANT": kept.token}
    assert shop.build("production", environ=handed).digest == shop.image.root, "a grant that was asked for elsewhere"
    assert lead.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant)).state == "approved"
    for name, value in (shop.environ | shop.home("lena")).items():
        monkeypatch.setenv(name, value)
    identity = Identity("shop", "web", "production", "production", "payments")
    deploying = AwsRights(shop.running.address, identity, "deploy", f"shop/web@{shop.image.root}")
    with used(deploying):
        assert deploying.credentials().aws.access_key_id
    assert lead.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=grant)).state == "redeemed"
    details = shop.audit(shop.sign_in("sue", "security"), "deploy")
    assert grant in {each.get("grant") for environment, _, each in details if environment == "production"}


def test_a_grant_is_held_to_who_asked_and_to_its_image(shop: LendingShop) -> None:
    """Another lead, another digest, another platform, and a grant that was used get nothing by a grant."""
    lead, other = shop.sign_in("lena", "leads"), shop.sign_in("leo", "leads")
    shop.see_run("staging", shop.image.root)
    lead, other = shop.sign_in("lena", "leads"), shop.sign_in("leo", "leads")
    asked = lead.request_grant("shop", "web", "production", "deploy", shop.image.root, "k1")
    other.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=asked.id))
    token = lead.call("Rights/GetGrant", rights_pb2.GetGrantRequest(id=asked.id)).token

    def reason(client: object, digest: str, platform: str = "ecr", given: str = token, app: str = "web") -> str:
        request = rights_pb2.IssueCredentialsRequest(
            target=common_pb2.Target(project="shop", app=app, workspace="production"),
            action="deploy", platform=platform, digest=digest, grant=given,
        )  # fmt: skip
        try:
            client.call("Rights/IssueCredentials", request)  # type: ignore[attr-defined]  # a Service
        except ServiceError as err:
            return err.reason
        return ""

    assert reason(lead, shop.image.root) == ""
    assert reason(lead, shop.image.root) == "", "it is not used up"
    assert reason(lead, shop.image.root, given="") == "grant_needed"
    assert reason(lead, shop.image.root, platform="aws") == "grant_needed"
    assert reason(lead, "sha256:" + "0" * 64) == "digest_mismatch"
    assert reason(lead, "") == "digest_mismatch"
    assert reason(lead, shop.image.root, app="api") == "grant_mismatch"
    assert reason(lead, shop.image.root, given=token[:-4] + "AAAA") == "grant_invalid"
    assert reason(other, shop.image.root) == "grant_of_another"
    assert reason(shop.sign_in("dora", "developers"), shop.image.root) == "no_role"
    lead.redeem(token, shop.image.root, "aws")
    assert reason(lead, shop.image.root) == "grant_used"


def test_environments_that_share_a_registry_share_no_rights(shop: LendingShop) -> None:
    """Who may push to one repository need not read the other one: what cannot be mounted from there is sent."""
    shop.sign_in("dora", "developers")
    shop.environment("staging", region=NEAR, account=OURS, repository=f"{shop.path}/staging")
    shop.publish()
    shop.server.quirks = ecr.Quirks(mounting=True)
    shop.build("default", environ=shop.home("dora"))
    assert shop.build("staging", environ=shop.home("dora")).digest == shop.image.root
    assert shop.image.root in shop.server.images(OURS, NEAR, f"{shop.path}/staging")


def test_a_builder_gets_access_that_the_service_lends(shop: LendingShop) -> None:
    """A builder that pushes by itself gets ECR's password for the repository, which is there before it pushes."""
    shop.sign_in("dora", "developers")
    with shop.host(shop.home("dora")) as host:
        host.configure("registry", {})
        reply = host.invoke("registry", "Access", *shop.given("default"))
    access = anys.unpack(reply.result, AccessInfo)
    assert access.image == f"{shop.server.host(OURS, NEAR)}/{shop.path}/dev"
    assert (access.user_pass.username, bool(access.user_pass.password)) == ("AWS", True)
    assert shop.server.images(OURS, NEAR, f"{shop.path}/dev") == {}


def test_who_is_locked_gets_nothing(shop: LendingShop) -> None:
    """A locked user is refused, and nothing is pushed."""
    subject = shop.sign_in("dora", "developers").session().principal
    security = shop.sign_in("sue", "security")
    security.call("Rights/PutLock", rights_pb2.PutLockRequest(kind="user", subject=subject, reason="an incident"))
    assert "an incident" in refused(shop, "dora", "default")
    with pytest.raises(KeyError):
        shop.server.images(OURS, NEAR, f"{shop.path}/dev")


def test_rights_end_at_the_own_repository(shop: LendingShop) -> None:
    """What is lent for one repository does not read another one of the same registry."""
    client = shop.sign_in("dora", "developers")
    shop.server.create(OURS, NEAR, "others/app")
    shop.build("default", environ=shop.home("dora"))
    lent = client.credentials("shop", "web", "dev", "read", "ecr").aws
    assert lent.region == NEAR
    shop.control(lent).describe_images(repositoryName=f"{shop.path}/dev")
    for call, name in (("describe_images", "others/app"), ("describe_repositories", f"{shop.path}/dev")):
        key = "repositoryNames" if call == "describe_repositories" else "repositoryName"
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(shop.control(lent), call)(**{key: [name] if key.endswith("s") else name})
