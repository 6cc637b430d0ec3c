"""What the specification lets registries do, and Debian's does not: seen against a double that follows its wording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import double as doubles
import moverimages
import pytest
from pace import POLICY

from imagemover import copying
from imagemover.credentials import Credential
from imagemover.errors import CopyError
from imagemover.jobs import Job, Options, Target
from imagemover.patience import Patience
from testservers import faultproxy
from testservers.faultproxy import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from double import Double

    from conftest import World
    from imagemover.results import Result

SIZE = 8 << 20


@pytest.fixture
def double() -> Iterator[Double]:
    """Give an empty registry."""
    with doubles.start() as started:
        yield started


def fill(double: Double, image: moverimages.Image, tag: str = "v1") -> None:
    """Put an image into the double."""
    double.blobs |= image.blobs
    double.manifests |= image.manifests
    double.tags[tag] = image.root


def into(world: World, double: Double, host: str = "", **options: Any) -> Result:
    """Copy from the world's source to the double."""
    patience = Patience(POLICY)
    near = world.client(world.source.host, patience).repository(world.path)
    far = world.client(host or double.host, patience, **options).repository("x")
    return copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], Options(workers=4), patience)


def assert_whole(double: Double, image: moverimages.Image) -> None:
    """Hold the double against an image."""
    assert double.tags == {"v1": image.root}
    assert double.blobs == image.blobs
    assert double.manifests == image.manifests


def test_a_tag_is_proved_by_what_the_registry_tells(world: World, double: Double) -> None:
    """The answer to a tag names what is kept: the right digest ends the copy, another one fails it."""
    image = moverimages.plain(31, (1000,))
    world.push(image)
    into(world, double)
    assert double.requests[-1] == ("PUT", "/v2/x/manifests/v1")
    double.tags.clear()
    double.told = f"sha256:{'0' * 64}"
    with pytest.raises(CopyError, match=f"v1 stands on sha256:0{{64}} after {image.root} was written"):
        into(world, double)


def test_a_tag_is_read_back_where_nothing_is_told(world: World, double: Double) -> None:
    """A registry that does not say what it keeps is asked for it."""
    double.told = ""
    image = moverimages.plain(32, (1000,))
    world.push(image)
    into(world, double)
    assert double.requests[-1] == ("GET", "/v2/x/manifests/v1")


def test_upload_goes_on_where_the_registry_says(world: World, double: Double) -> None:
    """Where a registry keeps what it got, six resets cost what was in flight and nothing else."""
    image = moverimages.plain(20, (SIZE,))
    world.push(image)
    blob = max(image.blobs, key=lambda digest: len(image.blobs[digest]))
    with faultproxy.start(double.port) as writes:
        writes.bytes_per_second = 60e6
        sevenths = [Fault("PUT", blob.partition(":")[2], "reset", at=SIZE // 7, upload=True) for _ in range(6)]
        writes.add(*sevenths)
        result = into(world, double, writes.host)
        assert writes.received[blob] <= 1.15 * SIZE
    assert result.retries == 6
    assert_whole(double, image)


def test_upload_that_was_forgotten_begins_anew(world: World, double: Double) -> None:
    """Where a registry forgets an upload, it begins anew."""
    double.forget_uploads = True
    image = moverimages.plain(21, (SIZE,))
    world.push(image)
    with faultproxy.start(double.port) as writes:
        writes.add(Fault("PUT", "/uploads/", "reset", at=SIZE // 2, upload=True))
        into(world, double, writes.host)
    assert_whole(double, image)


@pytest.mark.parametrize("status", [202, 201])
def test_upload_in_chunks(world: World, double: Double, status: int) -> None:
    """In chunks, each begins where the last one ended, and 201 is taken for 202 as one registry answers."""
    double.chunk_status = status
    image = moverimages.plain(22, (SIZE, 10, 0))
    world.push(image)
    into(world, double, chunk_bytes=3 << 20)
    assert_whole(double, image)
    assert sum(1 for method, _ in double.requests if method == "PATCH") >= 4


def test_chunks_go_on_after_a_reset(world: World, double: Double) -> None:
    """A chunk that breaks goes on in the middle."""
    image = moverimages.plain(23, (SIZE,))
    world.push(image)
    with faultproxy.start(double.port) as writes:
        writes.bytes_per_second = 60e6
        writes.add(Fault("PATCH", "/uploads/", "reset", at=1 << 20, after=1, upload=True))
        into(world, double, writes.host, chunk_bytes=3 << 20)
        assert sum(writes.received.values()) <= 1.15 * SIZE
    assert_whole(double, image)


@pytest.mark.parametrize("status", [401, 403, 400])
def test_token_expires_in_the_middle(world: World, double: Double, status: int) -> None:
    """A token that expires during a copy is renewed, in whichever of three ways a registry says so."""
    double.token_seconds, double.expired_status = 1.0, status
    image = moverimages.plain(24, (SIZE,) * 4)
    world.push(image)
    with faultproxy.start(double.port) as writes:
        writes.bytes_per_second = 6e6
        into(world, double, writes.host, keyring=lambda _: Credential("mover", "right"))
    assert_whole(double, image)
    assert len(double.tokens) >= 3


def test_one_thread_fetches_a_token(world: World, double: Double) -> None:
    """However many requests are refused at the same time, one token is fetched for each scope."""
    double.token_seconds = 100
    image = moverimages.plain(25, tuple(range(100, 130)))
    world.push(image)
    into(world, double, keyring=lambda _: Credential("mover", "right"))
    assert_whole(double, image)
    assert len(double.tokens) == 2
    assert {name.partition("-r")[2].rpartition(":")[2] for name in double.tokens} == {"pull", "pull,push"}


def test_wrong_password_is_told_without_it(world: World, double: Double) -> None:
    """A refused password ends the copy at once; the text says what to do, and has no password."""
    double.token_seconds = 100
    image = moverimages.plain(26)
    world.push(image)
    with pytest.raises(CopyError) as caught:
        into(world, double, keyring=lambda _: Credential("mover", "hunter2"))
    assert "docker login" in str(caught.value.__cause__)
    assert "hunter2" not in f"{caught.value} {caught.value.__cause__} {caught.value.result!r}"
    assert double.tags == {}


def test_redirect_gets_no_credentials(world: World, double: Double) -> None:
    """Where a read is redirected to another host, the credentials stay."""
    double.token_seconds, double.redirects = 100, True
    image = moverimages.plain(27, (SIZE, 1000))
    fill(double, image)
    patience = Patience(POLICY)
    near = world.client(double.host, patience, keyring=lambda _: Credential("mover", "right")).repository("x")
    far = world.client(world.destination.host, patience).repository(world.path)
    copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience)
    world.assert_complete(image)
    assert len(double.authorizations["storage"]) == 3
    assert set(double.authorizations["storage"]) == {""}
    assert any(one.startswith("Bearer ") for one in double.authorizations["registry"])


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "//localhost/x", "http://u:p@localhost/x"]
)
def test_redirect_to_elsewhere_is_refused(world: World, double: Double, target: str) -> None:
    """A redirect to anything but plain http and https is not followed."""
    double.redirects, double.redirect_to = True, target
    image = moverimages.plain(28, (1000,))
    fill(double, image)
    patience = Patience(POLICY)
    near = world.client(double.host, patience).repository("x")
    far = world.client(world.destination.host, patience).repository(world.path)
    with pytest.raises(CopyError, match="not followed"):
        copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience)
    assert world.destination.tags(world.path) == {}


