"""Random images and random faults: the destination is complete and byte-equal, or no tag moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import moverimages
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pace import POLICY

from imagemover import copying
from imagemover.errors import CopyError
from imagemover.jobs import Job, Options, Target
from imagemover.patience import Patience, Policy
from testservers.faultproxy import Fault

if TYPE_CHECKING:
    from conftest import World

QUICK = Policy(
    stall_seconds=0.5, first_seconds=0.01, most_seconds=0.05, attempts=POLICY.attempts, deadline_seconds=60.0
)
COUNTER = iter(range(10**6))

FAULTS = st.builds(
    Fault,
    method=st.sampled_from(["GET", "PUT", "POST", "HEAD"]),
    target=st.sampled_from(["/blobs/", "/manifests/", "/uploads/", "."]),
    kind=st.sampled_from(["status", "reset", "close", "flip", "lose-answer", "late-status", "stall"]),
    at=st.sampled_from([0, 1, 100, 5000, 100_000]),
    times=st.integers(1, 4),
    after=st.integers(0, 5),
    status=st.sampled_from([429, 500, 502, 503, 404, 403, 401, 400, 408]),
    upload=st.booleans(),
)


def no_flipped_uploads(fault: Fault) -> bool:
    """Only answers are flipped: what the client sends wrong is for the registry to see, and it does."""
    return not (fault.upload and fault.kind in {"flip", "drip"})


@st.composite
def images(draw: st.DrawFn) -> moverimages.Image:
    """Give an image: manifests that share layers, under up to two levels of indexes."""
    image = moverimages.Image()
    layers = [moverimages.layer(draw(st.integers(0, 10**6)), draw(st.sampled_from([0, 1, 1000, 9000, 200_000])))
              for _ in range(draw(st.integers(1, 4)))]  # fmt: skip
    docker = draw(st.booleans())
    below = [
        image.add_manifest(draw(st.lists(st.sampled_from(layers), max_size=4)), docker=docker, config=f"{n}".encode())
        for n in range(draw(st.integers(1, 3)))
    ]
    for _ in range(draw(st.integers(0, 2))):
        below = [image.add_index(below, docker=docker)]
    if len(below) > 1:
        image.add_index(below, docker=docker)
    return image


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    image=images(),
    reads=st.lists(FAULTS.filter(no_flipped_uploads), max_size=3),
    writes=st.lists(FAULTS.filter(no_flipped_uploads), max_size=3),
    workers=st.sampled_from([1, 4, 16]),
)
def test_complete_or_no_tag(
    world: World, image: moverimages.Image, reads: list[Fault], writes: list[Fault], workers: int
) -> None:
    """Whatever goes wrong, a tag is there if and only if the copy says so, and then all of the image is, byte-equal."""
    path = f"{world.path}/{next(COUNTER)}"
    moverimages.push(world.source, path, image)
    world.reads.mend()
    world.writes.mend()
    world.reads.add(*reads)
    world.writes.add(*writes)
    patience = Patience(QUICK)
    near = world.client(world.reads.host, patience)
    far = world.client(world.writes.host, patience)
    failed = ""
    try:
        job = Job(near.repository(path), "v1", (Target(far.repository(path), ("v1",)),))
        copying.copy([job], Options(workers=workers), patience)
    except CopyError as err:
        failed = str(err)
    finally:
        near.close()
        far.close()
    tags = world.destination.tags(path)
    assert tags == {"v1": image.root} or (failed and tags == {})
    if tags:  # even where the copy failed after it: at its proof
        moverimages.assert_complete(world.destination, path, image)
