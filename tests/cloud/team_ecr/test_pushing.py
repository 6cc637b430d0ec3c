"""The registry: what a builder made arrives under the tags of the standards, or is refused with a reason."""

from __future__ import annotations

import hashlib
import json
import time
from typing import TYPE_CHECKING

import grpc
import moverimages
import pytest
import savedtar

from testservers import dockerengine, faultproxy, registry
from waypaas_sdk.gen.docker.docker_pb2 import AccessInfo, Image
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Company


def made(company: Company, tag: str = "v1") -> Image:
    """Give the builder's image, as Waypoint hands it on."""
    name = f"{company.builds.host}/{company.path}"
    return Image(image=name, tag=tag, registry=Image.RegistryLocation())


def refusal(company: Company, image: Image, **options: object) -> tuple[str, str]:
    """Push what is refused; give code and text."""
    with pytest.raises(grpc.RpcError) as caught:
        company.shop.push("default", image, **options)
    return caught.value.code().name, caught.value.details()


@pytest.mark.parametrize("by", ["tag", "digest", "both"])
def test_behaviour_04_images_of_builders_are_taken(company: Company, by: str) -> None:
    """An image in a registry is taken by tag, by digest, or by both, and goes where the standards say."""
    named = {"tag": "v1", "digest": company.image.root, "both": f"v1@{company.image.root}"}[by]
    pushed = company.shop.push("default", made(company, named))
    assert pushed.digest == company.image.root
    assert pushed.data["reference"] == f"{company.dev.host}/{company.path}@{company.image.root}"
    assert pushed.image.HasField("registry")


@pytest.mark.parametrize("location", ["docker", ""])
def test_behaviour_04_images_in_docker_are_taken(company: Company, tmp_path: Path, location: str) -> None:
    """An image in Docker, as the builtin docker and pack leave it, is pushed without the docker command."""
    config = savedtar.saved(tmp_path / "saved.tar", "waypoint.local/web:latest")
    image = Image(image="waypoint.local/web", tag="latest")
    if location:
        image.docker.SetInParent()
    with dockerengine.start(tmp_path / "docker.sock") as engine:
        engine.images["waypoint.local/web:latest"] = tmp_path / "saved.tar"
        environ = {"DOCKER_HOST": engine.address}
        pushed = company.shop.push("default", image, environ)
        again = company.shop.push("default", image, environ)
    assert "Reading waypoint.local/web:latest from Docker: " in pushed.text
    assert "sha256:" + hashlib.sha256(config).hexdigest() in company.dev.blobs()
    assert company.dev.tags(company.path) == {pushed.image.tag.partition("@")[0]: pushed.digest}
    assert again.digest == pushed.digest, "the same image has the same digest, so its tag may be set again"


def test_no_docker_is_told(company: Company, tmp_path: Path) -> None:
    """Where no Docker answers, the error says so and where it was looked for."""
    image = Image(image="waypoint.local/web", tag="latest")
    with pytest.raises(grpc.RpcError) as caught:
        company.shop.push("default", image, {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})
    assert caught.value.code().name == "NOT_FOUND"
    assert "no Docker engine answers" in caught.value.details()


def test_behaviour_24_a_tag_does_not_move(company: Company) -> None:
    """The same image under its tag again is a success; another one is refused, both digests named, unless permitted."""
    company.shop.push("default", made(company), tag="v9")
    company.shop.push("default", made(company), tag="v9")
    other = moverimages.plain(7777)
    moverimages.push(company.builds, company.path, other, "v2")
    code, text = refusal(company, made(company, "v2"), tag="v9")
    assert code == "FAILED_PRECONDITION"
    assert company.image.root in text
    assert other.root in text
    assert "commit what has changed" in text
    assert company.dev.tags(company.path) == {"v9": company.image.root}
    assert company.shop.push("default", made(company, "v2"), tag="v9", immutable=False).digest == other.root


def test_latest_never_stands_alone(company: Company) -> None:
    """Tag latest is refused where tags may not move; elsewhere the commit's tag stands beside it and is deployed."""
    code, text = refusal(company, made(company), tag="latest")
    assert (code, "tag latest cannot be used" in text) == ("INVALID_ARGUMENT", True)
    tag = company.shop.git("rev-parse", "HEAD")[:12]
    pushed = company.shop.push("default", made(company), tag="latest", immutable=False)
    assert pushed.image.tag == f"{tag}@{company.image.root}"
    assert company.dev.tags(company.path) == {"latest": company.image.root, tag: company.image.root}


def test_replicas_get_the_image_too(company: Company) -> None:
    """Each replica has the image under the same tag before the push ends."""
    company.standards(replicas=[company.staging.host])
    pushed = company.shop.push("default", made(company))
    tag = pushed.image.tag.partition("@")[0]
    for place in (company.dev, company.staging):
        moverimages.assert_complete(place, company.path, company.image, tag)
    assert pushed.data["replicas"] == [f"{company.staging.host}/{company.path}"]


