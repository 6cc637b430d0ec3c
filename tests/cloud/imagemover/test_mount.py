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
