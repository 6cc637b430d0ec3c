"""The same by ECR: repositories made by the standards, regions and accounts, immutable tags, replicas."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import boto3
import grpc
import moverimages
import pytest
from workshop import Workshop

from testservers import ecr, registry
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NEAR, FAR = "eu-central-1", "us-east-1"
OURS, THEIRS = "111111111111", "222222222222"


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ecr.Ecr, registry.Registry]]:
    """Give the run's ECR, and the registry that builders push to."""
    root = tmp_path_factory.mktemp("ecr")
    with (
        ecr.start(root / "ecr", regions=(NEAR, FAR), accounts=(OURS, THEIRS)) as server,
        registry.start(root / "plain") as plain,
    ):
        yield server, plain


class EcrShop(Workshop):
    """A workshop whose images live in ECR.

    Args:
        directory: Gets everything.
        server: ECR.
        plain: The registry that builders push to.
        path: Of the repository.
    """

    def __init__(self, directory: Path, server: ecr.Ecr, plain: registry.Registry, path: str) -> None:
        super().__init__(directory)
        for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
            self.environ.pop(name, None)
        self.environ |= server.environment(OURS)
        self.server, self.plain, self.path = server, plain, path
        self.image = moverimages.plain(zlib.crc32(path.encode()) % 10_000)
        moverimages.push(plain, path, self.image)
        self.dev()
        self.environment("staging", region=FAR, repository=path)

    def dev(self, **more: object) -> None:
        """Write the standards of dev."""
        given = {"image": f"{self.plain.host}/{self.path}:v1"}
        common = {"region": NEAR, "repository": self.path, "builder": "none", "builder_options": given}
        self.environment("dev", **{key: value for key, value in (common | more).items() if value is not None})

    def control(self, region: str) -> Any:
        """Give a client of ECR's own API."""
        given = self.server.environment(OURS)
        return boto3.client(
            "ecr",
            region_name=region,
            endpoint_url=self.server.endpoint_url,
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        )


@pytest.fixture
def shop(servers: tuple[ecr.Ecr, registry.Registry], tmp_path: Path) -> Iterator[EcrShop]:
    """Give a workshop with a repository name of its own."""
    server, plain = servers
    server.quirks = ecr.Quirks()
    yield EcrShop(tmp_path, server, plain, f"shop/{tmp_path.name.lower().replace('_', '-').strip('-')}")
    server.settle()


def test_behaviour_24_from_region_to_region(shop: EcrShop) -> None:
    """Built into one region and brought to another: repositories are made, the digest is the same in both."""
    tag = shop.git("rev-parse", "HEAD")[:12]
    built = shop.build("default")
    brought = shop.build("staging")
    assert built.image.image == f"{shop.server.host(OURS, NEAR)}/{shop.path}"
    assert brought.image.image == f"{shop.server.host(OURS, FAR)}/{shop.path}"
    assert built.digest == brought.digest == shop.image.root
    assert shop.server.tags(OURS, NEAR, shop.path) == {tag: shop.image.root}
    assert shop.server.tags(OURS, FAR, shop.path) == {tag: shop.image.root, f"release-{tag}": shop.image.root}
    assert "did not exist: it was created with the settings of the standards" in built.text


def test_behaviour_24_from_account_to_account(shop: EcrShop) -> None:
    """Brought to another account's registry by its own credentials, where pull_accounts admits it to the source."""
    shop.dev(account=OURS, pull_accounts=[THEIRS])
    shop.build("default")
    shop.environment("staging", region=FAR, account=THEIRS, repository=shop.path)
    brought = shop.build("staging", environ=shop.server.environment(THEIRS))
    assert brought.digest == shop.image.root
    assert shop.image.root in shop.server.images(THEIRS, FAR, shop.path)


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_behaviour_24_region_by_the_environment(shop: EcrShop, variable: str) -> None:
    """Where the standards name no region, AWS_REGION and AWS_DEFAULT_REGION do."""
    shop.dev(region=None)
    assert shop.build("default", environ={variable: FAR}).digest == shop.image.root
    assert shop.image.root in shop.server.images(OURS, FAR, shop.path)


def test_no_region_is_told(shop: EcrShop) -> None:
    """Where nobody names a region, the error says who could have."""
    shop.dev(region=None)
    with pytest.raises(grpc.RpcError) as caught:
        shop.build("default")
    assert "AWS_REGION" in caught.value.details()


