"""Writes an image's manifests when its blobs are there: bottom-up, what refers to it, its tags last.

Owns the order, the list of referrers where a registry keeps none, and the proof
that a tag stands on the right bytes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from imagemover import manifests
from imagemover.errors import ContentError, MissingError, RegistryError, TagConflictError
from imagemover.places import Kept
from imagemover.references import fallback_tag

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imagemover.graph import Graph
    from imagemover.manifests import Manifest
    from imagemover.places import Destination
    from imagemover.workers import Mapper


def publish(
    graph: Graph,
    destination: Destination,
    tags: Sequence[str],
    pool: Mapper,
    *,
    prove: bool = True,
    reread: bool = False,
) -> None:
    """Write the manifests of an image.

    Args:
        graph: The image; its blobs are at the destination.
        destination: Where to.
        tags: Set last; none: the root is written by its digest.
        pool: Writes the manifests of one level at the same time.
        prove: Whether to make sure what each tag stands on: by the digest that the registry told of what it keeps under
            it, and by reading it back where it told none.
        reread: Whether to read back in any case.

    Raises:
        TagConflictError: A tag may not move.
        ContentError: A tag stands on other bytes after all.
        ImageError: A manifest was refused.
    """
    unlisted: list[Manifest] = []
    for level in (*graph.levels, *graph.referrers):
        written = pool.map(lambda manifest: (manifest, _put(manifest, destination, manifest.digest)), level)
        unlisted += [manifest for manifest, kept in written if manifest.subject and not kept.is_listed]
    names = tuple(tags) or (graph.root.digest,)
    if graph.root.subject and not _put(graph.root, destination, graph.root.digest).is_listed:
        unlisted.append(graph.root)
    _list_referrers(unlisted, destination)
    known = {manifest.digest: manifest for level in graph.referrers for manifest in level}
    known |= {manifest.digest: manifest for level in graph.levels for manifest in level} | {
        graph.root.digest: graph.root
    }
    for tag, digest in graph.tags:
        _put(known[digest], destination, tag)
    told = {name: _put(graph.root, destination, name).digest for name in names}
    if prove:
        for name, digest in told.items():
            _prove(graph.root, destination, name, "" if reread else digest)


def _put(manifest: Manifest, destination: Destination, name: str) -> Kept:
    try:
        return destination.put_manifest(manifest, name)
    except MissingError:
        raise
    except RegistryError as err:
        if err.again:
            raise
        # Registries with tags that may not move refuse the same digest, too.
        there = destination.resolve(name)
        if there == manifest.digest:
            return Kept(is_listed=False, digest=there)
        if there is not None and ":" not in name:
            what = f"{destination.name}:{name} stands on {there}, and the registry does not let it move"
            raise TagConflictError(what, err.why, "choose another tag", destination.name) from err
        raise


def _list_referrers(unlisted: Iterable[Manifest], destination: Destination) -> None:
    """Add manifests to the tags that list them, where the registry does not do it by itself."""
    by_subject: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in unlisted:
        if manifest.subject is not None:
            by_subject[manifest.subject.digest].append(manifest)
    for subject, referring in by_subject.items():
        tag = fallback_tag(subject)
        try:
            entries: dict[str, Any] = {one.digest: one.raw for one in destination.manifest(tag).children}
        except MissingError:
            entries = {}
        before = len(entries)
        for manifest in referring:
            entries.setdefault(manifest.digest, manifest.descriptor().raw)
        if len(entries) > before:
            index = {"schemaVersion": 2, "mediaType": manifests.OCI_INDEX, "manifests": list(entries.values())}
            data = json.dumps(index, separators=(",", ":")).encode()
            destination.put_manifest(manifests.read(data, manifests.OCI_INDEX), tag)


def _prove(root: Manifest, destination: Destination, name: str, told: str) -> None:
    """Make sure what a tag stands on; to ask again what was told already would take another way there and back."""
    if told.partition(":")[0] == root.digest.partition(":")[0]:
        if told != root.digest:
            raise _unproved(root, destination, name, told)
        return
    try:
        found = destination.manifest(name)
    except MissingError as err:
        raise _unproved(root, destination, name, "nothing") from err
    if found.digest != root.digest or found.data != root.data:
        raise _unproved(root, destination, name, found.digest)


def _unproved(root: Manifest, destination: Destination, name: str, found: str) -> ContentError:
    what = f"{destination.name}:{name} stands on {found} after {root.digest} was written"
    return ContentError(
        what, "somebody else wrote at the same time, or the registry is broken", "copy again", destination.name
    )
