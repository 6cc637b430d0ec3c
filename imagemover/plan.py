"""Which blob goes where: sent once, mounted where a registry has it, left where it is.

Pure. Takes what is wanted and what is there, gives the steps.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from imagemover.manifests import Descriptor


class Spot(NamedTuple):
    """A repository, for the plan.

    Args:
        place: What blobs can be mounted within.
        path: The repository's name in it.
    """

    place: str
    path: str


class Want(NamedTuple):
    """An image that a destination is to have.

    Args:
        source: Where it is.
        target: Where it goes.
        blobs: All of them.
    """

    source: Spot
    target: Spot
    blobs: tuple[Descriptor, ...]


class Mount(NamedTuple):
    """A blob that a registry takes from another of its repositories.

    Args:
        target: Where it goes.
        from_path: The repository that has it by then.
    """

    target: Spot
    from_path: str


class Step(NamedTuple):
    """What is done for one blob; steps do not wait for each other.

    Args:
        blob: The blob.
        source: Where it is read.
        sends: Where it is sent, all in one read.
        mounts: What is mounted after that.
    """

    blob: Descriptor
    source: Spot
    sends: tuple[Spot, ...]
    mounts: tuple[Mount, ...]


class Plan(NamedTuple):
    """All steps, the largest blob first.

    Args:
        steps: For what is missing.
        present: Blob and destination of what is there.
    """

    steps: tuple[Step, ...]
    present: tuple[tuple[Descriptor, Spot], ...]

    @property
    def bytes_to_send(self) -> int:
        """Bytes that destinations receive, if all mounts succeed."""
        return sum(step.blob.size * len(step.sends) for step in self.steps)

    @property
    def mounts(self) -> int:
        """How many blobs are mounted."""
        return sum(len(step.mounts) for step in self.steps)


def build(wants: Iterable[Want], present: Collection[tuple[Spot, str]]) -> Plan:
    """Plan the blobs of any number of images.

    Args:
        wants: Each image and destination.
        present: Destination and digest of each blob that is there.

    Returns:
        The plan.
    """
    blobs: dict[str, Descriptor] = {}
    sources: dict[str, list[Spot]] = defaultdict(list)
    targets: dict[str, list[Spot]] = defaultdict(list)
    for want in wants:
        for blob in want.blobs:
            blobs.setdefault(blob.digest, blob)
            _add(sources[blob.digest], want.source)
            _add(targets[blob.digest], want.target)
    steps, there = [], []
    for digest, blob in sorted(blobs.items(), key=lambda item: (-item[1].size, item[0])):
        there += [(blob, spot) for spot in targets[digest] if (spot, digest) in present]
        missing = [spot for spot in targets[digest] if (spot, digest) not in present]
        if missing:
            having = [spot for spot in targets[digest] if (spot, digest) in present] + sources[digest]
            steps.append(_step(blob, sources[digest][0], missing, having))
    return Plan(tuple(steps), tuple(there))


def _step(blob: Descriptor, source: Spot, missing: Sequence[Spot], having: Sequence[Spot]) -> Step:
    owners: dict[str, str] = {}
    for spot in having:
        owners.setdefault(spot.place, spot.path)
    sends, mounts = [], []
    for spot in missing:
        owner = owners.get(spot.place)
        if owner is None:
            owners[spot.place] = spot.path
            sends.append(spot)
        else:
            mounts.append(Mount(spot, owner))
    return Step(blob, source, tuple(sends), tuple(mounts))


def _add(spots: list[Spot], spot: Spot) -> None:
    if spot not in spots:
        spots.append(spot)
