"""TaskLauncher on the wire."""

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
        component: Or None, if the plugin has no task launcher.

    Returns:
        Behaviour by name of the RPC.
    """
    return {
        **common.configurable(plugin, component),
        **methods(plugin, component, "start", "StartTask", _started, spec="StartSpec"),
        **methods(plugin, component, "stop", "StopTask", common.nothing, spec="StopSpec"),
        **methods(plugin, component, "watch", "WatchTask", _watched, spec="WatchSpec"),
    }


def _started(returned: Any) -> services_pb2.TaskLaunch.Resp:  # what the component returned
    result = common.result_of(returned)
    return services_pb2.TaskLaunch.Resp(result=anys.pack(result.message), result_json=common.as_json(result.message))


def _watched(returned: Any) -> services_pb2.TaskWatch.Resp:  # what the component returned
    return services_pb2.TaskWatch.Resp(exit_code=int(returned or 0))
