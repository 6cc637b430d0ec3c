"""What Waypoint keeps of a deployment is found among the results of its jobs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

from wps.promotion import deployed

DIGEST = "sha256:" + "a" * 64


def image(artifact: Mapping[str, Any]) -> tuple[str, str]:
    """Read an image off an artifact of this file."""
    return (f"r.test/web@{artifact['is']}", str(artifact["is"])) if artifact else ("", "")


def job(deployment: str = "01D", url: str = "http://10.0.0.7:8080", kind: str = "x/team_k8s.v1.Deployment") -> Any:
    """Give a job that has deployed."""
    packed = {"typeUrl": kind, "value": base64.b64encode(b"made").decode()}
    return {"result": {"deploy": {"deployment": {
        "id": deployment, "artifactId": "01A", "url": url, "deployment": packed}}}}  # fmt: skip


BUILD = {"result": {"build": {"build": {"id": "01B"}, "push": {"id": "01A", "artifact": {"is": DIGEST}}}}}
OTHERS = [{}, {"result": None}, {"result": {"release": {"release": {"id": "01R"}}}}, job("01C")]


def test_a_deployment_is_found_with_its_image() -> None:
    """The platform's message, the URL and the image of the artifact that was deployed are given."""
    found = deployed.find([*OTHERS, job(), BUILD], "01D", image)
    assert found is not None
    assert (found.id, found.deployment.type_url, found.deployment.value) == ("01D", "x/team_k8s.v1.Deployment", b"made")
    assert (found.url, found.image, found.digest) == ("http://10.0.0.7:8080", f"r.test/web@{DIGEST}", DIGEST)


def test_what_waypoint_does_not_tell_is_empty() -> None:
    """An artifact of a job that is gone gives no image; a URL that nobody can ask is none; no deployment is None."""
    found = deployed.find([job(url="file:///tmp/x")], "01D", image)
    assert found is not None
    assert (found.url, found.image, found.digest) == ("", "", "")
    assert deployed.find([*OTHERS, BUILD], "01D", image) is None
    assert deployed.find([job(kind="")], "01D", image) is None
    assert deployed.find([], "01D", image) is None
