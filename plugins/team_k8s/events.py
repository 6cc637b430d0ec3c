"""What a cluster's events say about a pod: some faults show nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import PluginError

if TYPE_CHECKING:
    from team_k8s.cloud import Cloud


def promises_node(cloud: Cloud, pod: str) -> bool:
    """Tell whether an autoscaler has promised a node for a pod."""
    return bool(_events(cloud, f"involvedObject.name={pod},reason=TriggeredScaleUp"))


def warnings_of(cloud: Cloud, pod: str) -> list[Any]:
    """Read the warnings about a pod, the oldest first; none where they may not be read."""
    found = _events(cloud, f"involvedObject.name={pod},type=Warning")
    return sorted(found, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))


def probe_words(cloud: Cloud, pod: str) -> str:
    """Say in a line of its own how the pod's probe failed last; empty if none did."""
    failed = [event for event in warnings_of(cloud, pod) if event.get("reason") == "Unhealthy"] if pod else []
    return f"\n  its probe: {failed[-1].get('message', '').strip()}" if failed else ""


def _events(cloud: Cloud, fields: str) -> list[Any]:
    try:
        return list(cloud.api.request("GET", cloud.path("Event"), query={"fieldSelector": fields}).get("items", ()))
    except PluginError:
        return []
