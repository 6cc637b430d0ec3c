"""Copies between two real registries: what arrives, what is sent, and in which order."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import moverimages
import pytest
from pace import POLICY

from imagemover import copying, digests
from imagemover.archives import open_archive
from imagemover.errors import CancelledError, CopyError, DeadlineError
from imagemover.jobs import Job, Target
from imagemover.layout import Layout
from imagemover.patience import Cancellation, Patience, Policy
from imagemover.results import BlobOutcome, Planned, Sent
from testservers.faultproxy import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World


def two_platforms(seed: int, *, docker: bool = False) -> moverimages.Image:
    """Make an index of two platforms, with a layer that both have, an empty one, and one each."""
    image = moverimages.Image()
    shared = moverimages.layer(seed, 500_000)
    children = [
        image.add_manifest(
            [shared, b"", moverimages.layer(seed + n, 90_000)], docker=docker, config=f'{{"n":{n}}}'.encode()
        )
        for n in (1, 2)
    ]
    image.add_index(children, ["linux/amd64", "linux/arm64"], docker=docker)
    return image


@pytest.mark.parametrize("docker", [False, True], ids=["oci", "docker"])
def test_behaviour_24_index_keeps_its_digest(world: World, docker: bool) -> None:  # noqa: FBT001  # pytest gives it
    """An index arrives with both platforms, byte for byte, and each byte is sent once."""
    image = two_platforms(100, docker=docker)
    world.push(image)
    result = world.copy()
    world.assert_complete(image)
    assert result.images[0].digest == image.root
    assert {blob: world.writes.received[blob] for blob in image.blobs} == {
        blob: len(data) for blob, data in image.blobs.items()
    }
    assert sum(receipt.bytes_sent for receipt in result.receipts("ci")) == sum(map(len, image.blobs.values()))


def test_tag_comes_last(world: World) -> None:
    """The tag is the last that is written; it is read back where that is asked for."""
    world.push(two_platforms(110))
    world.copy()
    assert world.writes.log[-1] == ("PUT", f"/v2/{world.path}/manifests/v1")
    writes = [target.rpartition("/")[2] for method, target in world.writes.log if method in {"PUT", "POST", "PATCH"}]
    assert writes[-1] == "v1"
    assert writes.count("v1") == 1
    world.copy(deep=True)
    assert world.writes.log[-1] == ("GET", f"/v2/{world.path}/manifests/v1")


def test_second_copy_asks_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image that is there costs one request on each side."""
    monkeypatch.setattr(copying, "NEAR_SECONDS", 30.0)  # a busy machine is not far
    image = two_platforms(120)
    world.push(image)
    world.copy()
    world.writes.mend()
    world.reads.mend()
    result = world.copy()
    assert result.images[0].sort == "present"
    assert (len(world.reads.log), len(world.writes.log)) == (1, 1)


def test_what_is_there_is_not_sent(world: World) -> None:
    """A second image that shares layers costs its own bytes only."""
    world.push(two_platforms(130), "v1")
    world.copy()
    image = moverimages.Image()
    image.add_manifest([moverimages.layer(130, 500_000), b"new"], config=b"new config")
    world.push(image, "v2")
    result = world.copy("v2", "v2")
    world.assert_complete(image, "v2")
    assert result.bytes_sent == len(b"new") + len(b"new config")
    assert sorted(blob.sort for blob in result.blobs) == ["present", "sent", "sent"]


def test_one_read_for_several_destinations(world: World, tmp_path: Path) -> None:
    """A registry, a second repository of it, and a layout are served by one read; the second repository mounts."""
    image = two_platforms(140)
    world.push(image)
    patience = Patience(POLICY)
    near, far = world.places(patience)
    other = far.registry.repository(world.path + "/other")
    layout = Layout(str(tmp_path / "layout"), create=True)
    targets = (Target(far, ("v1",)), Target(other, ("v1", "v2")), Target(layout, ("v1",)))
    events: list[object] = []
    result = copying.copy([Job(near, "v1", targets)], patience=patience, on_event=events.append)
    world.assert_complete(image)
    moverimages.assert_complete(world.destination, other.path, image, "v2")
    assert {blob: world.reads.sent[blob] for blob in image.blobs} == {b: len(d) for b, d in image.blobs.items()}
    count = len(image.blobs)
    plans = [event for event in events if isinstance(event, Planned)]
    assert [(plan.sends, plan.mounts, plan.images) for plan in plans] == [(2 * count, count, 3)]
    assert sorted(blob.sort for blob in result.blobs) == ["mounted"] * count + ["sent"] * 2 * count
    back = Layout(str(tmp_path / "layout"))
    assert back.resolve("v1") == image.root
    for digest, data in image.blobs.items():
        assert (tmp_path / "layout/blobs" / digest.replace(":", "/")).read_bytes() == data


