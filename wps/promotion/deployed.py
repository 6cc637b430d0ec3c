"""What Waypoint keeps of a deployment before it has traffic: the platform's own message, its URL, and its image.

Pure: reads what Waypoint lists of its jobs, as the list of deployments tells none of it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny


@dataclass(frozen=True, slots=True)
class Private:
    """A deployment that may have no traffic yet.

    Args:
        id: Waypoint's id.
        deployment: The platform's own message.
        url: As its platform's plugin told Waypoint; empty if it told none that can be asked.
        image: Reference of its image; empty if it is not known.
        digest: Of it; empty if the artifact does not say.
    """

    id: str
    deployment: OpaqueAny
    url: str
    image: str
    digest: str


def find(
    jobs: Iterable[Mapping[str, Any]], deployment: str, image: Callable[[Mapping[str, Any]], tuple[str, str]]
) -> Private | None:
    """Find a deployment among the results of jobs.

    Args:
        jobs: As Waypoint lists them in JSON.
        deployment: Waypoint's id of it.
        image: Reads reference and digest of an image off an artifact.

    Returns:
        The deployment; None if no job tells of it.
    """
    results = [one.get("result") or {} for one in jobs]
    for result in results:
        made = (result.get("deploy") or {}).get("deployment") or {}
        packed = made.get("deployment") or {}
        if made.get("id") == deployment and packed.get("typeUrl"):
            url = str(made.get("url") or "")
            pushed = next((one for one in _pushed(results) if one.get("id") == made.get("artifactId")), {})
            reference, digest = image(pushed.get("artifact") or {})
            url = url if url.startswith(("http://", "https://")) else ""
            return Private(deployment, _any(packed), url, reference, digest)
    return None


def _pushed(results: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Go through the artifacts that builds and pushes have made."""
    for result in results:
        for value in result.values():
            pushed = value.get("push") if isinstance(value, dict) else None
            if isinstance(pushed, dict):
                yield pushed


def _any(packed: Mapping[str, Any]) -> OpaqueAny:
    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as Made  # noqa: PLC0415  # only where Waypoint has deployed

    return Made(type_url=str(packed["typeUrl"]), value=base64.b64decode(packed.get("value", "")))
