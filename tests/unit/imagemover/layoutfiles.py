"""Layouts and archives made by hand, file by file, for the tests that read them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

from imagemover import manifests
from imagemover.archives import open_archive
from imagemover.layout import Layout
from imagemover.manifests import Descriptor

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from imagemover.places import Source


def digest_of(data: bytes) -> str:
    """Give a digest."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def described(data: bytes, kind: str = "application/octet-stream", **more: Any) -> dict[str, Any]:
    """Describe some bytes."""
    return {"mediaType": kind, "digest": digest_of(data), "size": len(data)} | more


CONFIG, LAYER = b"{}", b"layer"
MANIFEST = json.dumps(
    {"schemaVersion": 2, "mediaType": manifests.OCI_MANIFEST, "config": described(CONFIG), "layers": [described(LAYER)]}
).encode()
BLOB = Descriptor("x", digest_of(LAYER), len(LAYER))


def entry(tag: str = "v1", **more: Any) -> dict[str, Any]:
    """Give an entry of index.json."""
    named = {"annotations": {"org.opencontainers.image.ref.name": tag}}
    return described(MANIFEST, manifests.OCI_MANIFEST, **named) | more


def files(*entries: dict[str, Any]) -> dict[str, bytes]:
    """Give the files of a layout."""
    index = {"schemaVersion": 2, "manifests": list(entries) or [entry()]}
    found = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": json.dumps(index).encode()}
    return found | {f"blobs/{digest_of(data).replace(':', '/')}": data for data in (CONFIG, LAYER, MANIFEST)}


def directory(path: Path, content: dict[str, bytes]) -> Path:
    """Write files."""
    for name, data in content.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def archive(path: Path, content: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    """Write a tar."""
    with tarfile.open(path / "image.tar", "w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for member in more:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path / "image.tar"


def read_all(source: Source, offset: int = 0, blob: Descriptor = BLOB) -> bytes:
    """Read a blob."""
    stream = source.open_blob(blob, offset)
    buffer, found = memoryview(bytearray(3)), b""
    while count := stream.readinto(buffer):
        found += bytes(buffer[:count])
    stream.close()
    return found


def member(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    """Give a member that is no file."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


SAVED_CONFIG = json.dumps({"rootfs": {"type": "layers", "diff_ids": [digest_of(LAYER)] * 2}}).encode()


def saved(**changed: Any) -> dict[str, bytes]:
    """Give the files of `docker save`."""
    image = {"Config": "c.json", "RepoTags": ["team/web:v1"], "Layers": ["a/layer.tar", "b/layer.tar"]} | changed
    return {"manifest.json": json.dumps([image]).encode(), "c.json": SAVED_CONFIG, "a/layer.tar": LAYER}


OPENERS: dict[str, Callable[[Path, dict[str, bytes]], Any]] = {
    "directory": lambda path, content: Layout(str(directory(path, content))),
    "tar": lambda path, content: open_archive(str(archive(path, content))),
}
