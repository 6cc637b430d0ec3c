"""All that belongs to an image: its manifests bottom-up, its blobs, what refers to it.

Owns the walk over a source and its limits. Reads manifests only, each by its
digest, so that nothing can change under it; a cycle would need a broken hash.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from imagemover import platforms
from imagemover.errors import ManifestError
from imagemover.manifests import INDEXES, MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from imagemover.manifests import Descriptor, Manifest
    from imagemover.places import Source
    from imagemover.workers import Mapper

DEEPEST = 8
"""Levels of indexes, and of referrers of referrers."""

MOST_MANIFESTS = 4096
MOST_BLOBS = 65536
SIGNATURE_TAGS = (".sig", ".att", ".sbom")
"""Endings of the tags by which older tools attach things."""


class Graph(NamedTuple):
    """An image, complete.

    Args:
        root: Its manifest or index.
        levels: Manifests below the root, the lowest first; those of one level need not wait for each other.
        referrers: What refers to any of them; those of one level need not wait for each other.
        tags: Tags of referrers of older tools, with the digest of each.
        blobs: All blobs, by digest.
    """

    root: Manifest
    levels: tuple[tuple[Manifest, ...], ...] = ()
    referrers: tuple[tuple[Manifest, ...], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    blobs: Mapping[str, Descriptor] = MappingProxyType({})

    @property
    def size(self) -> int:
        """Bytes of all blobs."""
        return sum(blob.size for blob in self.blobs.values())


class Walk:
    """Reads one image.

    Args:
        source: Where it is.
        pool: Runs the reads of one level at the same time.
        platforms: Those wanted, such as "linux/amd64"; empty: all.
        foreign: Whether layers that may not be distributed are taken, from the source and never from their URLs.
        strip: Whether an index may be replaced by one that lists the wanted platforms only.
    """

    def __init__(
        self,
        source: Source,
        pool: Mapper,
        platforms: Sequence[str] = (),
        *,
        foreign: bool = False,
        strip: bool = False,
    ) -> None:
        self._source = source
        self._pool = pool
        self._platforms = platforms
        self._foreign = foreign
        self._strip = strip
        self._seen: dict[str, Manifest] = {}
        self._blobs: dict[str, Descriptor] = {}

    def root(self, name: str) -> Manifest:
        """Read the root.

        Args:
            name: Tag or digest.

        Returns:
            The manifest; of an index of which one platform is wanted, that platform's; of one of which several
            are, the index itself if these are all, else another index that lists them only.

        Raises:
            MissingError: It, or the platform, is not there.
            ManifestError: It is refused.
            PartialIndexError: Parts of it are not wanted, and nobody allowed to strip it.
        """
        root = self._source.manifest(name)
        if not root.is_index or not self._platforms:
            return root
        chosen = platforms.choose(root, self._platforms, self._source.name)
        if len(self._platforms) == 1 and len(chosen) == 1:
            return self._read(chosen[0])
        return platforms.stripped(root, chosen, self._source.name, allowed=self._strip)

    def complete(self, root: Manifest, *, referrers: bool = False) -> Graph:
        """Read all that belongs to a root.

        Args:
            root: From `root`.
            referrers: Whether signatures, attestations and the like belong to it.

        Returns:
            The image.

        Raises:
            MissingError: Something is not there.
            ManifestError: Something is refused, or there is too much of it.
        """
        levels = self._below([root])
        attached: list[tuple[Manifest, ...]] = []
        tags: dict[str, str] = {}
        if referrers:
            subjects = [root, *(manifest for level in levels for manifest in level)]
            for _ in range(DEEPEST):
                subjects = self._attached(subjects, tags)
                if not subjects:
                    break
                attached += [*self._below(subjects), tuple(subjects)]
        return Graph(root, tuple(levels), tuple(attached), tuple(tags.items()), self._blobs)

    def _below(self, roots: Sequence[Manifest]) -> list[tuple[Manifest, ...]]:
        """Read what is below some manifests; the lowest level first."""
        levels: list[tuple[Manifest, ...]] = []
        level = list(roots)
        for manifest in level:
            self._seen.setdefault(manifest.digest, manifest)
        while level:
            if len(levels) > DEEPEST:
                raise self._too_much(f"its indexes have more than {DEEPEST} levels")
            wanted: dict[str, Descriptor] = {}
            for manifest in level:
                self._take(manifest)
                for child in manifest.children:
                    if child.media_type not in INDEXES | MANIFESTS:
                        self._blobs.setdefault(child.digest, child)
                    elif child.digest not in self._seen:
                        wanted[child.digest] = child
            level = self._read_all(wanted.values())
            if level:
                levels.append(tuple(level))
        return levels[::-1]

    def _take(self, manifest: Manifest) -> None:
        for blob in manifest.blobs:
            if blob.is_foreign and not self._foreign:
                continue
            known = self._blobs.setdefault(blob.digest, blob)
            if known.size != blob.size:
                raise self._too_much(f"{blob.digest} has the sizes {known.size} and {blob.size}")
        if len(self._blobs) > MOST_BLOBS:
            raise self._too_much(f"it has more than {MOST_BLOBS} blobs")

    def _read_all(self, wanted: Iterable[Descriptor]) -> list[Manifest]:
        descriptors = list(wanted)
        if len(self._seen) + len(descriptors) > MOST_MANIFESTS:
            raise self._too_much(f"it has more than {MOST_MANIFESTS} manifests")
        found = list(self._pool.map(self._read, descriptors))
        self._seen.update((manifest.digest, manifest) for manifest in found)
        return found

    def _read(self, descriptor: Descriptor) -> Manifest:
        found = self._source.manifest(descriptor.digest)
        if len(found.data) != descriptor.size:
            what = f"{descriptor.digest} has {len(found.data)} bytes, and its descriptor says {descriptor.size}"
            raise ManifestError(
                what, "one of the two is wrong", "push the image to the source again", self._source.name
            )
        return found

    def _attached(self, subjects: Sequence[Manifest], tags: dict[str, str]) -> list[Manifest]:
        """Read what refers to some manifests and was not seen; note the tags of older tools."""
        listed = self._pool.map(lambda subject: self._source.referrers(subject.digest), subjects)
        names = [subject.digest.replace(":", "-") + end for subject in subjects for end in SIGNATURE_TAGS]
        tagged = list(zip(names, self._pool.map(self._source.resolve, names), strict=True))
        wanted = {one.digest: one for found in listed for one in found if one.digest not in self._seen}
        found = self._read_all(wanted.values())
        for name, digest in tagged:
            if digest is None:
                continue
            tags[name] = digest
            if digest not in self._seen:
                self._seen[digest] = self._source.manifest(digest)
                found.append(self._seen[digest])
        return found

    def _too_much(self, why: str) -> ManifestError:
        fix = "build and push the image with a tool that follows OCI"
        return ManifestError(f"the image in {self._source.name} is refused", why, fix, self._source.name)
