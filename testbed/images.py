"""Container images made of busybox, without a container engine."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

USER = "65532:65532"
"""Not root, by number: what the restricted Pod Security Standard wants to see."""

APPLETS = (
    "sh",
    "httpd",
    "sleep",
    "cat",
    "echo",
    "env",
    "ls",
    "id",
    "test",
    "nc",
    "wget",
    "true",
    "false",
    "stty",
    "seq",
)

SERVE = """#!/bin/sh
echo "hello {version}: listening on port ${{PORT:-3000}}"
sleep {delay}
(n=0; while :; do n=$((n+1)); echo "tick $n"; sleep 1; done) &
trap 'echo "hello {version}: stopping"; exit 0' TERM INT
httpd -f -vv -p "${{PORT:-3000}}" -h /www &
while :; do wait; done
"""

BROKEN = """#!/bin/sh
echo "starting"
echo "fatal: DATABASE_URL is not set" >&2
exit 3
"""

PAUSE = """#!/bin/sh
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait; done
"""

IMAGES = {
    "pause:1": PAUSE,
    "hello:v1": SERVE.format(version="v1", delay=0),
    "hello:v2": SERVE.format(version="v2", delay=0),
    "hello:slow": SERVE.format(version="slow", delay=8),
    "hello:broken": BROKEN,
}
"""What each image runs."""


def write_layout(directory: Path, name: str) -> None:
    """Write one image as an OCI layout.

    Args:
        directory: Gets the layout.
        name: One of IMAGES.
    """
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True, exist_ok=True)

    def blob(data: bytes, media_type: str) -> dict[str, object]:
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(data)}

    version = name.partition(":")[2]
    layer = _layer(IMAGES[name], version)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": ["/start"], "User": USER, "Env": ["PATH=/bin"], "WorkingDir": "/tmp"},  # noqa: S108  # inside of the image
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
        "layers": [blob(gzip.compress(layer, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")],
    }
    entry = blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    (directory / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    (directory / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')


def _layer(script: str, version: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:

        def add(
            path: str, data: bytes = b"", mode: int = 0o644, kind: bytes = tarfile.REGTYPE, target: str = ""
        ) -> None:
            info = tarfile.TarInfo(path)
            info.size, info.mode, info.type, info.linkname = len(data), mode, kind, target
            tar.addfile(info, io.BytesIO(data))

        for directory in ("bin", "etc", "www"):
            add(directory, mode=0o755, kind=tarfile.DIRTYPE)
        add("tmp", mode=0o1777, kind=tarfile.DIRTYPE)
        add("etc/passwd", b"app:x:65532:65532::/tmp:/bin/sh\n")
        add("bin/busybox", Path("/bin/busybox").read_bytes(), 0o755)
        for applet in APPLETS:
            add(f"bin/{applet}", kind=tarfile.SYMTYPE, target="busybox")
        add("www/index.html", f"hello from {version}\n".encode())
        add("www/healthz", b"ok\n")
        add("start", script.encode(), 0o755)
    return buffer.getvalue()
