"""One image on its way to one target, and what is known of it.

Owns values only; `copying` fills them in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagemover import plan

if TYPE_CHECKING:
    from imagemover.errors import ImageError
    from imagemover.graph import Graph
    from imagemover.jobs import Job, Target
    from imagemover.manifests import Manifest
    from imagemover.places import Place


class Delivery:
    """One image for one target.

    Args:
        job: What was asked.
        target: Where it goes.
    """

    def __init__(self, job: Job, target: Target) -> None:
        self.job = job
        self.target = target
        self.root: Manifest | None = None
        """Its manifest, once it was read."""
        self.graph: Graph | None = None
        """All of it, once it was read, where something has to be done."""
        self.tagged = False
        """Whether its tags stand on it already."""
        self.error: ImageError | None = None
        """Why it does not arrive."""

    @property
    def is_open(self) -> bool:
        """Whether something has to be done."""
        return self.error is None and self.graph is not None

    @property
    def spot(self) -> plan.Spot:
        """The destination, for the plan."""
        return spot_of(self.target.destination)


def spot_of(place: Place) -> plan.Spot:
    """Give a source or destination, for the plan.

    Args:
        place: The place.

    Returns:
        Where it is.
    """
    return plan.Spot(place.place, place.path)
