"""Platform on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypaas_sdk.component import ReleaseManager
from waypaas_sdk.errors import BugError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import services_pb2, streams_pb2
from waypaas_sdk.goplugin.dispatch import handler
from waypaas_sdk.wire import anys, common, releasemanager, reports
from waypaas_sdk.wire.operation import Methods, Plugin, capability, has, methods

if TYPE_CHECKING:
    from waypaas_sdk.component import Component


def service(plugin: Plugin, component: Component | None) -> Methods:
    """Make the service's methods.

    Args:
        plugin: The process.
        component: Or None, if the plugin has no platform.

    Returns:
        Behaviour by name of the RPC.
    """

    def released_by(returned: Any) -> services_pb2.DefaultReleaser.Resp:  # what the component returned
        return _default_releaser(plugin, returned)

    return {
        **common.authentication(plugin, component),
        **common.configurable(plugin, component),
        **common.destroyer(plugin, component),
        **common.status(plugin, component),
        **methods(plugin, component, "deploy", "Deploy", _deployed),
        **methods(plugin, component, "default_releaser", "DefaultReleaser", released_by),
        "IsExecer": capability(has(component, "exec")),
        **methods(plugin, component, "exec", "Exec", _executed),
        "IsLogPlatform": capability(has(component, "logs")),
        **methods(plugin, component, "logs", "Logs", common.nothing),
        "IsGeneration": capability(has(component, "generation")),
        **methods(plugin, component, "generation", "Generation", _generation),
    }


def _deployed(returned: Any) -> services_pb2.Deploy.Resp:  # what the component returned
    result = common.result_of(returned)
    return services_pb2.Deploy.Resp(
        result=anys.pack(result.message),
        result_json=common.as_json(result.message),
        deployment=services_pb2.Deploy(url=result.url),
        template_data=common.template_data(result),
        declared_resources=reports.declared(result.resources),
    )


def _executed(returned: Any) -> streams_pb2.ExecResult:  # what the component returned
    return streams_pb2.ExecResult(exit_code=int(returned or 0))


def _generation(returned: str | bytes) -> services_pb2.Generation.Resp:
    return services_pb2.Generation.Resp(id=returned.encode() if isinstance(returned, str) else returned)


def _default_releaser(plugin: Plugin, returned: Any) -> services_pb2.DefaultReleaser.Resp:
    if not isinstance(returned, ReleaseManager):
        raise BugError(f"default_releaser must return a ReleaseManager, not {type(returned).__name__}")
    descriptor = services_pb2.DESCRIPTOR.services_by_name["ReleaseManager"]
    stream_id = plugin.broker.accept([handler(descriptor, releasemanager.service(plugin, returned))])
    return services_pb2.DefaultReleaser.Resp(stream_id=stream_id)
