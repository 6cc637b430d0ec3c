"""What the tests of `wps image` have: two real registries, a proxy, images that can run, and the program itself."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import moverimages

from testservers import installing

if TYPE_CHECKING:
    from standbys import Runtime

    from testservers import faultproxy, registry

PROGRAM = Path(sys.executable).with_name("wps")
SECONDS = 120
PROGRESS = re.compile(r"^[\d.]+ [KMG]?i?B (?:of .*|read)\n", re.MULTILINE)
"""What a copy says when the machine is so busy that it takes more than two seconds."""


def layer(name: str, size: int = 40_000) -> tuple[bytes, str]:
    """Give a layer with one file as gzip, and the digest of its tar."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = size
        tar.addfile(member, io.BytesIO(moverimages.layer(len(name), size)))
    plain = data.getvalue()
    return gzip.compress(plain, mtime=0), "sha256:" + hashlib.sha256(plain).hexdigest()


def config(architecture: str, diffs: list[str], **more: Any) -> bytes:
    """Give an image's config."""
    inner = {"Env": ["PATH=/bin"], "Labels": {"team": "payments"}} | more
    value = {
        "os": "linux", "architecture": architecture, "created": "2025-11-25T22:14:05Z", "config": inner,
        "rootfs": {"type": "layers", "diff_ids": diffs},
    }  # fmt: skip
    return json.dumps(value).encode()


def add(image: moverimages.Image, architecture: str, *names: str, docker: bool = False, **more: Any) -> str:
    """Add to an image what runs on one platform; a layer for each name."""
    layers = [layer(name) for name in names]
    text = config(architecture, [diff for _, diff in layers], **more)
    return image.add_manifest([data for data, _ in layers], config=text, docker=docker)


def two_platforms() -> moverimages.Image:
    """Give an index of two images that share a layer."""
    image = moverimages.Image()
    children = [add(image, one, "base", one) for one in ("amd64", "arm64")]
    image.add_index(children, ["linux/amd64", "linux/arm64"])
    return image


@dataclass
class World:
    """What a test has.

    Args:
        near: The registry that images come from.
        far: The registry that they go to.
        proxy: Before `far`.
        folder: Where `wps` runs; HOME is in it.
        path: A repository that nobody else uses.
        runtime: Where its standbys are; None: it has none.
    """

    near: registry.Registry
    far: registry.Registry
    proxy: faultproxy.Proxy
    folder: Path
    path: str
    runtime: Runtime | None = None

    @property
    def source(self) -> str:
        """The image."""
        return f"{self.near.host}/{self.path}:v1"

    def push(self, image: moverimages.Image, tag: str = "v1") -> None:
        """Put an image into the near registry."""
        moverimages.push(self.near, self.path, image, tag)

    def environment(self, **more: str) -> dict[str, str]:
        """Give an environment with nothing of the caller's own settings."""
        banned = ("WAYP", "XDG_", "DOCKER_", "AWS_", "NO_COLOR", "HTTP", "http", "COLUMNS")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(banned)}
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        if self.runtime is None:
            return {**clean, "HOME": str(home), "WAYPAAS_STANDBY": "off", **more}
        alive = {"XDG_RUNTIME_DIR": str(self.runtime.path), "WAYPAAS_STANDBY_SECONDS": "60"}
        return {**clean, "HOME": str(home), **alive, **more}

    def wps(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `wps image`."""
        return subprocess.run(
            [PROGRAM, "image", *arguments], cwd=self.folder, env=self.environment(**more), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip

    def done(self, *arguments: str, **more: str) -> str:
        """Run `wps image`, which must succeed with nothing but progress on stderr, and give what it prints."""
        ended = self.wps(*arguments, **more)
        assert (ended.returncode, PROGRESS.sub("", ended.stderr)) == (0, ""), ended.stderr
        return ended.stdout

    def events(self, *arguments: str, **more: str) -> list[dict[str, Any]]:
        """Run `wps image copy --json`, and give its events."""
        ended = self.wps("copy", *arguments, "--json", **more)
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def skopeo(self, *arguments: str) -> str:
        """Run skopeo."""
        installing.debian_packages({"skopeo": "skopeo"})
        command = ["skopeo", "--insecure-policy", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, check=True
        ).stdout
