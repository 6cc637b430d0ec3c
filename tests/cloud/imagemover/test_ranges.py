"""One large layer from a slow source: read by ranges, several at once, and still every byte verified."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import double as doubles
import moverimages
import pytest
from pace import POLICY

from imagemover import copying
from imagemover.errors import CopyError
from imagemover.jobs import Job, Target
from imagemover.patience import Patience
from testservers.faultproxy import Fault

if TYPE_CHECKING:
    from conftest import World

SIZE = 24 << 20
SLOW = 4e6
"""Bytes per second of one connection to the source."""

PART = r"bytes=\d+-\d+"


def image_of(seed: int) -> tuple[moverimages.Image, str]:
    """Make an image of one large layer, and give its digest."""
    image = moverimages.plain(seed, (SIZE,))
    return image, max(image.blobs, key=lambda digest: len(image.blobs[digest]))


def slow_copy(world: World, image: moverimages.Image) -> float:
    """Copy from a slow source, and give the seconds."""
    world.push(image)
    world.reads.bytes_per_second = SLOW
    begun = time.monotonic()
    world.copy()
    world.assert_complete(image)
    return time.monotonic() - begun


def test_slow_source_is_read_by_ranges(world: World) -> None:
    """A layer that one connection brings slowly comes over several, faster, and hardly a byte twice."""
    image, blob = image_of(600)
    assert slow_copy(world, image) < SIZE / SLOW * 0.8
    assert world.reads.connections > 4
    assert world.reads.sent[blob] <= 1.15 * SIZE
    assert world.writes.received[blob] == SIZE


def test_quick_source_is_read_in_one_stream(world: World) -> None:
    """Where the upload is slower than the read, one connection reads."""
    image, blob = image_of(601)
    world.push(image)
    world.writes.bytes_per_second = 4 * SLOW
    world.copy()
    world.assert_complete(image)
    assert [target for method, target in world.reads.log if method == "GET" and blob in target] == [
        f"/v2/{world.path}/blobs/{blob}"
    ]


@pytest.mark.parametrize("kind", ["reset", "close", "stall", "status"])
def test_ranges_that_break_go_on(world: World, kind: str) -> None:
    """Ranges that break, go silent, or are refused for a while cost what was in flight; the upload does not notice."""
    image, blob = image_of(602)
    world.reads.add(Fault("GET", blob, kind, at=100_000, times=6, after=3))  # type: ignore[arg-type]  # as listed
    slow_copy(world, image)
    assert world.writes.received[blob] == SIZE
    assert world.reads.sent[blob] <= 1.3 * SIZE


def test_flipped_byte_in_a_range_is_healed(world: World) -> None:
    """A range with a wrong byte is noticed by the digest of the whole, before its last piece left, and read again."""
    image, blob = image_of(603)
    world.reads.add(Fault("GET", blob, "flip", at=100_000, after=5))
    slow_copy(world, image)
    assert world.reads.sent[blob] >= 1.5 * SIZE


def test_flipped_byte_in_all_ranges_is_refused(world: World) -> None:
    """Ranges that are wrong each time end the copy with both digests, and without a tag."""
    image, blob = image_of(604)
    world.push(image)
    world.reads.bytes_per_second = SLOW
    world.reads.add(Fault("GET", blob, "flip", at=100_000, times=1000))
    with pytest.raises(CopyError, match=blob):
        world.copy()
    assert world.destination.tags(world.path) == {}


@pytest.mark.parametrize("redirects", [False, True], ids=["direct", "redirected"])
def test_source_without_ranges(world: World, redirects: bool) -> None:  # noqa: FBT001  # pytest gives it
    """A source that answers each range with the whole blob is read in one stream; one that redirects, by ranges."""
    image, blob = image_of(605)
    with doubles.start() as double:
        double.blobs |= image.blobs
        double.manifests |= image.manifests
        double.tags["v1"] = image.root
        double.redirects = double.ranges = redirects
        double.bytes_per_second = 2 * SLOW
        patience = Patience(POLICY)
        near = world.client(double.host, patience).repository("x")
        far = world.client(world.destination.host, patience).repository(world.path)
        copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], patience=patience)
        world.assert_complete(image)
        asked = [path for method, path in double.requests if method == "GET" and blob in path]
    if redirects:
        # The registry is asked about few of the parts: the place that it redirects to is remembered.
        assert sum(path.startswith("/v2/") for path in asked) < len(asked) / 2
        assert double.parts[blob] > 10
