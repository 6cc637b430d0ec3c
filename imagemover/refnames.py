"""Names of images in a layout: the annotation of index.json's entries, and what a user may shorten them to.

Pure.

Source: opencontainers/image-spec image-layout.md and annotations.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

T = TypeVar("T")
REF_NAME = "org.opencontainers.image.ref.name"


def matching(name: str, entries: Iterable[tuple[str, T]]) -> set[T]:
    """Find what a name may stand for.

    Args:
        name: Complete, its tag, or its last part; empty: anything.
        entries: What there is, by complete name.

    Returns:
        What has just this name; without any, what ends with it.
    """
    known = list(entries)
    exact = {one for full, one in known if full == name or not name}
    return exact or {one for full, one in known if full.endswith((f":{name}", f"/{name}"))}


def ref_name(entry: object) -> str:
    """Give the tag of an entry of index.json.

    Args:
        entry: As it was written.

    Returns:
        The tag; empty if there is none.
    """
    annotations = entry.get("annotations") if isinstance(entry, dict) else None
    name = annotations.get(REF_NAME) if isinstance(annotations, dict) else None
    return name if isinstance(name, str) else ""


def replaces(new: dict[str, Any], old: object) -> bool:
    """Tell whether an entry of index.json takes the place of another: the same tag, or the same untagged manifest.

    Args:
        new: The one.
        old: The other, as it was written.

    Returns:
        Whether it does.
    """
    tag = ref_name(new)
    return tag == ref_name(old) and (bool(tag) or (isinstance(old, dict) and new["digest"] == old.get("digest")))
