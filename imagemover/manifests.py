"""Manifests and indexes of OCI and of Docker v2, read strictly; their bytes are never changed.

Pure. Owns media types and limits. Fetches nothing: not even `urls`, which are
kept as a fact about a descriptor.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from imagemover import digests, strictjson
from imagemover.errors import ManifestError, ReferenceSyntaxError

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
EMPTY = "application/vnd.oci.empty.v1+json"
INDEXES = frozenset({OCI_INDEX, DOCKER_LIST})
MANIFESTS = frozenset({OCI_MANIFEST, DOCKER_MANIFEST})
ACCEPTED = (OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST)
"""What we ask for, in this order."""

MOST_BYTES = 4 << 20
"""Of a manifest; what registries take, too."""

MOST_ENTRIES = 4096
"""Layers of a manifest, manifests of an index."""

_FOREIGN = frozenset(
    {
        "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
        "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd",
    }
)
_LARGEST = 2**63 - 1


class Platform(NamedTuple):
    """What an image runs on.

    Args:
        os: Such as "linux".
        architecture: Such as "arm64".
        variant: Such as "v8"; empty if there is none.
    """

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        """Give it as users write it."""
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def fits(self, wanted: str) -> bool:
        """Tell whether it is the platform that somebody asked for.

        Args:
            wanted: "os/architecture" or "os/architecture/variant".

        Returns:
            Whether it is; a variant that was not asked for does not matter.
        """
        return str(self) == wanted or f"{self.os}/{self.architecture}" == wanted


class Descriptor(NamedTuple):
    """What a manifest says of something it points to.

    Args:
        media_type: Of the content.
        digest: Of the content.
        size: Of the content, in bytes.
        platform: Of an index's entry; None if it does not say.
        artifact_type: Of an index's entry, in lists of referrers.
        urls: Other places of the content; nobody goes there.
        raw: The descriptor as it was written, for lists of referrers.
    """

    media_type: str
    digest: str
    size: int
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()
    raw: Any = None

    @property
    def is_foreign(self) -> bool:
        """Whether the content may not be pushed to registries."""
        return self.media_type in _FOREIGN

    @property
    def is_index(self) -> bool:
        """Whether the content is an index."""
        return self.media_type in INDEXES

    def __hash__(self) -> int:
        """Hash by what identifies the content."""
        return hash(self.digest)


class Manifest(NamedTuple):
    """A manifest or an index, with its bytes.

    Args:
        media_type: Of the whole.
        digest: Of `data`.
        data: The bytes, untouched.
        blobs: Config and layers, each digest once; of an index none.
        children: Entries of an index, each digest once.
        subject: What this refers to; None if nothing.
        artifact_type: Its own, else that of its config.
        annotations: Its own.
    """

    media_type: str
    digest: str
    data: bytes
    blobs: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    subject: Descriptor | None = None
    artifact_type: str = ""
    annotations: tuple[tuple[str, str], ...] = ()

    @property
    def is_index(self) -> bool:
        """Whether it is an index."""
        return self.media_type in INDEXES

    def descriptor(self) -> Descriptor:
        """Describe it.

        Returns:
            Its descriptor, as lists of referrers have it.
        """
        raw: dict[str, Any] = {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)}
        if self.artifact_type:
            raw["artifactType"] = self.artifact_type
        if self.annotations:
            raw["annotations"] = dict(self.annotations)
        return Descriptor(self.media_type, self.digest, len(self.data), artifact_type=self.artifact_type, raw=raw)


def read(data: bytes, media_type: str = "", digest: str = "", where: str = "") -> Manifest:
    """Read a manifest or an index.

    Args:
        data: The bytes.
        media_type: What the registry or the index says that it is; empty if nobody does.
        digest: What it was asked for by; empty: its digest is taken from its bytes.
        where: Where it came from, for errors.

    Returns:
        The manifest.

    Raises:
        ManifestError: It breaks the specification or a limit.
        ContentError: It has another digest.

    Source: opencontainers/image-spec manifest.md and image-index.md; distribution's manifest v2, schema 2.
    """
    if len(data) > MOST_BYTES:
        raise _wrong(where, f"it has more than {MOST_BYTES} bytes")
    if digest:
        digests.verify(data, digest, where)
    found = strictjson.read_object(data, f"manifest {where or digest}".strip(), MOST_BYTES)
    said = found.get("mediaType") or ""
    if not isinstance(said, str):
        raise _wrong(where, f"{_shown(said)} is no media type")
    if said and media_type and said != media_type and media_type in INDEXES | MANIFESTS:
        raise _wrong(where, f"it is {_shown(said)} by itself and {_shown(media_type)} by who sent it")
    kind = _kind(found, said or media_type, where)
    found_type = found.get("artifactType", "")
    annotations = found.get("annotations") or {}
    if not isinstance(annotations, dict) or not all(isinstance(value, str) for value in annotations.values()):
        raise _wrong(where, "its annotations are not texts")
    subject = _descriptor(found["subject"], where) if found.get("subject") is not None else None
    blobs: tuple[Descriptor, ...] = ()
    children: tuple[Descriptor, ...] = ()
    if kind in INDEXES:
        children = _unique(_descriptors(found.get("manifests"), "manifests", where), where)
    else:
        config = _descriptor(found.get("config"), where)
        blobs = _unique([config, *_descriptors(found.get("layers"), "layers", where)], where)
        if not found_type and config.media_type != EMPTY:
            found_type = config.media_type
    return Manifest(
        kind,
        digest or digests.of(data),
        data,
        blobs,
        children,
        subject,
        found_type if isinstance(found_type, str) else "",
        tuple(annotations.items()),
    )


def read_index_entries(found: dict[str, Any], where: str, *, each: bool = False) -> tuple[Descriptor, ...]:
    """Read the entries of a list of referrers, or of a layout's index.json.

    Args:
        found: The list, as JSON; an index.
        where: Where it came from.
        each: Whether entries of the same digest are kept: they may differ in their annotations.

    Returns:
        The entries.

    Raises:
        ManifestError: It is no index.
    """
    entries = _descriptors(found.get("manifests"), "manifests", where)
    return tuple(entries) if each else _unique(entries, where)


def _kind(found: dict[str, Any], claimed: str, where: str) -> str:
    if found.get("schemaVersion") != 2:  # noqa: PLR2004  # the version that all four formats have
        fix = "docker pull and push the image once with a current Docker: that converts it"
        why = f"its schemaVersion is {_shown(found.get('schemaVersion'))}, only 2 is moved"
        raise ManifestError(f"manifest {where} is refused", why, fix, where)
    if "manifests" in found and ("layers" in found or "config" in found):
        raise _wrong(where, "it is a manifest and an index at once")
    if not claimed or claimed not in INDEXES | MANIFESTS:
        if claimed and claimed not in {"application/json", "text/plain", "application/octet-stream"}:
            raise _wrong(where, f"its media type {_shown(claimed)} is not known")
        claimed = OCI_INDEX if "manifests" in found else OCI_MANIFEST
    if (claimed in INDEXES) != ("manifests" in found):
        raise _wrong(where, f"its content does not fit its media type {_shown(claimed)}")
    return claimed


def _descriptors(value: object, name: str, where: str) -> list[Descriptor]:
    if not isinstance(value, list):
        raise _wrong(where, f"{name} is not a list")
    if len(value) > MOST_ENTRIES:
        raise _wrong(where, f"{name} has more than {MOST_ENTRIES} entries")
    return [_descriptor(entry, where) for entry in value]


def _descriptor(value: object, where: str) -> Descriptor:
    if not isinstance(value, dict):
        raise _wrong(where, f"{_shown(value)} is no descriptor")
    media_type, size, urls = value.get("mediaType"), value.get("size"), value.get("urls") or []
    try:
        digest = digests.check(value.get("digest"), where)
    except ReferenceSyntaxError as err:
        raise _wrong(where, err.what) from err
    if not isinstance(media_type, str) or not media_type.isascii() or not media_type.isprintable() or not media_type:
        raise _wrong(where, f"{_shown(media_type)} is no media type")
    if type(size) is not int or not 0 <= size <= _LARGEST:
        raise _wrong(where, f"{_shown(size)} is no size")
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise _wrong(where, "urls is not a list of texts")
    artifact_type = value.get("artifactType", "")
    shown_type = artifact_type if isinstance(artifact_type, str) else ""
    return Descriptor(media_type, digest, size, _platform(value.get("platform")), shown_type, tuple(urls), value)


def _platform(value: object) -> Platform | None:
    if not isinstance(value, dict):
        return None
    parts = [value.get(name, "") for name in ("os", "architecture", "variant")]
    return Platform(*(part if isinstance(part, str) else "" for part in parts))


def _unique(found: list[Descriptor], where: str) -> tuple[Descriptor, ...]:
    kept: dict[str, Descriptor] = {}
    for one in found:
        other = kept.setdefault(one.digest, one)
        if other.size != one.size:
            raise _wrong(where, f"{one.digest} has the sizes {other.size} and {one.size}")
    return tuple(kept.values())


def _wrong(where: str, why: str) -> ManifestError:
    fix = "build and push the image with a tool that follows OCI"
    return ManifestError(f"manifest {where} is refused", why, fix, where)


def _shown(value: object) -> str:
    return repr(value)[:100]
