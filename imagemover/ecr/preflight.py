"""Finds tags that stand on another digest and may not move, before a byte is sent.

Owns the check for ECR's immutable repositories. Where the digests agree, and
where tags may move, it says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagemover.ecr.registry import EcrRepository
from imagemover.errors import MissingError, TagConflictError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagemover.jobs import Job


def check_tags(jobs: Iterable[Job]) -> None:
    """Check the tags of all targets that are in ECR.

    Args:
        jobs: The images, as `copying.copy` takes them.

    Raises:
        TagConflictError: A tag may not move and stands on another digest; the text names both.
        ImageError: A registry does not say.
    """
    for job in jobs:
        digest = job.digest or (job.name if ":" in job.name else "")
        for target in job.targets:
            destination = target.destination
            if not isinstance(destination, EcrRepository):
                continue
            for tag in target.tags:
                there = destination.resolve(tag)
                if there is None:
                    continue
                digest = digest or job.source.resolve(job.name) or ""
                if digest and there != digest and _is_frozen(destination, tag):
                    what = f"{destination.name}:{tag} stands on {there}, not on {digest}"
                    why = "its repository is immutable: a tag stays where it is set first"
                    raise TagConflictError(what, why, "choose another tag", destination.name)


def _is_frozen(destination: EcrRepository, tag: str) -> bool:
    try:
        return destination.is_frozen(tag)
    except MissingError:
        return False
