"""Copies into ECR, out of it, and between its regions and accounts, with all that ECR does otherwise."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from ecrworld import THEIRS, World
from moverimages import Image, layer, plain, push

from imagemover import copying
from imagemover.ecr import preflight, repositories
from imagemover.ecr.settings import Settings
from imagemover.errors import CopyError, TagConflictError
from imagemover.jobs import Job, Target
from imagemover.results import BlobOutcome, Retried

if TYPE_CHECKING:
    from imagemover.ecr.hosts import Host
    from imagemover.results import Event

MIB = 1 << 20


def test_behaviour_24_an_index_keeps_its_digest(world: World, near: Host) -> None:
    """An index with two platforms stands in ECR under the digest that it has at home, byte for byte."""
    world.create(near)
    image = Image()
    children = [image.add_manifest([layer(number, 90_000)], config=b'{"n": %d}' % number) for number in range(2)]
    image.add_index(children, ("linux/amd64", "linux/arm64"))
    result = world.copy(image, world.client().registry(near).repository(world.name))
    assert result.images[0].digest == image.root
    world.assert_complete(near, image)


def test_behaviour_24_two_regions_have_the_same_digest(world: World, near: Host, far: Host) -> None:
    """What is copied by digest from one region to another is the same there, and comes from where ECR leads."""
    world.create(near)
    world.create(far)
    image = plain(2)
    client = world.client()
    there = client.registry(near).repository(world.name)
    world.copy(image, there)
    here = client.registry(far).repository(world.name)
    copying.copy([Job(there, image.root, (Target(here, ("v1",)),))], copying.Options(), client.patience)
    world.assert_complete(far, image)
    assert set(world.server.seen_by_storage) == {""}


def test_another_account_pulls_when_it_may(world: World, near: Host, theirs: Host) -> None:
    """The other account's credentials read nothing before the repository lets them, and copy it afterwards."""
    image = plain(3)
    mine = world.client()
    repositories.ensure(mine.cloud, near, world.name, Settings())
    world.copy(image, mine.registry(near).repository(world.name))
    world.server.create(THEIRS, theirs.region, world.name)
    session = _session(world)
    other = world.client(session=session)
    job = Job(
        other.registry(near).repository(world.name),
        image.root,
        (Target(other.registry(theirs).repository(world.name), ("v1",)),),
    )
    with pytest.raises(CopyError, match="denied"):
        copying.copy([job], copying.Options(), other.patience)
    repositories.ensure(mine.cloud, near, world.name, Settings(pull_accounts=(THEIRS,)))
    other = world.client(session=session)
    job = Job(
        other.registry(near).repository(world.name),
        image.root,
        (Target(other.registry(theirs).repository(world.name), ("v1",)),),
    )
    copying.copy([job], copying.Options(), other.patience)
    world.assert_complete(theirs, image)


def test_what_is_there_is_asked_in_one_question(world: World, near: Host) -> None:
    """For all blobs of an image ECR is asked once, and what is there is not sent again."""
    world.create(near)
    repository = world.client().registry(near).repository(world.name)
    world.copy(plain(4, [1000] * 12), repository)
    before = len(world.server.calls("BatchCheckLayerAvailability"))
    result = world.copy(plain(4, [1000] * 12), repository, deep=True)
    assert len(world.server.calls("BatchCheckLayerAvailability")) == before + 1
    assert {blob.sort for blob in result.blobs} == {"present"}


@pytest.mark.parametrize("status", [401, 403, 400])
def test_a_password_that_ends_in_the_middle_is_renewed(world: World, near: Host, status: int) -> None:
    """Passwords that end after each blob do not end the copy, however ECR says it."""
    world.server.quirks.expired_status = status
    world.create(near)
    image = plain(4, [150_000] * 5)
    ended = 0

    def on_event(event: Event) -> None:
        nonlocal ended
        if isinstance(event, BlobOutcome):
            ended += 1
            world.server.expire_tokens()

    world.copy(image, world.client().registry(near).repository(world.name), on_event, workers=1, prove=False)
    assert ended == 6
    world.assert_complete(near, image)


