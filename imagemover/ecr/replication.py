"""Whether ECR's own replication has delivered an image: looked at in the destination, not only where it set out.

Owns looking and waiting. Why nothing comes is told by `doctor`.

Source: Amazon ECR user guide, Private image replication; API reference, DescribeImageReplicationStatus.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from imagemover.ecr import images
from imagemover.errors import DeadlineError, ImageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.ecr.cloud import Cloud
    from imagemover.ecr.hosts import Host

State = Literal["there", "on its way", "failed", "unknown"]
"""there: seen in the destination; unknown: the source does not speak of this destination at all."""

LIFE_SECONDS = 1800.0
"""What AWS says is enough for most images."""

PAUSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Replica:
    """An image in one destination.

    Args:
        host: The destination.
        state: How far it is.
        tags: That stand on it there.
        failure: ECR's code, if it failed.
    """

    host: Host
    state: State
    tags: tuple[str, ...] = ()
    failure: str = ""


Progress = Callable[[tuple[Replica, ...], float], None]
"""Told the replicas and the seconds that have gone, after each look."""


class ReplicationError(ImageError):
    """ECR says that it could not replicate an image.

    Args:
        replicas: All of them.
        what: As in ImageError.
        why: As in ImageError.
        fix: As in ImageError.
        where: As in ImageError.
    """

    def __init__(self, replicas: tuple[Replica, ...], what: str, why: str = "", fix: str = "", where: str = "") -> None:
        self.replicas = replicas
        super().__init__(what, why, fix, where)


def look(cloud: Cloud, source: Host, name: str, digest: str, targets: Sequence[Host]) -> tuple[Replica, ...]:
    """Look where an image is.

    Args:
        cloud: ECR's API; its credentials must be good for the destinations, too.
        source: The registry that it was pushed to.
        name: Of the repository; the same everywhere.
        digest: Of the image.
        targets: The destinations.

    Returns:
        One replica for each destination, in the order of `targets`.

    Raises:
        MissingError: The image is not in the source.
        ImageError: ECR does not say.
    """
    answer = cloud.call(
        source, "describe_image_replication_status", repositoryName=name, imageId={"imageDigest": digest}
    )
    told = {(one.get("registryId", ""), one.get("region", "")): one for one in answer.get("replicationStatuses") or []}
    return tuple(_replica(cloud, told, name, digest, target) for target in targets)


def _replica(
    cloud: Cloud, told: dict[tuple[str, str], dict[str, str]], name: str, digest: str, target: Host
) -> Replica:
    there = images.find(cloud, target, name, digest)
    if there is not None:
        return Replica(target, "there", there.tags)
    found = [one for (account, region), one in told.items()
             if region == target.region and target.account in {"", account}]  # fmt: skip
    if not found:
        return Replica(target, "unknown")
    if found[0].get("status") == "FAILED":
        return Replica(target, "failed", failure=found[0].get("failureCode", ""))
    return Replica(target, "on its way")


def wait(
    cloud: Cloud,
    source: Host,
    name: str,
    digest: str,
    targets: Sequence[Host],
    *,
    seconds: float = LIFE_SECONDS,
    pause_seconds: float = PAUSE_SECONDS,
    on_progress: Progress | None = None,
) -> tuple[Replica, ...]:
    """Wait until an image is in all destinations.

    Args:
        cloud: As in `look`.
        source: As in `look`.
        name: As in `look`.
        digest: As in `look`.
        targets: As in `look`.
        seconds: Longest wait.
        pause_seconds: Between two looks.
        on_progress: Told after each look.

    Returns:
        The replicas, all there; one may lack its tag, which `doctor` explains.

    Raises:
        ReplicationError: ECR gave up on one.
        DeadlineError: The time is over; the text says which are missing.
        CancelledError: Somebody cancelled.
        ImageError: As in `look`.
    """
    begun = time.monotonic()
    while True:
        replicas = look(cloud, source, name, digest, targets)
        gone = time.monotonic() - begun
        if on_progress is not None:
            on_progress(replicas, gone)
        missing = [one for one in replicas if one.state != "there"]
        if not missing:
            return replicas
        where = f"{source}/{name}"
        failed = [f"{one.host} ({one.failure})" for one in missing if one.state == "failed"]
        if failed:
            what = f"ECR could not replicate {digest}"
            fix = "copy it there, and look at the replication's rules and permissions"
            raise ReplicationError(replicas, what, f"it gave up on {', '.join(failed)}", fix, where)
        if gone + pause_seconds > seconds:
            what = f"{digest} is not replicated after {gone:.0f} s"
            why = "; ".join(f"{one.host}: {_told(one)}" for one in missing)
            raise DeadlineError(what, why, "wait longer, or copy it there", where)
        cloud.patience.check()
        cloud.patience.cancellation.wait(pause_seconds)


def _told(replica: Replica) -> str:
    if replica.state == "unknown":
        return "ECR does not know that it should go there"
    return replica.state
