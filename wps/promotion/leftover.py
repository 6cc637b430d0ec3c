"""Which old deployments nobody needs any more, where Waypoint's own release may remove none.

In a protected environment of a service that takes a right of its own, which is there when the release is recorded.
Pure: it says which ones may go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from teamconfig.releases.record import Record
    from wps.promotion.waypoint import Deployment

RECORDS = 100
"""So many of the environment's newest records are looked through."""


def surplus(
    deployments: Iterable[Deployment], records: Sequence[Record], rejected: Container[str] = (), keep: int = 1
) -> list[Deployment]:
    """Choose the deployments that may go: none that serves, none that a rollback would go to, and no newer one.

    A newer one than what serves may be of a promotion that somebody has just begun.

    Args:
        deployments: Of the environment, as Waypoint knows them.
        records: Of the environment, newest first; the first is what serves.
        rejected: Digests of images that no rollback goes to.
        keep: So many stay beside the one that serves, each of another image: rollbacks go to them.

    Returns:
        The newest first; none where no record says what serves.
    """
    if not records:
        return []
    known = tuple(deployments)
    serving = records[0]
    there = {one.id for one in known if one.is_there}
    older = [
        one
        for one in records
        if one.digest != serving.digest and one.digest not in rejected and one.deployment in there
    ]
    back = list(dict.fromkeys(one.digest for one in older))[:keep]
    needed = {serving.deployment, *(next(one.deployment for one in older if one.digest == digest) for digest in back)}
    newest = next((one.sequence for one in known if one.id == serving.deployment), 0)
    return [one for one in known if one.is_there and one.id not in needed and one.sequence < newest]
