"""Images that are not in a registry: layouts, archives and Docker's engine, with archives that other programs wrote."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import imageworld
import moverimages
import pytest

from testservers import dockerengine
from testservers.certificates import Authority

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imageworld import World

    from testservers.dockerengine import DockerEngine


@contextmanager
def engine(world: World, **files: str) -> Iterator[DockerEngine]:
    """Run an engine that has an image in the format of each archive."""
    with dockerengine.start(world.folder / "docker.sock") as running:
        running.images |= {f"team/{name}:v1": world.folder / file for name, file in files.items()}
        yield running


def save(world: World) -> moverimages.Image:
    """Have skopeo write an image as `docker save` does, to docker.tar, and as an OCI archive, to oci.tar."""
    image = moverimages.Image()
    imageworld.add(image, "amd64", "base", "app")
    world.push(image)
    source = f"docker://{world.source}"
    world.skopeo("copy", "--src-tls-verify=false", source, "docker-archive:docker.tar:team/docker:v1")
    world.skopeo("copy", "--src-tls-verify=false", source, "oci-archive:oci.tar:v1")
    return image


def manifest(world: World, name: str) -> dict[str, Any]:
    """Read a manifest."""
    found: dict[str, Any] = json.loads(world.done("inspect", name, "--raw"))
    return found


def blob(world: World, digest: str) -> bytes:
    """Read a blob from the far registry's files, past all code under test."""
    value = digest.removeprefix("sha256:")
    return (world.far.directory / f"data/docker/registry/v2/blobs/sha256/{value[:2]}/{value}/data").read_bytes()


def assert_runs(world: World, name: str, image: moverimages.Image) -> None:
    """Hold an image in the far registry against the one that was saved: the same config, the same layers inside."""
    found = manifest(world, name)
    config = json.loads(next(data for data in image.blobs.values() if b"rootfs" in data))
    assert json.loads(blob(world, found["config"]["digest"])) == config
    layers = [blob(world, one["digest"]) for one in found["layers"]]
    assert [len(one) for one in layers] == [one["size"] for one in found["layers"]]
    plain = ["sha256:" + hashlib.sha256(gzip.decompress(one)).hexdigest() for one in layers]
    assert plain == config["rootfs"]["diff_ids"]


@pytest.mark.parametrize("place", ["oci:there", "oci-archive:there.tar"])
def test_there_and_back(world: World, place: str) -> None:
    """An index goes into a layout or archive and back with the same digest, and skopeo reads what was written."""
    image = imageworld.two_platforms()
    world.push(image)
    world.done("copy", world.source, place)
    root = image.manifests[image.root][1]
    raw = world.skopeo("inspect", "--raw", f"{place}:v1")
    assert raw.encode() in {root, *(data for _, data in image.manifests.values())}
    world.skopeo("copy", "--all", "--dest-tls-verify=false", f"{place}:v1", f"docker://{world.far.host}/{world.path}/x")
    for name in (f"{place}:v1", place, f"{place}@{image.root}"):
        world.done("copy", name, f"{world.far.host}/{world.path}:back")
        moverimages.assert_complete(world.far, world.path, image, "back")


def test_archives_are_equal(world: World) -> None:
    """The same images make the same bytes of an archive, whatever was in the file before."""
    image = moverimages.plain(10)
    world.push(image)
    (world.folder / "second.tar").write_text("something else")
    for name in ("first.tar", "second.tar"):
        world.done("copy", world.source, f"oci-archive:{name}")
    assert (world.folder / "first.tar").read_bytes() == (world.folder / "second.tar").read_bytes()


def test_archive_is_whole_or_not_there(world: World) -> None:
    """Where one of two images fails, the archive stays what it was, and nothing is left beside it."""
    world.push(moverimages.plain(11))
    (world.folder / "file.tar").write_text("as it was")
    ended = world.wps("copy", world.source, f"{world.source}none", "oci-archive:file.tar")
    assert ended.returncode == 1
    assert (world.folder / "file.tar").read_text() == "as it was"
    assert {one.name for one in world.folder.iterdir()} == {"file.tar", "home"}


def test_layout_without_a_tag(world: World) -> None:
    """An image that is copied by digest into a layout is found there."""
    image = moverimages.plain(12)
    world.push(image)
    world.done("copy", f"{world.near.host}/{world.path}@{image.root}", "oci:there")
    assert image.root in world.done("inspect", "oci:there")


def test_docker_save_becomes_an_image(world: World) -> None:
    """What `docker save` wrote runs from a registry, its layers compressed, with the same digest each time."""
    image = save(world)
    place = f"{world.far.host}/{world.path}"
    for tag in ("a", "b"):
        world.done("copy", "docker-archive:docker.tar:team/docker:v1", f"{place}:{tag}")
    tags = world.far.tags(world.path)
    assert tags["a"] == tags["b"]
    assert_runs(world, f"{place}:a", image)
    world.skopeo("copy", "--src-tls-verify=false", f"docker://{place}:a", "docker-archive:back.tar:team/docker:v1")


def test_docker_engine(world: World) -> None:
    """An image in Docker goes to a registry: plain layers compressed, an OCI layout as it is, the same twice."""
    image = save(world)
    place = f"{world.far.host}/{world.path}"
    with engine(world, docker="docker.tar", oci="oci.tar") as running:
        for name in ("docker", "oci"):
            for tag in ("a", "b"):
                said = world.done(
                    "copy", f"docker-daemon:team/{name}:v1", f"{place}:{name}-{tag}", DOCKER_HOST=running.address
                )
                assert said.startswith(f"docker-daemon:team/{name}:v1 to {place}:{name}-{tag}\n")
    tags = world.far.tags(world.path)
    assert tags["docker-a"] == tags["docker-b"]
    assert_runs(world, f"{place}:docker-a", image)
    assert tags["oci-a"] == tags["oci-b"]
    assert world.done("diff", f"{place}:oci-a", "oci-archive:oci.tar").startswith("the same: ")
    assert {one.name for one in world.folder.iterdir()} == {"docker.sock", "docker.tar", "oci.tar", "home"}