def test_an_immutable_tag_with_the_same_digest_is_success(world: World, near: Host) -> None:
    """A second copy of the same image succeeds, also one that looks at everything and sets the tag again."""
    client = world.client()
    repositories.ensure(client.cloud, near, world.name, Settings(is_immutable=True))
    image = plain(5)
    repository = client.registry(near).repository(world.name)
    world.copy(image, repository)
    assert world.copy(image, repository).images[0].sort == "present"
    assert world.copy(image, repository, deep=True).images[0].digest == image.root
    world.assert_complete(near, image)


def test_an_immutable_tag_with_another_digest_is_told_before_a_byte_moves(world: World, near: Host) -> None:
    """The check names both digests, and nothing of the new image is in ECR; a copy without it fails as clearly."""
    client = world.client()
    repositories.ensure(client.cloud, near, world.name, Settings(is_immutable=True))
    before, image = plain(6), plain(7)
    repository = client.registry(near).repository(world.name)
    world.copy(before, repository)
    job = Job(world.source(image, client.patience), "v1", (Target(repository, ("v1",)),))
    with pytest.raises(TagConflictError) as caught:
        preflight.check_tags([job])
    assert before.root in str(caught.value)
    assert image.root in str(caught.value)
    stored = world.server.backends[near.account, near.region].blobs()
    assert not set(image.everything) & (set(stored) - set(before.everything))
    with pytest.raises(CopyError) as failed:
        copying.copy([job], copying.Options(), client.patience)
    assert before.root in str(failed.value)
    world.assert_complete(near, before)


def test_a_tag_that_a_filter_excludes_may_move(world: World, near: Host) -> None:
    """In an immutable repository that lets "dev-*" move, it moves, and "v1" does not."""
    client = world.client()
    repositories.ensure(client.cloud, near, world.name, Settings(is_immutable=True, mutable_tags=("dev-*",)))
    repository = client.registry(near).repository(world.name)
    first, second = plain(8), plain(9)
    for image in (first, second):
        push(world.plain, world.name, image, "dev-1")
        job = Job(world.source(image, client.patience), "dev-1", (Target(repository, ("dev-1",)),))
        preflight.check_tags([job])
        copying.copy([job], copying.Options(), client.patience)
    world.assert_complete(near, second, "dev-1")
    assert not repository.is_frozen("dev-2")
    assert repository.is_frozen("v1")


def test_a_frozen_tag_is_only_frozen_where_it_is_set(world: World, near: Host) -> None:
    """The check lets a new tag of an immutable repository pass."""
    client = world.client()
    repositories.ensure(client.cloud, near, world.name, Settings(is_immutable=True))
    job = Job(
        world.source(plain(10), client.patience), "v1", (Target(client.registry(near).repository(world.name), ("v9",)),)
    )
    preflight.check_tags([job])


def test_manifests_keep_the_rate(world: World, near: Host) -> None:
    """Twenty-five manifests come at most ten in a second: ECR, which counts, refuses none."""
    world.create(near)
    image = Image()
    children = [image.add_manifest([layer(1, 1000)], config=b'{"n": %d}' % number) for number in range(24)]
    image.add_index(children)
    refused = world.server.refused_manifests
    world.server.rest()
    world.copy(image, world.client().registry(near).repository(world.name))
    assert world.server.refused_manifests == refused
    world.assert_complete(near, image)


def test_a_throttled_manifest_is_written_later(world: World, near: Host) -> None:
    """Manifests that ECR refuses as too many, since others write there too, are written again after a wait."""
    world.create(near)
    image = Image()
    image.add_index([image.add_manifest([layer(2, 1000)], config=b'{"n": %d}' % number) for number in range(3)])
    world.server.rest()
    world.server.quirks.manifests_throttled = 4
    result = world.copy(image, world.client().registry(near).repository(world.name))
    assert result.retries == 4
    world.assert_complete(near, image)


