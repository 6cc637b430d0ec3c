"""Images made on the spot, pushed to a real registry by hand, and looked for in another one's files."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testservers.registry import Registry

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"


def digest_of(data: bytes) -> str:
    """Give the digest, not by the code under test."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def layer(seed: int, size: int) -> bytes:
    """Give bytes that depend on the seed."""
    return random.Random(seed).randbytes(size)  # noqa: S311  # content of a layer


@dataclass
class Image:
    """Blobs and manifests, the root last.

    Args:
        blobs: Bytes by digest.
        manifests: Media type and bytes by digest, children first.
    """

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """Digest of the root."""
        return next(reversed(self.manifests))

    def descriptor(self, digest: str, media_type: str = LAYER, **more: Any) -> dict[str, Any]:
        """Describe a blob or manifest."""
        data = self.blobs.get(digest)
        if data is None:
            media_type, data = self.manifests[digest]
        return {"mediaType": media_type, "digest": digest, "size": len(data)} | more

    def add_blob(self, data: bytes) -> str:
        """Add a blob."""
        self.blobs[digest_of(data)] = data
        return digest_of(data)

    def add_manifest(self, layers: Sequence[bytes], *, docker: bool = False, config: bytes = b"{}", **more: Any) -> str:
        """Add a manifest."""
        kind = DOCKER_MANIFEST if docker else OCI_MANIFEST
        body = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": self.descriptor(self.add_blob(config), CONFIG),
            "layers": [self.descriptor(self.add_blob(data)) for data in layers],
        }
        return self.add_raw(kind, body | more)

    def add_index(self, children: Sequence[str], platforms: Sequence[str] = (), *, docker: bool = False) -> str:
        """Add an index."""
        kind = DOCKER_LIST if docker else OCI_INDEX
        entries = []
        for number, child in enumerate(children):
            os, _, rest = (platforms[number] if number < len(platforms) else "linux/amd64").partition("/")
            entries.append(self.descriptor(child, platform={"os": os, "architecture": rest}))
        return self.add_raw(kind, {"schemaVersion": 2, "mediaType": kind, "manifests": entries})

    def add_raw(self, kind: str, body: dict[str, Any]) -> str:
        """Add the bytes of a manifest."""
        data = json.dumps(body, indent=3).encode()
        self.manifests[digest_of(data)] = (kind, data)
        return digest_of(data)

    @property
    def everything(self) -> dict[str, int]:
        """Size by digest of all that a registry must store."""
        sizes = {digest: len(data) for digest, data in self.blobs.items()}
        return sizes | {digest: len(data) for digest, (_, data) in self.manifests.items()}


def plain(seed: int, sizes: Sequence[int] = (1000, 70_000, 300_000), **more: Any) -> Image:
    """Make an image of one manifest."""
    image = Image()
    image.add_manifest([layer(seed * 1000 + number, size) for number, size in enumerate(sizes)],
                       config=json.dumps({"seed": seed}).encode(), **more)  # fmt: skip
    return image


def push(registry: Registry, repository: str, image: Image, tag: str = "v1") -> None:
    """Push by hand, without the code under test."""
    connection = http.client.HTTPConnection("127.0.0.1", registry.port, timeout=30)
    for digest, data in image.blobs.items():
        location = _ask(connection, "POST", f"/v2/{repository}/blobs/uploads/", b"", {}, 202)
        path = location.partition(f"{registry.port}")[2]
        _ask(connection, "PUT", f"{path}&digest={digest}", data, {"Content-Type": "application/octet-stream"}, 201)
    for digest, (kind, data) in image.manifests.items():
        _ask(connection, "PUT", f"/v2/{repository}/manifests/{digest}", data, {"Content-Type": kind}, 201)
        if digest == image.root and tag:
            _ask(connection, "PUT", f"/v2/{repository}/manifests/{tag}", data, {"Content-Type": kind}, 201)
    connection.close()


def _ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes, headers: dict[str, str], status: int
) -> str:
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status == status, text
    return answer.getheader("Location", "")


def assert_tagged(registry: Registry, repository: str, image: Image, tag: str = "v1") -> None:
    """Hold the registry's files against the image by sizes alone, which is quick: for the benchmark."""
    assert registry.tags(repository).get(tag) == image.root
    stored = registry.blobs()
    assert {digest: stored.get(digest) for digest in image.everything} == image.everything


def assert_complete(registry: Registry, repository: str, image: Image, tag: str = "v1") -> None:
    """Hold the registry's files against the image: the tag stands on its root, and all of it is there."""
    assert_tagged(registry, repository, image, tag)
    for digest in image.everything:
        value = digest.partition(":")[2]
        file = registry.directory / f"data/docker/registry/v2/blobs/sha256/{value[:2]}/{value}/data"
        assert digest_of(file.read_bytes()) == digest
