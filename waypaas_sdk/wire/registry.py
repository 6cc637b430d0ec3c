"""Registry on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypaas_sdk.gen.hashicorp.waypoint.sdk import services_pb2
from waypaas_sdk.wire import anys, common
from waypaas_sdk.wire.operation import Methods, Plugin, methods

if TYPE_CHECKING:
    from waypaas_sdk.component import Component


def service(plugin: Plugin, component: Component | None) -> Methods:
    """Make the service's methods.

    Args:
        plugin: The process.
        component: Or None, if the plugin has no registry.

    Returns:
        Behaviour by name of the RPC.
    """
    return {
        **common.authentication(plugin, component),
        **common.configurable(plugin, component),
        **methods(plugin, component, "push", "Push", _pushed),
        **methods(plugin, component, "access", "Access", _access),
    }


def _pushed(returned: Any) -> services_pb2.Push.Resp:  # what the component returned
    result = common.result_of(returned)
    return services_pb2.Push.Resp(
        result=anys.pack(result.message),
        result_json=common.as_json(result.message),
        template_data=common.template_data(result),
    )


def _access(returned: Any) -> services_pb2.Access.Resp:  # what the component returned
    return services_pb2.Access.Resp(result=anys.pack(common.result_of(returned).message))
