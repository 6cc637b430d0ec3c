"""Where the bytes of an image are read: a registry, Docker, a layout or an archive.

Owns the choice by a docker.Image or by the text of a standard; what reads is the mover's.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from team_ecr import images
from waypaas_sdk.errors import OptionError
from waypaas_sdk.gen.docker.docker_pb2 import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imagemover.places import Source
    from team_ecr.moving import Mover

TRANSPORTS = ("docker-daemon", "docker-archive", "oci-archive", "oci")
"""Words that skopeo and podman use too; without one, a registry is meant."""


@dataclass(frozen=True)
class Origin:
    """An image to read.

    Args:
        transport: One of TRANSPORTS; empty for a registry.
        name: Reference, name in Docker, or path.
    """

    transport: str
    name: str

    def image(self) -> Image | None:
        """Give it as Waypoint's platforms and registries take it; None for files."""
        if self.transport == "docker-daemon":
            repository, tag = split(self.name)
            made = Image(image=repository, tag=tag)
            made.docker.SetInParent()
            return made
        if self.transport:
            return None
        repository, tag = split(self.name)
        return Image(image=repository, tag=tag, registry=Image.RegistryLocation())


def of_image(image: Image) -> Origin:
    """Read a builder's result.

    Args:
        image: Says where it is.

    Returns:
        The origin.
    """
    return Origin("docker-daemon" if images.in_docker(image) else "", images.text(image))


def of_text(text: str, directory: Path, where: str) -> Origin:
    """Read what a standard or an option names.

    Args:
        text: A reference, or "TRANSPORT:..." as skopeo writes it.
        directory: Of the app, from which paths are read.
        where: Where the text was written.

    Returns:
        The origin.

    Raises:
        OptionError: It is neither.
    """
    transport, colon, rest = text.partition(":")
    if colon and transport in TRANSPORTS:
        path = transport != "docker-daemon"
        return Origin(transport, str(directory / rest) if path else rest)
    origin = Origin("", text)
    try:
        images.reference(Image(image=text))
    except OptionError as err:
        raise OptionError(err.what, why=err.why, fix=err.fix, where=where) from err
    return origin


def split(text: str) -> tuple[str, str]:
    """Split a reference into docker.Image's two parts.

    Args:
        text: "repository", with ":tag", "@sha256:..." or both behind.

    Returns:
        Repository, and tag, digest or both.
    """
    name, at, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    return head, f"{tag}@{digest}" if at and tag else digest or tag or "latest"


@contextmanager
def opened(origin: Origin, mover: Mover) -> Iterator[tuple[Source, str]]:
    """Open an origin for the length of a block.

    Args:
        origin: What to read.
        mover: Reaches registries.

    Yields:
        The source, and the image's tag or digest in it.

    Raises:
        ImageError: It cannot be read.
    """
    if origin.transport == "docker-daemon":
        from imagemover.daemon import Docker  # noqa: PLC0415  # where Docker is asked only

        docker = Docker(patience=mover.patience)
        with mover.reading(f"Reading {origin.name} from Docker") as told:
            archive = docker.image(origin.name, on_read=told)
        with archive:
            yield archive, ""
    elif origin.transport:
        path, tag = _path_and_tag(origin.name)
        with _opened_file(origin.transport, path) as found:
            yield found, tag
    else:
        reference = images.reference(Image(image=origin.name))
        yield mover.registry(reference.registry).repository(reference.repository), reference.name


@contextmanager
def _opened_file(transport: str, path: str) -> Iterator[Source]:
    from imagemover import archives, layout  # noqa: PLC0415  # where files are read only

    if transport == "oci":
        yield layout.Layout(path)
        return
    with archives.open_archive(path) as archive:
        yield archive


def _path_and_tag(text: str) -> tuple[str, str]:
    """Split "DIRECTORY:tag"; without a tag, the only image is meant."""
    path, colon, tag = text.rpartition(":")
    return (path, tag) if colon and "/" not in tag else (text, "")
