"""Wait until a release can be reached: by an address that the cluster gives, or an answer from there."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from team_k8s import exposure
from waypaas_sdk.errors import PluginError, StateError

if TYPE_CHECKING:
    from team_k8s.cloud import Cloud

LOOK_SECONDS = 0.5
ANSWER_SECONDS = 5.0
SERVER_ERROR = 500
"""From this HTTP status on it is the way to the app that fails, not the app."""


def wait(cloud: Cloud, target: exposure.Target, applied: dict[str, Any], seconds: float) -> str:
    """Wait until the release can be reached, as its standards say.

    Args:
        cloud: Where it is.
        target: What was released.
        applied: What the API server answered, by kind.
        seconds: At most; 0 does not wait.

    Returns:
        The URL; empty for a load balancer without address that is not waited for.

    Raises:
        StateError: It cannot be reached in time; says what was still missing.
    """
    begun = time.monotonic()
    found = dict(applied)
    while problem := _problem(found):
        if not seconds:
            break
        gone = time.monotonic() - begun
        if gone > seconds:
            raise _unreachable(target, problem, seconds)
        cloud.api.notify(f"waiting until {target.service_name} can be reached since {gone:.0f} s: {problem}")
        cloud.api.rest(LOOK_SECONDS)
        kind = list(found)[-1]
        found[kind] = cloud.get(kind, target.service_name)
    url = _url(cloud, target, found)
    if seconds and target.kubernetes.reachable == "answer":
        _wait_for_answer(cloud, target, url, begun, seconds)
    return url


def _problem(found: dict[str, Any]) -> str:
    """Say what keeps the address away; empty when it is there."""
    if "HTTPRoute" in found:
        return exposure.route_problem(found["HTTPRoute"])
    if "Ingress" in found:
        return "" if exposure.address(found["Ingress"]) else "the Ingress has no address yet"
    if found["Service"]["spec"]["type"] == "LoadBalancer":
        return "" if exposure.address(found["Service"]) else "the Service has no address yet"
    return ""


def _unreachable(target: exposure.Target, problem: str, seconds: float) -> StateError:
    return StateError(
        f"{target.service_name} could not be reached within {seconds:g} s",
        why=f"{problem}; its Service does send its traffic to {target.name}",
        fix="ask whoever runs the cluster's ingress, or set the option wait_reachable: 0s does not wait",
    )


def _url(cloud: Cloud, target: exposure.Target, found: dict[str, Any]) -> str:
    if target.network.host:
        return exposure.host_url(target.network)
    service = found["Service"]
    node = _node(cloud) if service["spec"]["type"] == "NodePort" else ""
    return exposure.service_url(service, cloud.namespace, node)


def _node(cloud: Cloud) -> str:
    """Give an address of some node; empty where nodes may not be read."""
    try:
        nodes = cloud.api.request("GET", "/api/v1/nodes", query={"limit": 1}, what="read a node").get("items", ())
    except PluginError:
        return ""
    addresses = nodes[0].get("status", {}).get("addresses", ()) if nodes else ()
    return next((str(found["address"]) for found in addresses), "")


def _wait_for_answer(cloud: Cloud, target: exposure.Target, url: str, begun: float, seconds: float) -> None:
    import http.client  # noqa: PLC0415  # where an answer is asked for only
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    while True:
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_SECONDS):  # noqa: S310  # http or https, by exposure
                return
        except urllib.error.HTTPError as err:
            if err.code < SERVER_ERROR:
                return
            problem = f"{url} answers with status {err.code}"
        except (OSError, http.client.HTTPException) as err:
            problem = f"{url} does not answer: {getattr(err, 'reason', None) or type(err).__name__}"
        if time.monotonic() - begun > seconds:
            raise _unreachable(target, problem, seconds)
        cloud.api.notify(f"waiting for an answer: {problem}")
        cloud.api.rest(LOOK_SECONDS)