def test_fleet_sends_a_shared_layer_once(world: World) -> None:
    """Ten images on one base, to ten repositories, send the base once."""
    patience = Patience(POLICY)
    near, far = world.places(patience)
    images, jobs = [], []
    for number in range(10):
        image = moverimages.Image()
        image.add_manifest([moverimages.layer(150, 300_000), f"own {number}".encode()], config=f"{number}".encode())
        moverimages.push(world.source, f"{world.path}/{number}", image)
        target = Target(far.registry.repository(f"{world.path}/to{number}"), ("v1",))
        jobs.append(Job(near.registry.repository(f"{world.path}/{number}"), "v1", (target,)))
        images.append(image)
    result = copying.copy(jobs, patience=patience)
    for number, image in enumerate(images):
        moverimages.assert_complete(world.destination, f"{world.path}/to{number}", image)
    assert result.bytes_sent == sum(len(data) for data in {k: v for i in images for k, v in i.blobs.items()}.values())


def test_mount_within_a_registry(world: World) -> None:
    """From one repository to another of the same registry no byte is read or sent."""
    image = two_platforms(160)
    world.push(image)
    patience = Patience(POLICY)
    near, _ = world.places(patience)
    copying.copy([Job(near, "v1", (Target(near.registry.repository(world.path + "/b"), ("v1",)),))], patience=patience)
    moverimages.assert_complete(world.source, world.path + "/b", image)
    assert not any("/blobs/sha256" in target for method, target in world.reads.log if method == "GET")


def test_one_platform(world: World) -> None:
    """One chosen platform arrives as the image itself, under its own digest."""
    image = two_platforms(170)
    world.push(image)
    result = world.copy(platforms=("linux/arm64",))
    child = list(image.manifests)[1]
    assert result.images[0].digest == child
    assert world.destination.tags(world.path) == {"v1": child}
    with pytest.raises(CopyError, match="linux/amd64, linux/arm64"):
        world.copy(tag="v2", platforms=("windows/amd64",))


def test_signatures_by_tags(world: World) -> None:
    """Signatures that hang on tags, and those that hang on the fallback tag, go along, and their tags with them."""
    image = two_platforms(180)
    world.push(image)
    dashed = image.root.replace(":", "-")
    signature, attached = moverimages.plain(181, (50,)), moverimages.Image()
    moverimages.push(world.source, world.path, signature, dashed + ".sig")
    root, (kind, data) = image.root, image.manifests[image.root]
    attached.add_manifest([b"sbom"], subject={"mediaType": kind, "digest": root, "size": len(data)})
    moverimages.push(world.source, world.path, attached, "")
    listing = moverimages.Image(manifests=dict(attached.manifests))
    listing.add_index([attached.root])
    moverimages.push(world.source, world.path, listing, dashed)
    world.copy(referrers=True)
    world.assert_complete(image)
    world.assert_complete(signature, dashed + ".sig")
    patience = Patience(POLICY)
    _, far = world.places(patience)
    assert [one.digest for one in far.referrers(root)] == [attached.root]
    assert attached.root in world.destination.blobs()


def test_tag_that_may_not_move(world: World) -> None:
    """A tag on another digest stops the copy before a byte moves, and both digests are told."""
    first, second = moverimages.plain(190), moverimages.plain(191)
    world.push(first)
    world.copy()
    world.push(second)
    world.writes.mend()
    with pytest.raises(CopyError) as caught:
        world.copy(move_tags=False)
    assert first.root in str(caught.value)
    assert second.root in str(caught.value)
    assert set(world.writes.requests) == {"HEAD"}
    world.copy()
    world.assert_complete(second)


def test_expected_digest(world: World) -> None:
    """A source tag that stands on another digest than was expected stops the copy."""
    image = moverimages.plain(200)
    world.push(image)
    patience = Patience(POLICY)
    near, far = world.places(patience)
    with pytest.raises(CopyError, match="another digest was expected"):
        copying.copy([Job(near, "v1", (Target(far, ("v1",)),), digests.of(b"other"))], patience=patience)
    assert set(world.writes.requests) <= {"HEAD"}


def test_tag_moves_on_the_source_meanwhile(world: World) -> None:
    """What was pinned when the copy began arrives, whatever the tag does meanwhile."""
    image, other = moverimages.plain(210), moverimages.plain(211)
    world.push(image)
    patience = Patience(POLICY)
    near, far = world.places(patience)

    def move(event: object) -> None:
        if isinstance(event, Planned):
            world.push(other)

    copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience, on_event=move)
    world.assert_complete(image)


