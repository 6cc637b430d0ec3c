"""What a copy would do, found out by the copy itself: its destinations are asked, and not written to.

Owns destinations that only look. What follows from what is there is the mover's plan.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imagemover import copying, plan
from imagemover.errors import CopyError, MissingError
from imagemover.patience import Gate
from imagemover.places import Kept
from imagemover.results import Planned, Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagemover.jobs import Job, Options
    from imagemover.manifests import Descriptor, Manifest
    from imagemover.patience import Patience
    from imagemover.places import Destination
    from imagemover.results import ImageOutcome


class Empty:
    """A place that is not there yet.

    Args:
        name: Of it.
    """

    def __init__(self, name: str) -> None:
        self.name = self.place = name
        self.path = ""
        self.gate = Gate()

    @staticmethod
    def resolve(_: str) -> str | None:
        """Find nothing.

        Returns:
            None.
        """
        return None

    def manifest(self, name: str) -> Manifest:
        """Find nothing.

        Args:
            name: Tag or digest.

        Raises:
            MissingError: Always.
        """
        raise MissingError(f"{self.name} has no image {name!r}", "it is not there yet", "", self.name)

    @staticmethod
    def has(_: Descriptor) -> bool:
        """Have nothing.

        Returns:
            False.
        """
        return False

    def begin(self, blob: Descriptor, mount_from: str = "") -> Looked:
        """Take nothing: only what looks may be given this place.

        Args:
            blob: Not used.
            mount_from: Not used.

        Returns:
            What is done already.
        """
        del self, blob, mount_from
        return Looked()

    @staticmethod
    def put_manifest(_manifest: Manifest, _name: str) -> Kept:
        """Take nothing.

        Returns:
            That nothing else is to be done.
        """
        return Kept(is_listed=True)


class Looked:
    """An upload that is none."""

    @staticmethod
    def open() -> None:
        """Say that nothing has to be sent.

        Returns:
            None.
        """
        return

    def abandon(self) -> None:
        """Do nothing."""


class Watched:
    """A destination that is asked, and not written to.

    Args:
        real: The destination.
    """

    def __init__(self, real: Destination) -> None:
        self.name, self.place, self.path = real.name, real.place, real.path
        self.gate = real.gate
        self.resolve, self.manifest = real.resolve, real.manifest
        self._real = real
        self._lock = threading.Lock()
        self.found: dict[str, tuple[Descriptor, bool]] = {}

    def has(self, blob: Descriptor) -> bool:
        """Look whether a blob is there, and remember it.

        Args:
            blob: The blob.

        Returns:
            True, so that nobody sends it.
        """
        there = self._real.has(blob)
        with self._lock:
            self.found[blob.digest] = (blob, there)
        return True

    def begin(self, blob: Descriptor, mount_from: str = "") -> Looked:
        """Look whether a blob is there, if nobody has.

        Args:
            blob: The blob.
            mount_from: Not used.

        Returns:
            What is done already.
        """
        del mount_from
        if blob.digest not in self.found:
            self.has(blob)
        return Looked()

    @staticmethod
    def put_manifest(_manifest: Manifest, _name: str) -> Kept:
        """Take nothing.

        Returns:
            That nothing else is to be done.
        """
        return Kept(is_listed=True)


@dataclass(slots=True)
class Rehearsed:
    """What a copy would do.

    Args:
        images: What would become of each image at each destination; "sent" is what would be sent.
        wants: Each image and destination, with all blobs.
        present: What is there.
    """

    images: list[ImageOutcome] = field(default_factory=list)
    wants: list[plan.Want] = field(default_factory=list)
    present: set[tuple[plan.Spot, str]] = field(default_factory=set)

    @property
    def failed(self) -> bool:
        """Whether it would fail."""
        return any(image.sort == "failed" for image in self.images)

    def planned(self) -> Planned:
        """Give the plan in numbers.

        Returns:
            As a copy tells it.
        """
        made = plan.build(self.wants, self.present)
        sends = sum(len(step.sends) for step in made.steps)
        waiting = sum(1 for image in self.images if image.sort == "sent")
        return Planned(sends, made.bytes_to_send, made.mounts, len(made.present), waiting)

    def steps(self) -> tuple[plan.Step, ...]:
        """Give the steps.

        Returns:
            For each blob that is missing somewhere.
        """
        return plan.build(self.wants, self.present).steps


def rehearse(jobs: Sequence[Job], options: Options, patience: Patience) -> Rehearsed:
    """Find out what a copy would do.

    Args:
        jobs: The images.
        options: How.
        patience: Shared with the registries that are asked.

    Returns:
        What it would do; errors are told for each image.

    Raises:
        CancelledError: Somebody cancelled.
        DeadlineError: The time is over.
    """
    found = Rehearsed()
    for job in jobs:
        watched = [Watched(target.destination) for target in job.targets]
        targets = tuple(target._replace(destination=one) for target, one in zip(job.targets, watched, strict=True))
        result = _result(job._replace(targets=targets), options, patience)
        found.images += result.images
        _note(found, job, watched)
    return found


def _result(job: Job, options: Options, patience: Patience) -> Result:
    try:
        return copying.copy([job], options._replace(prove=False), patience)
    except CopyError as err:
        if not isinstance(err.result, Result):
            raise
        return err.result


def _note(found: Rehearsed, job: Job, watched: Iterable[Watched]) -> None:
    source = plan.Spot(job.source.place, job.source.path)
    for one in watched:
        spot = plan.Spot(one.place, one.path)
        found.wants.append(plan.Want(source, spot, tuple(blob for blob, _ in one.found.values())))
        found.present |= {(spot, digest) for digest, (_, there) in one.found.items() if there}
