"""The faults that peers were measured by: each ends in a whole destination, or in a clear refusal."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Literal

import moverimages
import pytest

from imagemover import copying
from imagemover.credentials import Credential
from imagemover.errors import CopyError
from imagemover.gate import WIDEST
from imagemover.jobs import Job, Target
from imagemover.patience import Patience
from testservers import faultproxy, registry
from testservers.faultproxy import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import World

SIZE = 3 << 20
SLACK_BYTES = 1 << 20
"""What is in flight when a connection breaks: buffers of ours, of the kernel, of the proxy."""

PACE = 40e6
"""Slow enough that nothing piles up in the kernel, which throws it away at a reset."""

MOMENTS = {"first": 0, "middle": SIZE // 2, "late": SIZE - 1000}
Side = Literal["reads", "writes"]

FAULTS: dict[str, tuple[Side, Fault]] = {
    "blob reads answered 503 twice": ("reads", Fault("GET", "/blobs/", "status", times=2)),
    "blob reads answered 503 six times": ("reads", Fault("GET", "/blobs/", "status", times=6)),
    "upload begins answered 429 twice": ("writes", Fault("POST", "/uploads/", "status", times=2, status=429)),
    "upload begins answered 429 six times": ("writes", Fault("POST", "/uploads/", "status", times=6, status=429)),
    "upload begins answered 503 twice": ("writes", Fault("POST", "/uploads/", "status", times=2)),
    "blob checks answered 429 twice": ("writes", Fault("HEAD", "/blobs/", "status", times=2, status=429)),
    "manifest writes answered 429 twice": ("writes", Fault("PUT", "/manifests/", "status", times=2, status=429)),
    "manifest reads answered 502 twice": ("reads", Fault("GET", "/manifests/", "status", times=2, status=502)),
    "uploads answered 500 twice": ("writes", Fault("PUT", "/uploads/", "late-status", times=2, status=500)),
    "uploads answered 500 early": ("writes", Fault("PUT", "/uploads/", "status", times=2, status=500)),
    "upload stored, answer lost": ("writes", Fault("PUT", "/uploads/", "lose-answer")),
    "manifest stored, answer lost": ("writes", Fault("PUT", "/manifests/v1", "lose-answer")),
    "manifest flipped": ("reads", Fault("GET", "/manifests/sha256", "flip", at=20)),
}  # fmt: skip


def biggest(image: moverimages.Image) -> str:
    """Give the digest of the largest blob, at which things go wrong."""
    return max(image.blobs, key=lambda digest: len(image.blobs[digest]))


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_survived(world: World, name: str) -> None:
    """A fault that passes leaves nothing behind: the destination is complete, byte for byte."""
    side, fault = FAULTS[name]
    image = moverimages.Image()
    image.add_index([image.add_manifest([moverimages.layer(list(FAULTS).index(name), SIZE), b"small"])])
    world.push(image)
    getattr(world, side).add(dataclasses.replace(fault))
    result = world.copy()
    world.assert_complete(image)
    assert result.retries >= 1 or "lost" in name
    assert result.bytes_sent <= 4 * SIZE


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", ["reset", "close", "stall"])
def test_read_breaks_and_goes_on(world: World, kind: faultproxy.Kind, moment: str) -> None:
    """A read that breaks, at whatever byte, goes on by Range, and the upload does not even notice."""
    image = moverimages.plain(1, (SIZE,))
    world.push(image)
    world.reads.add(Fault("GET", biggest(image), kind, at=MOMENTS[moment]))
    world.reads.bytes_per_second = PACE
    begun = time.monotonic()
    result = world.copy()
    world.assert_complete(image)
    assert result.bytes_sent == sum(map(len, image.blobs.values()))
    assert result.retries == 1
    assert time.monotonic() - begun < 2 * 2.0 + 5
    assert sum(world.reads.sent.values()) <= SIZE + SLACK_BYTES


def test_read_breaks_six_times(world: World) -> None:
    """Six resets of one read cost what was in flight, not the whole blob each time."""
    image = moverimages.plain(2, (8 * SIZE,))
    world.push(image)
    blob = biggest(image)
    world.reads.bytes_per_second = PACE
    world.reads.add(*[Fault("GET", blob, "reset", at=SIZE + number) for number in range(6)])
    result = world.copy(ranges=False)
    world.assert_complete(image)
    assert result.retries == 6
    assert world.reads.sent[blob] <= 1.15 * 8 * SIZE
    assert world.writes.received[blob] == 8 * SIZE


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("kind", ["reset", "close", "stall"])
def test_upload_breaks_and_is_sent_again(world: World, kind: faultproxy.Kind, moment: str) -> None:
    """An upload that breaks, at whatever byte, is sent again where the registry kept nothing of it."""
    image = moverimages.plain(3, (SIZE,))
    world.push(image)
    blob = biggest(image)
    world.writes.add(Fault("PUT", blob.replace(":", "(:|%3A)"), kind, at=MOMENTS[moment], upload=True))
    result = world.copy()
    world.assert_complete(image)
    assert result.retries == 1
    assert world.writes.received[blob] <= MOMENTS[moment] + SIZE + SLACK_BYTES


def test_upload_breaks_six_times(world: World) -> None:
    """Six resets of one upload are survived."""
    image = moverimages.plain(4, (SIZE,))
    world.push(image)
    world.writes.add(Fault("PUT", "/uploads/.*digest", "reset", at=1 << 20, times=6, upload=True))
    world.copy()
    world.assert_complete(image)


def test_retry_after_is_obeyed_by_all(world: World) -> None:
    """When a registry says when to come back, no worker asks it earlier."""
    image = moverimages.plain(5, (1000, 2000, 3000, 4000))
    world.push(image)
    world.writes.add(Fault("POST", "/uploads/", "status", status=429, retry_after="2"))
    begun = time.monotonic()
    world.copy(workers=1)
    world.assert_complete(image)
    assert time.monotonic() - begun >= 2.0


@pytest.mark.parametrize("busy", [False, True])
def test_busy_registry_gets_fewer_requests(world: World, busy: bool) -> None:  # noqa: FBT001  # pytest gives it
    """A registry that answers 429 gets fewer requests at a time from then on; one that does not, as many as fit."""
    image = moverimages.plain(11, tuple(range(1000, 1120)))
    world.push(image)
    world.writes.latency_seconds = 0.02
    if busy:
        world.writes.add(Fault("POST", "/uploads/", "status", times=6, status=429))
    world.copy()
    world.assert_complete(image)
    # How many a busy machine has at the registry says nothing of how many may be there.
    gate = world.opened[-1].gate
    assert (gate.width < WIDEST) is busy
    assert max(world.writes.crowds) <= WIDEST


def test_dripping_read_is_given_up(world: World) -> None:
    """A peer that sends a byte now and then is as silent as one that sends none."""
    image = moverimages.plain(6, (SIZE,))
    world.push(image)
    world.reads.add(Fault("GET", biggest(image), "drip", at=SIZE // 2))
    begun = time.monotonic()
    result = world.copy()
    world.assert_complete(image)
    assert result.retries == 1
    assert time.monotonic() - begun < 15


def test_flipped_byte_is_healed(world: World) -> None:
    """A byte that was flipped once is healed by one more read, and the wrong blob is never finished."""
    image = moverimages.plain(7, (SIZE,))
    world.push(image)
    world.reads.add(Fault("GET", biggest(image), "flip", at=SIZE // 2))
    assert world.copy().retries == 1
    world.assert_complete(image)
    assert sum(1 for method, target in world.reads.log if method == "GET" and biggest(image) in target) == 2


def test_flipped_byte_that_stays_is_refused(world: World) -> None:
    """A byte that is wrong each time ends the copy with both digests, and without a tag."""
    image = moverimages.plain(8, (SIZE,))
    world.push(image)
    world.reads.add(Fault("GET", biggest(image), "flip", at=SIZE // 2, times=100))
    with pytest.raises(CopyError) as caught:
        world.copy()
    blob = biggest(image)
    assert blob in str(caught.value)
    assert str(caught.value).count("sha256:") == 2
    assert world.destination.tags(world.path) == {}
    assert sum(1 for method, target in world.reads.log if method == "GET" and blob in target) == 2


def test_registry_that_stays_broken_ends_the_copy(world: World) -> None:
    """A registry that never recovers ends the copy with its own words, and without a tag."""
    image = moverimages.plain(9)
    world.push(image)
    body = b'{"errors":[{"code":"UNAVAILABLE","message":"storage is on fire"}]}'
    world.writes.add(Fault("PUT", "/uploads/", "late-status", times=1000, body=body))
    with pytest.raises(CopyError) as caught:
        world.copy()
    assert "storage is on fire" in str(caught.value)
    assert world.destination.tags(world.path) == {}


def test_password_rotated_in_the_middle(world: World, tmp_path: Path) -> None:
    """A password that changes during a copy is asked for again, once it is refused."""
    image = moverimages.plain(10, tuple(range(1000, 1012)))
    world.push(image)
    current = ["first"]
    asked = []

    def keyring(host: str) -> Credential:
        asked.append(host)
        return Credential("mover", current[0])

    with registry.start(tmp_path / "locked", password="first") as locked, faultproxy.start(locked.port) as writes:
        patience = Patience()
        near = world.client(world.source.host, patience).repository(world.path)
        far = world.client(writes.host, patience, keyring=keyring).repository("team/web")

        def rotate(_: object) -> None:
            if len(writes.received) == 3 and current[0] == "first":
                current[0] = "second"
                registry.set_password(locked.directory, "second")

        copying.copy([Job(near, "v1", (Target(far, ("v1",)),))], copying.Options(workers=1), patience, rotate)
        moverimages.assert_complete(locked, "team/web", image)
    assert current == ["second"]
    assert asked == [writes.host, writes.host]
