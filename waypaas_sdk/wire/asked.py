"""How a host names what it asks of a plugin: services by the kind of component, and each operation's spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypaas_sdk.gen.hashicorp.waypoint.sdk import services_pb2

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.descriptor import ServiceDescriptor

SERVICES: Mapping[str, ServiceDescriptor] = {
    name.lower(): service for name, service in services_pb2.DESCRIPTOR.services_by_name.items()
}
"""By kind: "platform"."""

_ODD = {
    "BuildODR": "BuildSpecODR",
    "StartTask": "StartSpec",
    "StopTask": "StopSpec",
    "WatchTask": "WatchSpec",
}


def spec(rpc: str) -> str:
    """Give the RPC that tells an operation's arguments.

    Args:
        rpc: Of the operation: "Deploy".

    Returns:
        Its name: "DeploySpec".
    """
    return _ODD.get(rpc, f"{rpc}Spec")
