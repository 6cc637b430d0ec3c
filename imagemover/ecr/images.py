"""Images of ECR's repositories, as its own API tells them.

Owns the calls; bytes of manifests and layers are read over the registry API.

Source: Amazon ECR API reference, DescribeImages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagemover.errors import MissingError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from imagemover.ecr.cloud import Cloud
    from imagemover.ecr.hosts import Host

PAGE = 1000


@dataclass(frozen=True, slots=True)
class Image:
    """An image in a repository.

    Args:
        digest: Of its manifest.
        tags: That stand on it.
        pushed_at: When it was pushed first.
        media_type: Of its manifest; empty if ECR does not say.
    """

    digest: str
    tags: tuple[str, ...]
    pushed_at: dt.datetime | None = None
    media_type: str = ""


def every(cloud: Cloud, host: Host, name: str) -> Iterator[Image]:
    """List all images of a repository.

    Args:
        cloud: ECR's API.
        host: The registry.
        name: Of the repository.

    Yields:
        Each.

    Raises:
        MissingError: There is no such repository.
        ImageError: ECR does not say.
    """
    for one in cloud.pages(host, "describe_images", "imageDetails", repositoryName=name, maxResults=PAGE):
        yield _image(one)


def find(cloud: Cloud, host: Host, name: str, digest: str) -> Image | None:
    """Look for an image.

    Args:
        cloud: ECR's API.
        host: The registry.
        name: Of the repository.
        digest: Of its manifest.

    Returns:
        The image; None if it or the repository is not there.

    Raises:
        ImageError: ECR does not say.
    """
    try:
        answer = cloud.call(host, "describe_images", repositoryName=name, imageIds=[{"imageDigest": digest}])
    except MissingError:
        return None
    return next((_image(one) for one in answer.get("imageDetails") or []), None)


def _image(one: dict[str, Any]) -> Image:
    tags = tuple(one.get("imageTags") or ())
    return Image(one["imageDigest"], tags, one.get("imagePushedAt"), one.get("imageManifestMediaType") or "")
