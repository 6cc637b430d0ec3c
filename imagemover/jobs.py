"""What a caller asks of a copy: images, destinations, and how.

Owns values only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imagemover.places import Destination, Source


class Target(NamedTuple):
    """Where an image goes.

    Args:
        destination: A repository or a layout.
        tags: That are set last; without any, the image is there by its digest only.
    """

    destination: Destination
    tags: tuple[str, ...] = ()


class Job(NamedTuple):
    """One image.

    Args:
        source: Where it is.
        name: Tag or digest.
        targets: Where it goes.
        digest: That it must have; empty: any.
    """

    source: Source
    name: str
    targets: tuple[Target, ...]
    digest: str = ""


class Options(NamedTuple):
    """How to copy.

    Args:
        workers: Pieces of work at the same time; at least 1. A registry that is busy gets fewer.
        platforms: Those wanted, such as "linux/amd64"; empty: all; just one: its image instead of the index;
            several: see `strip`.
        referrers: Whether signatures, attestations and the like go along.
        foreign: Whether layers that may not be distributed go along, read from the source only.
        move_tags: Whether a tag that stands on another digest may be moved.
        deep: Whether to look at every blob even where the tags stand on the image, and to read each tag back.
        prove: Whether to make sure what each tag stands on: by what the registry says that it keeps, and where it
            says nothing, by reading it back.
        ranges: Whether a large blob of a slow source may be read over several connections.
        strip: Whether an index of which several platforms, and not all, are wanted becomes another index, with
            another digest, that lists these only. Without it such a copy is refused.
    """

    workers: int = 48
    platforms: tuple[str, ...] = ()
    referrers: bool = False
    foreign: bool = False
    move_tags: bool = True
    deep: bool = False
    prove: bool = True
    ranges: bool = True
    strip: bool = False