def test_missing_things_are_named(world: World) -> None:
    """A missing tag, and a blob that the source lost, end the copy with their names."""
    image = moverimages.plain(220)
    world.push(image)
    with pytest.raises(CopyError, match="nosuch is not there"):
        world.copy("nosuch")
    blob = max(image.blobs)
    value = blob.partition(":")[2]
    (world.source.directory / f"data/docker/registry/v2/blobs/sha256/{value[:2]}/{value}/data").unlink()
    with pytest.raises(CopyError, match=blob):
        world.copy()
    assert world.destination.tags(world.path) == {}


def test_one_of_two_destinations_fails(world: World, tmp_path: Path) -> None:
    """A destination that fails does not keep the other one from its image."""
    image = moverimages.plain(230)
    world.push(image)
    patience = Patience(POLICY)
    near, far = world.places(patience)
    world.writes.add(Fault("POST", "/uploads/", "status", status=403, times=1000))
    layout = Layout(str(tmp_path / "layout"), create=True)
    with pytest.raises(CopyError) as caught:
        copying.copy([Job(near, "v1", (Target(far, ("v1",)), Target(layout, ("v1",))))], patience=patience)
    assert [image.sort for image in caught.value.result.images] == ["failed", "sent"]
    assert layout.manifest("v1").digest == image.root
    assert world.destination.tags(world.path) == {}


def test_cancel_stops_at_once(world: World) -> None:
    """Cancelling ends a copy within a second, even one that waits for a silent peer."""
    world.push(moverimages.plain(240, (1 << 20,)))
    world.reads.add(Fault("GET", "/blobs/", "stall", at=1000, times=9))
    cancellation = Cancellation()
    patience = Patience(Policy(stall_seconds=60), cancellation)
    near, far = world.places(patience)
    threading.Timer(0.5, cancellation.cancel).start()
    begun = time.monotonic()
    with pytest.raises(CancelledError):
        copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience)
    assert time.monotonic() - begun < 1.5
    assert world.destination.tags(world.path) == {}


def test_deadline(world: World) -> None:
    """A copy that takes longer than it may says so."""
    world.push(moverimages.plain(250, (4 << 20,)))
    world.reads.bytes_per_second = 1e6
    with pytest.raises(DeadlineError, match="too long"):
        world.copy(policy=Policy(deadline_seconds=1.0, stall_seconds=5.0))
    assert world.destination.tags(world.path) == {}


def test_events_add_up(world: World) -> None:
    """Events tell each byte once, and each blob once."""
    image = two_platforms(260)
    world.push(image)
    patience = Patience(POLICY)
    near, far = world.places(patience)
    events: list[object] = []
    result = copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience, on_event=events.append)
    assert sum(event.count for event in events if isinstance(event, Sent)) == sum(map(len, image.blobs.values()))
    assert {event.digest for event in events if isinstance(event, BlobOutcome)} == set(image.blobs)
    assert json.loads(json.dumps(result.to_json()))["images"][0]["digest"] == image.root


def test_listener_that_fails_stops_the_copy(world: World) -> None:
    """What a listener raises ends the copy, and is not lost."""
    world.push(moverimages.plain(270))
    patience = Patience(POLICY)
    near, far = world.places(patience)

    def fail(event: object) -> None:
        if isinstance(event, Planned):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience, on_event=fail)


def test_layout_and_archive_to_a_registry(world: World, tmp_path: Path) -> None:
    """A layout, and the same as a tar, arrive with the digest that they have."""
    import tarfile  # noqa: PLC0415  # for this only

    image = two_platforms(280)
    world.push(image)
    patience = Patience(POLICY)
    near, far = world.places(patience)
    directory = tmp_path / "layout"
    layout = Layout(str(directory), create=True)
    copying.copy([Job(near, "v1", (Target(layout, ("v1",)),))], patience=patience)
    copying.copy([Job(layout, "v1", (Target(far, ("v1",)),))], patience=patience)
    world.assert_complete(image)
    with tarfile.open(tmp_path / "layout.tar", "w") as tar:
        tar.add(directory, ".")
    archive = open_archive(str(tmp_path / "layout.tar"))
    other = far.registry.repository(world.path + "/tar")
    copying.copy([Job(archive, "v1", (Target(other, ("v1",)),))], patience=patience)
    moverimages.assert_complete(world.destination, other.path, image)
