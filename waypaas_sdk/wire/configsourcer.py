"""ConfigSourcer on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from waypaas_sdk.gen.hashicorp.waypoint.sdk import services_pb2
from waypaas_sdk.wire import common
from waypaas_sdk.wire.operation import Methods, Plugin, methods

if TYPE_CHECKING:
    from collections.abc import Iterable

    from waypaas_sdk.component import Component
    from waypaas_sdk.result import ConfigValue

UNKNOWN = 2
"""google.rpc.Code of a value that could not be read."""


def service(plugin: Plugin, component: Component | None) -> Methods:
    """Make the service's methods.

    Args:
        plugin: The process.
        component: Or None, if the plugin has no config sourcer.

    Returns:
        Behaviour by name of the RPC.
    """
    return {
        **common.configurable(plugin, component),
        **methods(plugin, component, "read", "Read", _values),
        **methods(plugin, component, "stop", "Stop", common.nothing),
    }


def _values(returned: Iterable[ConfigValue]) -> services_pb2.ConfigSource.ReadResponse:
    response = services_pb2.ConfigSource.ReadResponse()
    for item in returned:
        entry = response.values.add(name=item.name)
        if isinstance(item.value, Exception):
            entry.error.code = UNKNOWN
            entry.error.message = str(item.value)
        elif isinstance(item.value, str):
            entry.value = item.value
        else:
            entry.json = json.dumps(item.value).encode()
    return response
