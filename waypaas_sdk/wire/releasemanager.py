"""ReleaseManager on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypaas_sdk.gen.hashicorp.waypoint.sdk import services_pb2
from waypaas_sdk.wire import anys, common, reports
from waypaas_sdk.wire.operation import Methods, Plugin, methods

if TYPE_CHECKING:
    from waypaas_sdk.component import Component


def service(plugin: Plugin, component: Component | None) -> Methods:
    """Make the service's methods.

    Args:
        plugin: The process.
        component: Or None, if the plugin has no release manager.

    Returns:
        Behaviour by name of the RPC.
    """
    return {
        **common.authentication(plugin, component),
        **common.configurable(plugin, component),
        **common.destroyer(plugin, component),
        **common.status(plugin, component),
        **methods(plugin, component, "release", "Release", _released),
    }


def _released(returned: Any) -> services_pb2.Release.Resp:  # what the component returned
    result = common.result_of(returned)
    return services_pb2.Release.Resp(
        result=anys.pack(result.message),
        release=services_pb2.Release(url=result.url),
        template_data=common.template_data(result),
        declared_resources=reports.declared(result.resources),
    )