def test_docker_engine_by_a_context(world: World) -> None:
    """Where DOCKER_HOST says nothing, Docker's current context tells where the engine is."""
    save(world)
    folder = world.folder / "home" / ".docker" / "contexts" / "meta" / hashlib.sha256(b"mine").hexdigest()
    folder.mkdir(parents=True)
    with engine(world, docker="docker.tar") as running:
        (folder / "meta.json").write_text(json.dumps({"Endpoints": {"docker": {"Host": running.address}}}))
        (world.folder / "home/.docker/config.json").write_text('{"currentContext": "mine"}')
        found = world.wps("inspect", "docker-daemon:team/docker:v1")
        ended = world.wps("inspect", "docker-daemon:team/docker:v1", DOCKER_CONTEXT="other")
    assert found.returncode == 0
    assert found.stderr == "note: this archive has no digests: the manifest and its digest are made of what is in it\n"
    assert "context 'other' is not there" in ended.stderr


def test_docker_engine_that_hangs_up(world: World) -> None:
    """An archive that breaks off is asked for again from its beginning."""
    image = save(world)
    place = f"{world.far.host}/{world.path}:v1"
    with engine(world, docker="docker.tar") as running:
        running.cuts[:] = [0, 50_000, 70_000]
        world.done("copy", "docker-daemon:team/docker:v1", place, DOCKER_HOST=running.address)
    assert len(running.requests) == 5
    assert_runs(world, place, image)


def test_one_image_is_asked_for(world: World) -> None:
    """A name without a tag is the tag latest, as all tags would come otherwise; an ID is asked for as it is."""
    save(world)
    identifier = "ab" * 32
    with engine(world) as running:
        running.images |= dict.fromkeys(("team/web:latest", identifier), world.folder / "docker.tar")
        for name, asked in (("team/web", "team/web:latest"), (identifier, identifier)):
            world.done("copy", f"docker-daemon:{name}", f"{world.far.host}/{world.path}:x", DOCKER_HOST=running.address)
            assert running.requests[-1] == f"/images/{asked}/get"


def certificates(folder: Path) -> tuple[Path, tuple[Path, Path, Path]]:
    """Make what client and server need for TLS: the client's directory, and the server's three files."""
    authority = Authority(folder / "authority")
    client = folder / "client"
    client.mkdir()
    (client / "ca.pem").write_bytes(authority.file.read_bytes())
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=client", "-days", "2"]
    files = ["-keyout", client / "key.pem", "-out", client / "cert.pem"]
    subprocess.run([*command, *files], check=True, capture_output=True)
    return client, (*authority.issue("engine"), client / "cert.pem")


def test_docker_engine_over_tls(world: World) -> None:
    """A remote engine is asked by TLS with the certificates of DOCKER_CERT_PATH, and not without them."""
    image = save(world)
    client, server = certificates(world.folder)
    place = f"{world.far.host}/{world.path}:v1"
    with dockerengine.start(tls=server) as running:
        running.images["team/docker:v1"] = world.folder / "docker.tar"
        named = {"DOCKER_HOST": running.address, "DOCKER_TLS_VERIFY": "1"}
        world.done("copy", "docker-daemon:team/docker:v1", place, DOCKER_CERT_PATH=str(client), **named)
        other, _ = certificates(world.folder / "other")
        refused = world.wps("inspect", "docker-daemon:team/docker:v1", DOCKER_CERT_PATH=str(other), **named)
    assert_runs(world, place, image)
    assert refused.returncode == 1
    assert "Docker cannot prove who it is" in refused.stderr


@pytest.mark.parametrize(
    ("address", "what", "fix"),
    [
        ("ssh://build.test", "ssh is not spoken here", "docker -H ssh://build.test save NAME -o image.tar"),
        ("tcp://203.0.113.1:2375", "is not asked without TLS", "DOCKER_CERT_PATH"),
        ("unix:///nowhere/docker.sock", "no Docker engine answers", "start Docker, or set DOCKER_HOST"),
        ("npipe:////./pipe/docker", "is not understood", "give one of these"),
    ],
)
def test_docker_engine_that_cannot_be_asked(world: World, address: str, what: str, fix: str) -> None:
    """An engine that cannot be asked is an error that says why, and what to do."""
    ended = world.wps("copy", "docker-daemon:team/web:v1", "oci:there", DOCKER_HOST=address)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 4)
    assert what in ended.stderr
    assert fix in ended.stderr


def test_image_that_docker_does_not_have(world: World) -> None:
    """An image that Docker does not have is an error with Docker's own words; so is one without room on the disk."""
    save(world)
    with engine(world, docker="docker.tar") as running:
        missing = world.wps("inspect", "docker-daemon:team/nix:v1", DOCKER_HOST=running.address)
        running.sizes["team/docker:v1"] = 1 << 60
        large = world.wps("inspect", "docker-daemon:team/docker:v1", DOCKER_HOST=running.address)
    assert "Docker has no image team/nix:v1\n  No such image: team/nix:v1" in missing.stderr
    assert "set TMPDIR to a directory with room" in large.stderr
    assert not [path for path in running.requests if path.endswith("/get")]
