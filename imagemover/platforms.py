"""Chooses platforms of an index, and makes the index that lists them only.

Pure. An index whose entries are not all there breaks whoever pulls one of the rest, and is never
made: peers leave them out silently. Another index has another digest, so it is made only where that is allowed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from imagemover import manifests
from imagemover.errors import MissingError, PartialIndexError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.manifests import Descriptor, Manifest

ATTESTED: Final = "vnd.docker.reference.digest"
"""Annotation of an entry that says something of another entry, and has no platform of its own."""


def choose(index: Manifest, wanted: Sequence[str], where: str) -> list[Descriptor]:
    """Choose entries of an index.

    Args:
        index: The index.
        wanted: Platforms, such as "linux/amd64"; for each the first entry that fits.
        where: Where it is, for errors.

    Returns:
        The entries; all, if none has a platform.

    Raises:
        MissingError: A platform is not there.
    """
    if not any(child.platform for child in index.children):
        return list(index.children)
    chosen: dict[str, Descriptor] = {}
    for platform in wanted:
        fitting = [child for child in index.children if child.platform and child.platform.fits(platform)]
        if not fitting:
            there = ", ".join(sorted({str(child.platform) for child in index.children if child.platform}))
            what = f"{where} has no image for {platform}"
            raise MissingError(what, f"it has {there}", "choose one of these, or build it", index.digest)
        chosen[fitting[0].digest] = fitting[0]
    return list(chosen.values())


def stripped(index: Manifest, chosen: Sequence[Descriptor], where: str, *, allowed: bool) -> Manifest:
    """Give the index that lists some entries only, and what attests them.

    Args:
        index: The index.
        chosen: Entries that are wanted.
        where: Where it is, for errors.
        allowed: Whether it may be another index than the one that was asked for.

    Returns:
        The index itself if all its entries are wanted; else another one, the same each time.

    Raises:
        PartialIndexError: It would be another one, and that is not allowed.
    """
    wanted = {child.digest for child in chosen}
    kept = [child for child in index.children if child.digest in wanted or _attests(child) in wanted]
    if len(kept) == len(index.children):
        return index
    if not allowed:
        raise PartialIndexError(
            f"{len(kept)} of the {len(index.children)} entries of {index.digest} are wanted",
            "without the rest its digest changes, and with it what signatures and records stand on",
            "copy all platforms, or just one, or allow another index (strip)",
            where,
        )
    body = json.loads(index.data)
    body["manifests"] = [entry for entry in body["manifests"] if entry["digest"] in {child.digest for child in kept}]
    return manifests.read(json.dumps(body, indent=3).encode(), index.media_type, "", where)


def _attests(child: Descriptor) -> str:
    annotations = child.raw.get("annotations")
    return str(annotations.get(ATTESTED, "")) if isinstance(annotations, dict) else ""
