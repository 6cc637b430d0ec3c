"""A way to a deployment that has no traffic yet, for tests: `python -m team_k8s.reachable`.

Reads a deployment from its input, a protobuf Any in base64 on one line; the
word "facts" behind it asks for what is known without a cluster. Opens a port on
loopback that leads to the deployment's ready pods by the API server's
port-forward, and writes one line of JSON about it. Ends when its input is
closed.
"""

from __future__ import annotations

import base64
import itertools
import json
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from team_k8s import diagnose, messages, portforward
from team_k8s.gen.team_k8s.v1.team_k8s_pb2 import Deployment
from waypaas_sdk.errors import PluginError, StateError
from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from team_k8s.cloud import Cloud

MOST_BYTES = 1 << 20
"""Of the line that names the deployment."""


def main() -> int:
    """Open a way, and keep it open until the input is closed.

    Returns:
        Exit code: 1 if there is no way.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; whoever started us closes the input
    try:
        encoded, *words = sys.stdin.readline(MOST_BYTES).split() or [""]
        deployment = anys.unpack(OpaqueAny.FromString(base64.b64decode(encoded)), Deployment)
        if words:
            _say(_facts(deployment))
            return 0
        known = _opened(deployment)
    except PluginError as error:
        _say({"error": str(error)})
        return 1
    _say(known)
    while sys.stdin.read(1):
        pass
    return 0


def _say(known: dict[str, str]) -> None:
    sys.stdout.write(json.dumps(known) + "\n")
    sys.stdout.flush()


def _facts(deployment: Deployment) -> dict[str, str]:
    return {
        "deployment_id": deployment.id,
        "image": deployment.image,
        "environment": deployment.identity.environment,
        "profile_digest": deployment.profile_digest,
    }


def _opened(deployment: Deployment) -> dict[str, str]:
    """Open the port, and tell what is known of the deployment.

    Raises:
        StateError: It has no port, or no ready pod.
    """
    if not deployment.port:
        raise StateError(f"{deployment.name} is a worker: it listens on no port")
    cloud = messages.cloud(deployment.cluster, "read", deployment.identity, patience=10.0)
    pods = _ready(cloud, deployment)
    address = pods[0]["status"].get("podIP", "")
    following = _paths(cloud, pods)
    portforward.check(following(), deployment.port, cloud.api)
    port = portforward.listen(following, deployment.port, cloud.api)
    known = {**_facts(deployment), "url": f"http://127.0.0.1:{port}"}
    if address:
        host = f"[{address}]" if ":" in address else address
        known["internal_url"] = f"http://{host}:{deployment.port}"
    return known


def _ready(cloud: Cloud, deployment: Deployment) -> list[Any]:
    pods = [pod for pod in cloud.list("Pod", messages.selector(deployment)) if diagnose.is_ready(pod)]
    if not pods:
        raise StateError(
            f"deployment {deployment.name} has no ready pod", fix="see `waypoint status`, or deploy again",
            where=f"namespace {cloud.namespace}",
        )  # fmt: skip
    return sorted(pods, key=lambda pod: str(pod["metadata"]["name"]))


def _paths(cloud: Cloud, pods: list[Any]) -> Any:
    """Go through the pods in turn, so that each is tested."""
    paths = itertools.cycle([f"{cloud.path('Pod', pod['metadata']['name'])}/portforward" for pod in pods])
    guard = threading.Lock()

    def following() -> str:
        with guard:
            return next(paths)

    return following


if __name__ == "__main__":
    raise SystemExit(main())