def test_a_busy_storage_is_waited_for(world: World, near: Host, far: Host) -> None:
    """503 of the storage and a signed URL that has ended are both tried again, by asking ECR anew."""
    world.create(near)
    world.create(far)
    client = world.client()
    image = plain(11)
    there = client.registry(near).repository(world.name)
    world.copy(image, there)
    world.server.quirks.storage_busy = 3
    world.server.quirks.signed_seconds = 0.0
    told: list[str] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Retried):
            told.append(event.error)
            if len(told) == 5:
                world.server.quirks.signed_seconds = 60.0

    job = Job(there, image.root, (Target(client.registry(far).repository(world.name), ("v1",)),))
    copying.copy([job], copying.Options(workers=1), client.patience, on_event)
    assert any("signed for a short time" in text for text in told)
    assert any("SlowDown" in text or "busy" in text for text in told)
    world.assert_complete(far, image)


@pytest.mark.parametrize("mounting", [False, True])
def test_a_second_repository_of_the_same_registry_gets_what_it_lacks(
    world: World,
    near: Host,
    mounting: bool,  # noqa: FBT001
) -> None:
    """Where the account mounts, no byte is sent; where it does not, only the blobs that are not there are."""
    world.create(near)
    world.server.create(near.account, near.region, f"{world.name}/prod")
    client = world.client()
    dev = client.registry(near).repository(world.name)
    prod = client.registry(near).repository(f"{world.name}/prod")
    shared = [layer(160, 70_000), layer(161, 50_000)]
    first, second = Image(), Image()
    first.add_manifest(shared, config=b'{"n": 1}')
    second.add_manifest([*shared, layer(162, 60_000)], config=b'{"n": 2}')
    world.copy(first, dev)
    copying.copy([Job(dev, first.root, (Target(prod, ("v1",)),))], copying.Options(), client.patience)
    push(world.plain, world.name, second, "v2")
    job = Job(world.source(second, client.patience), "v2", (Target(dev, ("v2",)),))
    copying.copy([job], copying.Options(), client.patience)
    world.server.quirks.mounting = mounting
    result = copying.copy([Job(dev, second.root, (Target(prod, ("v2",)),))], copying.Options(), client.patience)
    assert sum(one.bytes_sent for one in result.blobs) == (0 if mounting else 60_000 + len(b'{"n": 2}'))
    assert world.server.tags(near.account, near.region, f"{world.name}/prod")["v2"] == second.root


def test_signatures_go_along(world: World, near: Host) -> None:
    """What refers to an image is listed by ECR's own referrers, without a tag for them."""
    world.create(near)
    image = plain(15)
    subject = image.root
    client = world.client()
    source = world.source(image, client.patience)
    signature = Image()
    signature.add_manifest([b"signature"], subject=image.descriptor(subject), artifactType="example/signature")
    push(world.plain, world.name, signature, f"sha256-{subject.partition(':')[2]}.sig")
    index = Image()
    entry = signature.descriptor(signature.root)
    kind = "application/vnd.oci.image.index.v1+json"
    index.add_raw(kind, {"schemaVersion": 2, "mediaType": kind, "manifests": [entry]})
    push(world.plain, world.name, index, f"sha256-{subject.partition(':')[2]}")
    target = client.registry(near).repository(world.name)
    options = copying.Options(referrers=True)
    copying.copy([Job(source, "v1", (Target(target, ("v1",)),))], options, client.patience)
    assert [one.digest for one in target.referrers(subject)] == [signature.root]
    stored = world.server.images(near.account, near.region, world.name)
    assert json.loads(stored[signature.root].data)["subject"]["digest"] == subject


def _session(world: World) -> object:
    import boto3  # noqa: PLC0415  # as the code under test, only here

    environment = world.server.environment(THEIRS)
    return lambda region, _: boto3.Session(
        environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=region
    )
