"""Which old deployments nobody needs any more, where a release removes none itself.

In a protected environment of a service, to remove a deployment takes an approval of its own, which a release does not
have. Pure: it says which ones may go; whoever may remove them does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from teamconfig.releases.record import Record
    from wps.promotion.waypoint import Deployment

KEPT = 1
"""So many stay beside the one that serves, as Waypoint's own releases keep them: a rollback goes to the newest."""

RECORDS = 100
"""So many of the environment's newest records are looked through."""


def surplus(
    deployments: Iterable[Deployment], records: Sequence[Record], rejected: Container[str] = ()
) -> list[Deployment]:
    """Choose the deployments that may go: none that serves, and none that a rollback would go to.

    Args:
        deployments: Of the environment, as Waypoint knows them.
        records: Of the environment, newest first; the first is what serves.
        rejected: Digests of images that no rollback goes to.

    Returns:
        The newest first; none where no record says what serves.
    """
    if not records:
        return []
    serving = records[0]
    older = [one for one in records if one.digest != serving.digest and one.digest not in rejected]
    back = list(dict.fromkeys(one.digest for one in older))[:KEPT]
    needed = {serving.deployment, *(next(one.deployment for one in older if one.digest == digest) for digest in back)}
    return [one for one in deployments if one.is_there and one.id not in needed]
