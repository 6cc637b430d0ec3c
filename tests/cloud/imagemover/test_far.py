"""A destination that is far: what is asked while its answer on the tag is on the way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import moverimages
import pytest

from imagemover import copying
from imagemover.errors import CopyError
from testservers.faultproxy import Fault

if TYPE_CHECKING:
    from conftest import World

LATENCY_SECONDS = 20 * copying.NEAR_SECONDS


def two_platforms(seed: int) -> moverimages.Image:
    """Make an index of two images."""
    image = moverimages.Image()
    children = [image.add_manifest([moverimages.layer(seed + n, 1000)], config=f"{n}".encode()) for n in range(2)]
    image.add_index(children, ["linux/amd64", "linux/arm64"])
    return image


def blobs_asked(world: World) -> Counter[str]:
    """Count how often each blob was asked for at the destination."""
    return Counter(target.rpartition("/")[2] for method, target in world.writes.log if "/blobs/sha" in target)


def test_blobs_are_asked_for_meanwhile_and_once(world: World) -> None:
    """Of a far destination each blob is asked for once, and before it is known whether the tag is there."""
    image = two_platforms(800)
    world.push(image)
    world.writes.latency_seconds = LATENCY_SECONDS
    world.copy()
    world.assert_complete(image)
    assert blobs_asked(world) == dict.fromkeys(image.blobs, 1)
    again = world.copy()
    assert again.images[0].sort == "present"
    assert blobs_asked(world) == dict.fromkeys(image.blobs, 2)


def test_near_destination_is_asked_for_the_tag_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tag's answer is quick, a copy that finds its image there asks nothing else."""
    image = two_platforms(810)
    world.push(image)
    world.copy()
    before = blobs_asked(world)
    monkeypatch.setattr(copying, "NEAR_SECONDS", 30.0)  # a busy machine is not far
    assert world.copy().images[0].sort == "present"
    assert blobs_asked(world) == before


def test_what_fails_meanwhile_does_not_matter_where_the_tag_is_there(world: World) -> None:
    """A far destination's tag that stands on the image ends the copy, even if parts are missing at the source."""
    image = two_platforms(820)
    world.push(image)
    world.copy()
    world.writes.latency_seconds = LATENCY_SECONDS
    child = next(digest for digest in image.manifests if digest != image.root)
    world.reads.add(Fault("GET", child, "status", times=100, status=404))
    assert world.copy().images[0].sort == "present"
    assert any(child in target for _, target in world.reads.log)


def test_what_fails_meanwhile_is_told_where_the_tag_is_not_there(world: World) -> None:
    """A part that is missing at the source ends the copy to a far destination, and no tag is set."""
    image = two_platforms(830)
    world.push(image)
    world.writes.latency_seconds = LATENCY_SECONDS
    child = next(digest for digest in image.manifests if digest != image.root)
    world.reads.add(Fault("GET", child, "status", times=100, status=404))
    with pytest.raises(CopyError, match=child):
        world.copy()
    assert world.destination.tags(world.path) == {}
