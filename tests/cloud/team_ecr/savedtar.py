"""Archives as `docker save` writes them."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def saved(path: Path, name: str) -> bytes:
    """Write an archive as `docker save` does; give the config's bytes."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as inner:
        inner.addfile(tarfile.TarInfo("hello"), io.BytesIO())
    diff = "sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()
    config = json.dumps({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff]}})
    listed = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    parts = {
        "config.json": config.encode(),
        "layer.tar": layer.getvalue(),
        "manifest.json": json.dumps(listed).encode(),
    }
    with tarfile.open(path, "w") as archive:
        for part, data in parts.items():
            member = tarfile.TarInfo(part)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return config.encode()