def test_a_replica_that_is_away_fails_the_push(company: Company) -> None:
    """A push whose image did not arrive everywhere is a failure that names the place."""
    company.standards(replicas=["127.0.0.1:1"])
    with pytest.raises(grpc.RpcError) as caught:
        company.shop.push("default", made(company))
    assert "127.0.0.1:1" in caught.value.details()


def test_replication_of_ecr_is_of_ecr_only(company: Company) -> None:
    """Standards that want ECR's replication for what is not in ECR are refused."""
    company.standards(replicas=[company.staging.host], replication="ecr")
    code, text = refusal(company, made(company))
    assert (code, "within ECR only" in text) == ("INVALID_ARGUMENT", True)


def test_cancelling_a_push(company: Company) -> None:
    """A push that is cancelled while its registry is silent ends at once, and no tag stands."""
    with faultproxy.start(company.dev.port) as proxy, company.shop.host() as host:
        proxy.add(faultproxy.Fault("PUT|PATCH", "/blobs/uploads/", "stall", at=1, times=100, upload=True))
        company.standards(url=proxy.host)
        host.configure("registry", {})
        future = host.begin("registry", "Push", *company.shop.given("default"), made(company))
        deadline = time.monotonic() + 30
        while "Sending" not in host.ui.text and time.monotonic() < deadline:
            time.sleep(0.05)
        assert "Sending" in host.ui.text
        begun = time.monotonic()
        future.cancel()
        host.close()
        assert time.monotonic() - begun < 3
    assert company.dev.tags(company.path) == {}


def test_an_image_that_is_not_there(company: Company) -> None:
    """A builder's image that is not in its registry is told by name."""
    code, text = refusal(company, made(company, "v404"))
    assert code == "NOT_FOUND"
    assert f"{company.builds.host}/{company.path}:v404" in text


@pytest.mark.parametrize(
    ("options", "code", "part"),
    [
        ({"repository": "UPPER/../x"}, "INVALID_ARGUMENT", "no repository can be named"),
        ({"tag": "a b"}, "INVALID_ARGUMENT", "a tag: letters"),
        ({"url": "not a host"}, "INVALID_ARGUMENT", "a host, perhaps with"),
        ({"settings": "perhaps"}, "INVALID_ARGUMENT", "mend, refuse, report"),
    ],
)
def test_wrong_options_are_told(company: Company, options: dict[str, str], code: str, part: str) -> None:
    """An option that cannot be is refused before anything is asked of a registry."""
    found, text = refusal(company, made(company), **options)
    assert (found, part in text) == (code, True), text


def test_standards_forbid(company: Company) -> None:
    """What a standard locks cannot be changed in waypoint.hcl."""
    rules = {"registry.immutable": {"locked": True, "reason": "releases stay", "owner": "platform"}}
    text = {"standards": {"registry": {"url": company.dev.host, "immutable": True}}, "rules": rules}
    (company.shop.standards / "environments" / "dev.yaml").write_text(json.dumps(text))
    code, said = refusal(company, made(company), immutable=False)
    assert code == "PERMISSION_DENIED"
    assert "releases stay" in said


def test_behaviour_03_access_is_always_given(company: Company) -> None:
    """A registry says where a builder may push before an artifact exists, and an open one asks for no password."""
    with company.shop.host() as host:
        host.configure("registry", {})
        reply = host.invoke("registry", "Access", *company.shop.given("default"))
    access = anys.unpack(reply.result, AccessInfo)
    tag = company.shop.git("rev-parse", "HEAD")[:12]
    assert access == AccessInfo(image=f"{company.dev.host}/{company.path}", tag=tag, insecure=True)


def test_behaviour_03_access_with_a_password(company: Company, tmp_path: Path) -> None:
    """The password of `docker login` is what a builder gets, and it is shown nowhere."""
    with registry.start(tmp_path / "closed", password="hunter2") as closed:
        company.standards(url=closed.host)
        with company.shop.host() as host:
            host.configure("registry", {})
            reply = host.invoke("registry", "Access", *company.shop.given("default"))
            assert anys.unpack(reply.result, AccessInfo).WhichOneof("auth") is None
        code, text = refusal(company, made(company))
        assert (code, f"docker login {closed.host}" in text) == ("PERMISSION_DENIED", True)

        company.shop.login(closed.host, "mover", "hunter2")
        with company.shop.host() as host:
            host.configure("registry", {})
            reply = host.invoke("registry", "Access", *company.shop.given("default"))
            user = anys.unpack(reply.result, AccessInfo).user_pass
            pushed = anys.unpack(
                host.invoke("registry", "Push", *company.shop.given("default"), made(company)).result, Image
            )
            assert "hunter2" not in host.ui.text + "\n".join(host.plugin.log)
        assert (user.username, user.password) == ("mover", "hunter2")
        assert closed.tags(company.path)[pushed.tag.partition("@")[0]] == company.image.root
