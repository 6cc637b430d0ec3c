"""Between docker.Image, as Waypoint hands it on, and references. Pure.

The digest travels in the tag, as "v1@sha256:...": every platform joins image and
tag with a colon, and gets a reference that says the digest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypaas_sdk.errors import OptionError
from waypaas_sdk.gen.docker.docker_pb2 import Image

if TYPE_CHECKING:
    from imagemover.references import Reference


def text(image: Image) -> str:
    """Write an image as one reference.

    Args:
        image: Its tag may be empty, a tag, a digest, or both.

    Returns:
        "repository:tag", "repository@sha256:..." or "repository:tag@sha256:...".
    """
    if not image.tag or "@" in image.image:
        return image.image
    return f"{image.image}@{image.tag}" if image.tag.startswith("sha256:") else f"{image.image}:{image.tag}"


def reference(image: Image) -> Reference:
    """Read an image as a reference.

    Args:
        image: Of a builder.

    Returns:
        The reference, complete.

    Raises:
        OptionError: It is none.
    """
    from imagemover import references  # noqa: PLC0415  # beside a plugin's start
    from imagemover.errors import ReferenceSyntaxError  # noqa: PLC0415

    try:
        return references.parse(text(image))
    except ReferenceSyntaxError as err:
        raise OptionError(str(err)) from err


def in_docker(image: Image) -> bool:
    """Tell whether an image is in a local Docker: builders that say nothing mean that."""
    return not image.HasField("registry")


def pushed(name: str, tag: str, digest: str, architecture: str = "") -> Image:
    """Write what was pushed.

    Args:
        name: Host and repository.
        tag: That stands on it.
        digest: Of its manifest.
        architecture: As the builder said.

    Returns:
        An image in a registry, by tag and digest.
    """
    location = Image.RegistryLocation()
    return Image(image=name, tag=f"{tag}@{digest}", architecture=architecture, registry=location)