def test_behaviour_24_an_immutable_tag(shop: EcrShop) -> None:
    """The same digest under its tag again is a success; another one is refused by name of both."""
    shop.build("default", tag="v1")
    shop.build("default", tag="v1")
    other = moverimages.plain(5150)
    moverimages.push(shop.plain, shop.path, other, "v2")
    shop.dev(builder_options={"image": f"{shop.plain.host}/{shop.path}:v2"})
    with pytest.raises(grpc.RpcError) as caught:
        shop.build("default", tag="v1")
    assert caught.value.code().name == "FAILED_PRECONDITION"
    assert shop.image.root in caught.value.details()
    assert other.root in caught.value.details()


def test_repositories_are_set_by_the_standards(shop: EcrShop) -> None:
    """What is made has the standards' settings; what differs is mended, refused or reported, as they say."""
    shop.build("default")
    control = shop.control(NEAR)
    found = control.describe_repositories(repositoryNames=[shop.path])["repositories"][0]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}
    assert '"release-*"' in control.get_lifecycle_policy(repositoryName=shop.path)["lifecyclePolicyText"]

    control.put_image_scanning_configuration(repositoryName=shop.path, imageScanningConfiguration={"scanOnPush": False})
    shop.dev(settings="refuse")
    with pytest.raises(grpc.RpcError) as caught:
        shop.build("default")
    assert "scan on push is off, not on" in caught.value.details()
    shop.dev(settings="report")
    assert "scan on push is off, not on; left as it is" in shop.build("default").text
    shop.dev()
    assert "scan on push is off, not on; it was mended" in shop.build("default").text
    found = control.describe_repositories(repositoryNames=[shop.path])["repositories"][0]
    assert found["imageScanningConfiguration"] == {"scanOnPush": True}


def test_replicas_are_regions_too(shop: EcrShop) -> None:
    """A replica in another region has the image under the same tag, in a repository with the same settings."""
    shop.dev(replicas=[FAR])
    built = shop.build("default")
    assert shop.server.tags(OURS, FAR, shop.path) == shop.server.tags(OURS, NEAR, shop.path)
    assert built.data["replicas"] == [f"{shop.server.host(OURS, FAR)}/{shop.path}"]


def test_the_own_region_is_no_replica(shop: EcrShop) -> None:
    """Where the process's own region is among the replicas, it is not sent to twice."""
    shop.dev(region=None, replicas=[FAR, NEAR])
    built = shop.build("default", environ={"AWS_REGION": NEAR})
    assert built.data["replicas"] == [f"{shop.server.host(OURS, FAR)}/{shop.path}"]


def test_missing_in_ecr(shop: EcrShop) -> None:
    """A repository that is not there yet is one in which the image is not: the error says to build it first."""
    with pytest.raises(grpc.RpcError) as caught:
        shop.build("staging")
    assert caught.value.code().name == "NOT_FOUND"
    assert "build and deploy it in dev first" in caught.value.details()


def test_replication_by_ecr_is_awaited(shop: EcrShop) -> None:
    """Where ECR itself replicates, the build ends when the image is there, and nothing is sent there by us."""
    destination = {"region": FAR, "registryId": OURS}
    rules = {"rules": [{"destinations": [destination]}]}
    shop.control(NEAR).put_replication_configuration(replicationConfiguration=rules)
    try:
        shop.server.quirks.replication_seconds = 1.0
        shop.dev(replicas=[FAR], replication="ecr")
        built = shop.build("default")
    finally:
        shop.control(NEAR).put_replication_configuration(replicationConfiguration={"rules": []})
    assert shop.image.root in shop.server.images(OURS, FAR, shop.path)
    assert f"ECR has replicated {shop.image.root} to {FAR}" in built.text


def test_behaviour_03_access_to_ecr(shop: EcrShop) -> None:
    """A builder gets ECR's password, and the repository is there before it pushes."""
    with shop.host() as host:
        host.configure("registry", {})
        reply = host.invoke("registry", "Access", *shop.given("default"))
        access = anys.unpack(reply.result, AccessInfo)
        assert access.user_pass.password not in host.ui.text + "\n".join(host.plugin.log)
    assert access.image == f"{shop.server.host(OURS, NEAR)}/{shop.path}"
    assert access.user_pass.username == "AWS"
    assert access.user_pass.password
    assert shop.server.images(OURS, NEAR, shop.path) == {}


def test_what_is_in_ecr_is_pushed_from_there(shop: EcrShop) -> None:
    """A registry stanza after our own builder finds the image where it is, by ECR's password."""
    built = shop.build("default")
    pushed = shop.push(
        "default", Image(image=built.image.image, tag=built.image.tag, registry=Image.RegistryLocation())
    )
    assert pushed.digest == shop.image.root
    assert "nothing had to be sent" in pushed.text
