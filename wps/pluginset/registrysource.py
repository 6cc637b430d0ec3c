"""Published plugins in an OCI registry: written by the image mover, read by it, and what the artifacts look like.

The tag stands on an index. Its first entry is an artifact with the signed manifest; then comes an index for each
platform, with an artifact for each plugin: binary, bill of materials and licences. `TAG-N` stands on set N.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from imagemover import copying, manifests
from imagemover.errors import ImageError
from imagemover.jobs import Job, Options, Target
from imagemover.layout import Layout
from imagemover.manifests import EMPTY, OCI_INDEX, OCI_MANIFEST, Descriptor
from imagemover.patience import Patience
from wps.images import names, refusals
from wps.images.places import Places
from wps.pluginset import scratch, signing
from wps.pluginset.sources import OCI, BrokenLineError, absent, patiently

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from imagemover.places import Source as Place
    from wps.pluginset.manifest import Binary, Manifest

SET = "application/vnd.waypaas.plugins.v1"
SIGNED = "application/vnd.waypaas.plugins.manifest.v1"
PLUGIN = "application/vnd.waypaas.plugin.v1"
DEFAULT_TAG = "plugins"
_BINARY = "application/octet-stream"
_KINDS = {".cdx.json": "application/vnd.cyclonedx+json", ".licenses.txt": "text/plain"}
_TITLE = "org.opencontainers.image.title"
_PIECE = 256 << 10
_TAGGED = re.compile(r":[^/:]+$")


def reference(text: str) -> str:
    """Read the name of a place in a registry.

    Args:
        text: oci://REGISTRY/REPOSITORY[:TAG].

    Returns:
        REGISTRY/REPOSITORY:TAG.
    """
    bare = text.removeprefix(OCI)
    return bare if _TAGGED.search(bare) else f"{bare}:{DEFAULT_TAG}"


@contextlib.contextmanager
def opened(text: str, plain_http: tuple[str, ...], ca_file: str | None) -> Iterator[RegistrySource]:
    """Open a source in a registry.

    Args:
        text: oci://REGISTRY/REPOSITORY[:TAG].
        plain_http: Registries without TLS.
        ca_file: Authorities; None: the machine's.

    Yields:
        The source.

    Raises:
        StandardsError: It is no such name, or credentials are missing.
    """
    with refusals.told(), Places(Patience(), plain_http, ca_file) as places:
        place, tag = places.source(names.source(f"docker://{reference(text)}"))
        yield RegistrySource(text, place, tag)


class RegistrySource:
    """A source in a registry.

    Args:
        name: For messages.
        place: The repository.
        tag: Of the newest set.
    """

    def __init__(self, name: str, place: Place, tag: str) -> None:
        self.name = name
        self._place = place
        self._tag = tag

    def envelope(self, serial: int | None) -> bytes:
        """Read the signed manifest of a set.

        Args:
            serial: Of the set; None: the newest.

        Returns:
            Its bytes.

        Raises:
            StandardsError: It is not there (kind missing).
        """
        with refusals.told():
            tag = self._tag if serial is None else f"{self._tag}-{serial}"
            for child in self._place.manifest(tag).children:
                if child.media_type == OCI_MANIFEST:
                    found = self._place.manifest(child.digest)
                    for blob in found.blobs:
                        if blob.media_type == signing.PAYLOAD_TYPE and blob.size <= signing.MOST_BYTES:
                            return self._short(blob)
        raise absent(f"{self.name} has no plugins", f"the tag {tag} stands on something else", self.name)

    def _short(self, blob: Descriptor) -> bytes:
        return patiently(lambda: b"".join(self._read(blob, 0)), f"{self.name} cannot be read", self.name)

    def pieces(self, binary: Binary, start: int) -> Iterator[bytes]:
        """Give the bytes of a binary.

        Args:
            binary: Which.
            start: The first that is wanted.

        Yields:
            The pieces.

        Raises:
            BrokenLineError: The connection is lost, or the registry is busy.
            StandardsError: It is not there (kind missing), or the registry refuses.
        """
        with refusals.told():
            yield from self._read(Descriptor(_BINARY, f"sha256:{binary.sha256}", binary.size), start)

    def _read(self, blob: Descriptor, start: int) -> Iterator[bytes]:
        try:
            stream = self._place.open_blob(blob, start)
            try:
                buffer = memoryview(bytearray(_PIECE))
                while count := stream.readinto(buffer):
                    yield bytes(buffer[:count])
            finally:
                stream.close()
        except ImageError as err:
            if err.again:
                raise BrokenLineError(f"{err.what}: {err.why}") from err
            raise


def publish(
    text: str, made: Manifest, envelope: bytes, files: dict[str, Path], plain_http: tuple[str, ...], ca_file: str | None
) -> None:
    """Publish a set: its own tag and the newest are set last, when everything is there.

    Args:
        text: oci://REGISTRY/REPOSITORY[:TAG].
        made: The set.
        envelope: Its signed manifest.
        files: Each binary's file by its SHA-256; what is told about it lies beside.
        plain_http: Registries without TLS.
        ca_file: Authorities; None: the machine's.

    Raises:
        StandardsError: The registry refuses, or cannot be reached.
    """
    with scratch.folder("waypaas-publish-") as work, refusals.told():
        writer = _Writer(Layout(str(work / "layout"), create=True))
        signed = writer.artifact(SIGNED, [writer.blob(signing.PAYLOAD_TYPE, envelope, "plugins.json")])
        entries = [signed]
        for platform in sorted({one.platform for one in made.binaries}):
            plugins = [one for one in made.binaries if one.platform == platform]
            entries.append(writer.platform(platform, [writer.plugin(one, files[one.sha256]) for one in plugins]))
        digest = writer.index(SET, entries)["digest"]
        patience = Patience()
        with Places(patience, plain_http, ca_file) as places:
            name = names.destination(f"docker://{reference(text)}")
            place = places.destination(name)
            target = Target(place, (f"{name.tag}-{made.serial}", name.tag))
            copying.copy([Job(writer.layout, digest, (target,), digest)], Options(), patience)


class _Writer:
    """Writes artifacts into a layout; gives their descriptors."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def blob(self, kind: str, data: bytes, title: str = "") -> dict[str, Any]:
        """Write a blob."""
        found: dict[str, Any] = {
            "mediaType": kind,
            "digest": f"sha256:{hashlib.sha256(data).hexdigest()}",
            "size": len(data),
        }
        descriptor = Descriptor(kind, found["digest"], found["size"])
        if not self.layout.has(descriptor):
            session = self.layout.begin(descriptor)
            try:
                session.write(memoryview(data))
                session.commit()
            except BaseException:
                session.cancel()
                raise
        return found | ({"annotations": {_TITLE: title}} if title else {})

    def plugin(self, one: Binary, path: Path) -> dict[str, Any]:
        """Write a plugin: the binary, and what is told about it."""
        layers = [self.blob(_BINARY, path.read_bytes(), one.file)]
        for ending, kind in _KINDS.items():
            beside = path.with_name(f"{path.name}{ending}")
            if beside.is_file():
                layers.append(self.blob(kind, beside.read_bytes(), beside.name))
        return self.artifact(PLUGIN, layers) | {"annotations": {_TITLE: one.file}}

    def artifact(self, kind: str, layers: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Write an artifact."""
        config = self.blob(EMPTY, b"{}")
        made = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": kind, "config": config, "layers": layers}
        return self._put(made, OCI_MANIFEST)

    def platform(self, platform: str, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Write the index of a platform."""
        system, _, machine = platform.partition("/")
        runs_on = {"os": system, "architecture": machine}
        return self.index(PLUGIN, [one | {"platform": runs_on} for one in entries]) | {"platform": runs_on}

    def index(self, kind: str, entries: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Write an index."""
        made = {"schemaVersion": 2, "mediaType": OCI_INDEX, "artifactType": kind, "manifests": list(entries)}
        return self._put(made, OCI_INDEX)

    def _put(self, made: dict[str, Any], kind: str) -> dict[str, Any]:
        data = json.dumps(made, sort_keys=True, separators=(",", ":")).encode()
        manifest = manifests.read(data, kind)
        self.layout.put_manifest(manifest, manifest.digest)
        return {"mediaType": kind, "digest": manifest.digest, "size": len(data)}
