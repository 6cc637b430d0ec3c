"""ECR's limits and its own way of uploads: what cannot be is refused first, what is odd is lived with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moverimages import digest_of, layer, plain

from imagemover.ecr.registry import EcrRegistry
from imagemover.errors import CopyError, ManifestError, MissingError, RegistryError
from imagemover.manifests import Descriptor

if TYPE_CHECKING:
    from ecrworld import World

    from imagemover.ecr.hosts import Host

MIB = 1 << 20


def test_parts_are_taken_as_ecr_answers_them(world: World, near: Host) -> None:
    """In parts of 5 MiB a blob arrives whole, though PATCH is answered 201 and Range stands still."""
    world.create(near)
    client = world.client()
    registry = EcrRegistry(near, client.cloud, client.login, patience=client.patience, chunk_bytes=5 * MIB)
    world.opened.append(registry)
    image = plain(12, [12 * MIB])
    world.copy(image, registry.repository(world.name))
    world.assert_complete(near, image)


@pytest.mark.parametrize("size", [MIB, 21 * MIB])
def test_parts_that_ecr_refuses_are_not_begun(world: World, near: Host, size: int) -> None:
    """Parts below 5 or above 20 MiB are an error at once, which names the bounds."""
    client = world.client()
    with pytest.raises(ManifestError, match="refused") as caught:
        EcrRegistry(near, client.cloud, client.login, chunk_bytes=size)
    assert "5 to 20 MiB" in str(caught.value)


def test_a_layer_above_the_limit_is_refused_in_the_plan(world: World, near: Host) -> None:
    """A layer of 52,001 MiB is refused when it is asked whether it is there, so before anything is sent."""
    world.create(near)
    repository = world.client().registry(near).repository(world.name)
    huge = Descriptor("application/vnd.oci.image.layer.v1.tar", "sha256:" + "1" * 64, 52_001 * MIB)
    for ask in (lambda: repository.has(huge), lambda: repository.present([huge]), lambda: repository.begin(huge)):
        with pytest.raises(ManifestError) as caught:
            ask()
        assert str(52_000 * MIB) in str(caught.value)


def test_a_missing_repository_is_named(world: World, near: Host) -> None:
    """A push to a repository that nobody created says which, and that it has to be created."""
    with pytest.raises(CopyError) as caught:
        world.copy(plain(13), world.client().registry(near).repository(world.name))
    assert isinstance(caught.value.__cause__, MissingError)
    assert world.name in str(caught.value)
    assert "created first" in str(caught.value)


def test_an_upload_that_ecr_forgets_begins_anew(world: World, near: Host) -> None:
    """A part at the wrong byte is refused with the byte that ECR expects; asked for the upload, ECR knows none."""
    world.create(near)
    client = world.client()
    registry = EcrRegistry(near, client.cloud, client.login, patience=client.patience, chunk_bytes=5 * MIB)
    world.opened.append(registry)
    data = layer(163, 11 * MIB)
    blob = Descriptor("x", digest_of(data), len(data))
    session = registry.repository(world.name).begin(blob).open()
    assert session is not None
    session.write(memoryview(data)[: 5 * MIB])
    session.offset = 6 * MIB
    with pytest.raises(RegistryError) as caught:
        session.write(memoryview(data)[6 * MIB :])
    assert caught.value.status == 416
    assert str(5 * MIB) in str(caught.value)
    assert not session.resume()


def test_presence_is_asked_a_hundred_at_a_time(world: World, near: Host) -> None:
    """Of 230 blobs those are present that are there with the right size, in three calls."""
    world.create(near)
    repository = world.client().registry(near).repository(world.name)
    image = plain(14, [100 + number for number in range(6)])
    world.copy(image, repository)
    there = [Descriptor("x", digest, len(data)) for digest, data in image.blobs.items()]
    absent = [Descriptor("x", f"sha256:{number:064x}", 5) for number in range(222)]
    wrong = Descriptor("x", there[0].digest, 1)
    before = len(world.server.calls("BatchCheckLayerAvailability"))
    assert repository.present([*absent, *there[1:], wrong]) == {one.digest for one in there[1:]}
    assert len(world.server.calls("BatchCheckLayerAvailability")) - before == 3
    assert repository.present(there) == {one.digest for one in there}
