"""Which image an artifact of Waypoint is. Pure."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from teamconfig.releases.record import is_digest

if TYPE_CHECKING:
    from collections.abc import Mapping


def image(artifact: Mapping[str, Any]) -> tuple[str, str]:
    """Read the image out of an artifact: a docker.Image within an Any.

    Args:
        artifact: As Waypoint lists it in JSON.

    Returns:
        Reference of the image, and its digest; both empty if it is none, the digest if it does not say.
    """
    from waypaas_sdk.gen.docker.docker_pb2 import Image  # noqa: PLC0415  # only where Waypoint has released

    packed = artifact.get("artifact") or {}
    if not str(packed.get("typeUrl", "")).endswith("/docker.Image"):
        return "", ""
    found = Image.FromString(base64.b64decode(packed.get("value", "")))
    tag, _, digest = found.tag.rpartition("@")
    if not is_digest(digest):
        return f"{found.image}:{found.tag}", ""
    return f"{found.image}:{tag}@{digest}" if tag else f"{found.image}@{digest}", digest
