"""Which blobs are at the destinations: asked for all at once, and for each of them once.

Owns the questions that are on their way. What follows from the answers is in `plan`.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from imagemover.delivery import spot_of
from imagemover.gate import entered
from imagemover.places import Bulk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imagemover import plan
    from imagemover.manifests import Descriptor
    from imagemover.patience import Patience
    from imagemover.places import Destination, Source
    from imagemover.workers import Task, Workers


class Presence:
    """What one copy has asked.

    Args:
        pool: Asks.
        patience: Of the copy.
    """

    def __init__(self, pool: Workers, patience: Patience) -> None:
        self._pool = pool
        self._patience = patience
        self._lock = threading.Lock()
        self._asked: dict[tuple[plan.Spot, str], Callable[[], bool]] = {}

    def ask(self, source: Source, destination: Destination, blobs: Iterable[Descriptor]) -> None:
        """Begin to ask for blobs, but for those that were asked for before.

        Args:
            source: Where they are read. If the destination can mount them from there, the mount will tell.
            destination: Where they go.
            blobs: Any number.
        """
        if source.place == destination.place:
            return
        spot = spot_of(destination)
        with self._lock:
            new = [blob for blob in blobs if (spot, blob.digest) not in self._asked]
            if not new:
                return
            if isinstance(destination, Bulk):
                answer = self._pool.submit(destination.present, new)
                self._asked |= {(spot, blob.digest): partial(_is_among, answer, blob.digest) for blob in new}
            else:
                self._asked |= {
                    (spot, blob.digest): self._pool.submit(self._has, destination, blob).result for blob in new
                }

    def among(self, spot: plan.Spot, blobs: Iterable[Descriptor]) -> set[tuple[plan.Spot, str]]:
        """Wait for the answers.

        Args:
            spot: Of the destination.
            blobs: Those that matter.

        Returns:
            Destination and digest of those that are there; what nobody asked for is not among them.

        Raises:
            ImageError: An answer cannot be had.
        """
        keys = [(spot, blob.digest) for blob in blobs]
        return {key for key in keys if key in self._asked and self._asked[key]()}

    def _has(self, destination: Destination, blob: Descriptor) -> bool:
        with entered([destination.gate], self._patience.check):
            return destination.has(blob)


def _is_among(answer: Task[set[str]], digest: str) -> bool:
    return digest in answer.result()
