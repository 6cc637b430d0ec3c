"""What an image is: its platforms, layers and config, read from wherever it is.

Owns the reading of configs. Nothing is written, and layers are not read.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imagemover import digests, manifests, strictjson
from imagemover.errors import ConnectionLostError, ImageError, ManifestError, MissingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.manifests import Descriptor, Manifest
    from imagemover.patience import Patience
    from imagemover.places import Source

MOST_CONFIG_BYTES = 4 << 20
ATTESTATION = "attestation"
_CONFIGS = frozenset({"application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"})
_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """An image for one platform, or another thing that an index names.

    Args:
        platform: Such as "linux/arm64/v8"; "attestation" or the artifact's type for what runs nowhere.
        digest: Of its manifest.
        media_type: Of its manifest.
        layers: In order.
        config: As it was written; empty if it is no image.
        size: Of config and layers, in bytes.
    """

    platform: str
    digest: str
    media_type: str
    layers: tuple[Descriptor, ...] = ()
    config: dict[str, Any] = field(default_factory=dict)
    size: int = 0

    @property
    def created(self) -> str:
        """When it was made, as the config says; empty if it does not."""
        return str(self.config.get("created") or "")

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        inner = self.config.get("config")
        found = inner.get("Labels") if isinstance(inner, dict) else None
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Facts:
    """An image.

    Args:
        name: What it was asked for by.
        root: Its manifest or index.
        parts: One, or one for each entry of the index.
        referrers: What refers to the root.
    """

    name: str
    root: Manifest
    parts: tuple[Part, ...]
    referrers: tuple[Descriptor, ...] = ()

    @property
    def images(self) -> tuple[Part, ...]:
        """The parts that run somewhere."""
        return tuple(part for part in self.parts if part.config)


def root(source: Source, name: str, platform: str = "") -> Manifest:
    """Read a manifest.

    Args:
        source: Where it is.
        name: Tag or digest.
        platform: Of an index's image that is wanted instead of the index; empty: none.

    Returns:
        The manifest.

    Raises:
        MissingError: It, or the platform, is not there.
    """
    found = source.manifest(name)
    if not platform or not found.is_index:
        return found
    for child in found.children:
        if child.platform is not None and child.platform.fits(platform):
            return source.manifest(child.digest)
    there = ", ".join(sorted({str(child.platform) for child in found.children if child.platform})) or "no platforms"
    what = f"{source.name} has no image for {platform}"
    raise MissingError(what, f"it has {there}", "choose one of these", found.digest)


def read(source: Source, name: str, patience: Patience, platform: str = "", *, referrers: bool = False) -> Facts:
    """Read what an image is.

    Args:
        source: Where it is.
        name: Tag or digest.
        patience: Of the command.
        platform: As in `root`.
        referrers: Whether to list what refers to it.

    Returns:
        The facts.

    Raises:
        ImageError: Something cannot be read, or is refused.
    """
    top = root(source, name, platform)
    reader = _Reader(source, patience)
    if top.is_index:
        with ThreadPoolExecutor(_WORKERS, "wps-image") as pool:
            parts: Sequence[Part] = list(pool.map(reader.child, top.children))
    else:
        parts = [reader.part(top, None)]
    attached = source.referrers(top.digest) if referrers else ()
    return Facts(source.name, top, tuple(parts), attached)


@dataclass(frozen=True, slots=True)
class _Reader:
    source: Source
    patience: Patience

    def child(self, descriptor: Descriptor) -> Part:
        """Read an entry of an index."""
        if descriptor.media_type not in manifests.MANIFESTS:
            return Part(descriptor.media_type, descriptor.digest, descriptor.media_type, size=descriptor.size)
        return self.part(self.source.manifest(descriptor.digest), descriptor)

    def part(self, manifest: Manifest, descriptor: Descriptor | None) -> Part:
        """Read an image's config."""
        body = strictjson.read_object(manifest.data, manifest.digest, manifests.MOST_BYTES)
        # The config and the layers as the manifest lists them: a layer may be there twice.
        by_digest = {blob.digest: blob for blob in manifest.blobs}
        layers = tuple(by_digest[one["digest"]] for one in body["layers"])
        described = by_digest[body["config"]["digest"]]
        size = sum(blob.size for blob in manifest.blobs)
        config: dict[str, Any] = {}
        if described.media_type in _CONFIGS:
            data = self.patience.run(lambda: self._blob(described), self.source.gate)
            config = strictjson.read_object(data, f"config {described.digest}", MOST_CONFIG_BYTES)
        platform = str(descriptor.platform) if descriptor is not None and descriptor.platform else _platform(config)
        if platform == "unknown/unknown" or not config:
            kind = manifest.artifact_type if not config else ""
            return Part(kind or ATTESTATION, manifest.digest, manifest.media_type, layers, size=size)
        return Part(platform, manifest.digest, manifest.media_type, layers, config, size)

    def _blob(self, blob: Descriptor) -> bytes:
        if blob.size > MOST_CONFIG_BYTES:
            why = f"it has more than {MOST_CONFIG_BYTES} bytes"
            raise ManifestError(f"the config {blob.digest} is refused", why, "build the image anew", self.source.name)
        stream = self.source.open_blob(blob)
        try:
            data, view = b"", memoryview(bytearray(64 << 10))
            while len(data) <= blob.size and (count := stream.readinto(view)):
                data += bytes(view[:count])
        finally:
            stream.close()
        if len(data) != blob.size:
            what = f"the config {blob.digest} has {len(data)} of {blob.size} bytes"
            raise ConnectionLostError(what, "the connection or the file was cut off", "try again", self.source.name)
        try:
            digests.verify(data, blob.digest, self.source.name)
        except ImageError as err:
            raise ConnectionLostError(err.what, err.why, err.fix, err.where) from err
        return data


def _platform(config: dict[str, Any]) -> str:
    words = [config.get(name) for name in ("os", "architecture", "variant")]
    return "/".join(str(word) for word in words if word) or "unknown"
