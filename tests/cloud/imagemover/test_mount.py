"""Mounts: what they save, and what is done where they are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import moverimages
from pace import POLICY

from imagemover import copying
from imagemover.jobs import Job, Target
from imagemover.patience import Patience
from imagemover.transfer import Transfer

if TYPE_CHECKING:
    from conftest import World

COUNT = 12


def test_mount_costs_one_request_for_each_blob(world: World) -> None:
    """Within a registry nobody asks for a blob before it is mounted, be it there or not."""
    image = moverimages.plain(800, tuple(range(1000, 1000 + COUNT)))
    world.push(image)
    patience = Patience(POLICY)
    near, _ = world.places(patience)
    to = near.registry.repository(world.path + "/b")
    for tag in ("v1", "v2"):
        world.reads.mend()
        copying.copy([Job(near, "v1", (Target(to, (tag,)),))], patience=patience)
        moverimages.assert_complete(world.source, to.path, image, tag)
        assert [method for method, target in world.reads.log if "/blobs/" in target] == ["POST"] * len(image.blobs)


def test_a_blob_is_mounted_everywhere_at_the_same_time(world: World) -> None:
    """Images that share a layer do not wait for each other's mounts of it."""
    image = moverimages.plain(64, (70_000,))
    world.push(image)
    patience = Patience(POLICY)
    near = world.client(world.source.host, patience).repository(world.path)
    far = world.client(world.writes.host, patience)
    targets = tuple(Target(far.repository(f"{world.path}/{number}"), ("v1",)) for number in range(8))
    world.writes.latency_seconds = 0.05
    result = copying.copy([Job(near, "v1", targets)], patience=patience)
    assert sum(1 for blob in result.blobs if blob.sort == "mounted") == 7 * len(image.blobs)
    at_mounts = [
        crowd for (_, target), crowd in zip(world.writes.log, world.writes.crowds, strict=True) if "mount=" in target
    ]
    assert len(at_mounts) == 7 * len(image.blobs)
    assert max(at_mounts) >= 7


def test_refused_mount_of_what_is_there_sends_nothing(world: World) -> None:
    """Where a mount is refused, and the blob is there all the same, no byte of it is sent."""
    image = moverimages.plain(801, (500_000,))
    world.push(image)
    world.copy()
    world.writes.mend()
    patience = Patience(POLICY)
    near, far = world.places(patience)
    blob = far.manifest("v1").blobs[-1]
    (sink,) = Transfer(near, blob, patience).run([far], mount_from="no/such")
    assert (sink.done, sink.bytes_sent, sink.error) == (True, 0, None)
    assert "PUT" not in world.writes.requests


def test_refused_mount_becomes_an_upload(world: World) -> None:
    """Where a mount is refused, the blob is sent in the session that the registry opened."""
    image = moverimages.plain(802, (500_000,))
    world.push(image)
    patience = Patience(POLICY)
    near, far = world.places(patience)
    blob = near.manifest("v1").blobs[-1]
    (sink,) = Transfer(near, blob, patience).run([far], mount_from="no/such")
    assert (sink.done, sink.mounted, sink.bytes_sent) == (True, False, blob.size)
    assert world.writes.requests["POST"] == 1
