"""Builder on the wire."""

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
        component: Or None, if the plugin has no builder.

    Returns:
        Behaviour by name of the RPC.
    """
    return {
        **common.authentication(plugin, component),
        **common.configurable(plugin, component),
        **methods(plugin, component, "build", "Build", _built),
        **methods(plugin, component, "build_odr", "BuildODR", _built, spec="BuildSpecODR"),
    }


def _built(returned: Any) -> services_pb2.Build.Resp:  # what the component returned
    result = common.result_of(returned)
    return services_pb2.Build.Resp(
        result=anys.pack(result.message),
        result_json=common.as_json(result.message),
        labels=dict(result.labels),
        template_data=common.template_data(result),
    )