def test_immutable_tag(world: World, double: Double) -> None:
    """A tag that may not move is a success if it stands on the same digest, and a clear error if not."""
    double.immutable = True
    image, other = moverimages.plain(29), moverimages.plain(30)
    world.push(image)
    fill(double, other)
    with pytest.raises(CopyError) as caught:
        into(world, double)
    assert image.root not in double.tags.values()
    assert other.root in str(caught.value)
    fill(double, image)
    patience = Patience(POLICY)
    near = world.client(world.source.host, patience).repository(world.path)
    far = world.client(double.host, patience).repository("x")
    result = copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], Options(deep=True), patience)
    assert ("PUT", "/v2/x/manifests/v1") in double.requests[-3:]
    assert [(one.digest, one.sort) for one in result.images] == [(image.root, "sent")]


def test_referrers_by_the_api(world: World, double: Double) -> None:
    """What refers to an image, and to its parts, goes along, over all pages of the list; the lists fit at the end."""
    image = moverimages.Image()
    child = image.add_manifest([b"layer"])
    image.add_index([child])
    root = image.root
    fill(double, image)
    subject = image.descriptor(child)
    signatures = [image.add_manifest([f"{n}".encode()], subject=subject, artifactType="a/b") for n in range(5)]
    signatures.append(image.add_manifest([b"deeper"], subject=image.descriptor(signatures[0])))
    double.blobs |= image.blobs
    double.manifests |= image.manifests
    patience = Patience(POLICY)
    near = world.client(double.host, patience).repository("x")
    far = world.client(world.destination.host, patience).repository(world.path)
    copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], Options(referrers=True), patience)
    assert world.destination.tags(world.path)["v1"] == root
    stored = world.destination.blobs()
    assert {digest: stored.get(digest) for digest in image.everything} == image.everything
    listed = {one.digest for one in far.referrers(child)}
    assert listed == set(signatures[:5])
    assert {one.digest for one in far.referrers(signatures[0])} == {signatures[5]}
    with doubles.start() as third:  # and back, from the tags that list them
        end = world.client(third.host, patience).repository("x")
        copying.copy([Job(far, "v1", (Target(end, ("v1",)),))], Options(referrers=True), patience)
        assert {one.digest for one in end.referrers(child)} == set(signatures[:5])
        assert set(signatures) <= set(third.manifests)
        assert third.tags == {"v1": root}
