"""What several services have in common: options, authentication, destroy, status."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from waypaas_sdk import optionschema, optionvalues
from waypaas_sdk.errors import BugError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import config_pb2, services_pb2
from waypaas_sdk.health import Health, StatusReport
from waypaas_sdk.result import Result
from waypaas_sdk.wire import faults, reports
from waypaas_sdk.wire.operation import Methods, Plugin, capability, has, methods

if TYPE_CHECKING:
    from collections.abc import Iterable

    import grpc

    from waypaas_sdk.component import Component
    from waypaas_sdk.resources import Resource

STANZAS = {"builder": "build", "registry": "build.registry", "platform": "deploy", "releasemanager": "release"}
"""Where in waypoint.hcl each kind of component is configured."""


def options_class(component: Component) -> type | None:
    """Give the dataclass of a component's options, or None."""
    found = type(component).options_class()
    return found if isinstance(found, type) else None


def configurable(plugin: Plugin, component: Component | None) -> Methods:
    """Make the RPCs that carry options.

    Args:
        plugin: The process.
        component: Or None, if the plugin has none of this kind.

    Returns:
        ConfigStruct, Configure and Documentation.
    """

    def config_struct(_: Any, context: grpc.ServicerContext) -> Any:  # by descriptor
        if component is None:
            return config_pb2.Config.StructResp()
        try:
            described = optionschema.of_component(type(component))
        except TypeError as error:
            bug = BugError(str(error))
            context.abort(*faults.status_of(bug, plugin.name, cancelled=False, logger=plugin.logger))
        return config_pb2.Config.StructResp(struct=described)

    def configure(request: Any, context: grpc.ServicerContext) -> Any:  # by descriptor
        declared = options_class(component) if component is not None else None
        if component is None or declared is None:
            return Empty()
        try:
            where = f"{STANZAS.get(component.kind, component.kind)}.use"
            component.options = optionvalues.from_json(declared, request.json, where)
            component.configured()
        except faults.FAILURES as error:  # every exception becomes a status
            context.abort(*faults.status_of(error, plugin.name, cancelled=False, logger=plugin.logger))
        return Empty()

    def documentation(_: Any, __: grpc.ServicerContext) -> Any:  # by descriptor
        from waypaas_sdk import optiondocs  # noqa: PLC0415  # for `waypoint docs` only

        if component is None:
            return config_pb2.Config.Documentation()
        return optiondocs.documentation(type(component))

    return {"ConfigStruct": config_struct, "Configure": configure, "Documentation": documentation}


def authentication(plugin: Plugin, component: Component | None) -> Methods:
    """Make the RPCs of an authenticator; it is one when it has `authenticate`."""

    def encode(returned: Any) -> Any:  # what the component returned
        return services_pb2.Auth.AuthResponse(authenticated=returned is not False)

    return {
        "IsAuthenticator": capability(has(component, "authenticate")),
        **methods(plugin, component, "authenticate", "Auth", encode),
        **methods(plugin, component, "validate_auth", "ValidateAuth", nothing),
    }


def destroyer(plugin: Plugin, component: Component | None) -> Methods:
    """Make the RPCs of a destroyer and a workspace destroyer."""

    def encode(returned: Iterable[Resource] | None) -> Any:  # by descriptor
        # The host shows what is declared here as "not destroyed", and reads both unseen.
        return services_pb2.Destroy.Resp(
            declared_resources=reports.declared(()), destroyed_resources=reports.destroyed(returned or ())
        )

    return {
        "IsDestroyer": capability(has(component, "destroy")),
        **methods(plugin, component, "destroy", "Destroy", encode),
        "IsWorkspaceDestroyer": capability(has(component, "destroy_workspace")),
        **methods(plugin, component, "destroy_workspace", "DestroyWorkspace", nothing),
    }


def status(plugin: Plugin, component: Component | None) -> Methods:
    """Make the RPCs of a status reporter.

    An exception becomes a report of UNKNOWN: as an error it would make
    Waypoint fail the deploy whose result it was to describe.
    """

    def rescue(text: str) -> Any:  # by descriptor
        return reports.to_proto(StatusReport(Health.UNKNOWN, text))

    return {
        "IsStatus": capability(has(component, "status")),
        **methods(plugin, component, "status", "Status", reports.to_proto, rescue=rescue),
    }


def nothing(_: Any) -> Empty:  # whatever the component returned
    """Encode the reply of an operation that has none."""
    return Empty()


def result_of(returned: Any) -> Result:  # what the component returned
    """Take what an operation returned as a Result.

    Args:
        returned: A Result or a bare message.

    Returns:
        The Result.

    Raises:
        BugError: It is neither; `operation` puts the method's name before the text.
    """
    if isinstance(returned, Result):
        return returned
    if isinstance(returned, Message):
        return Result(returned)
    raise BugError(f"must return a protobuf message or a Result, not {type(returned).__name__}")


def as_json(message: Message) -> str:
    """Give a message as JSON text, for display."""
    from google.protobuf.json_format import MessageToJson  # noqa: PLC0415  # beside the start

    return MessageToJson(message, indent=None)


def template_data(result: Result) -> bytes:
    """Give what waypoint.hcl can read of a result.

    Args:
        result: Its own template data is laid over the fields of its message.

    Returns:
        A JSON object, without empty lists: Waypoint 0.11.4 panics at one.
    """
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415  # beside the start

    fields = MessageToDict(result.message, preserving_proto_field_name=True)
    return json.dumps(_without_empty_lists(fields | dict(result.template_data))).encode()


def _without_empty_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_empty_lists(item) for name, item in value.items() if item != []}
    if isinstance(value, list):
        return [_without_empty_lists(item) for item in value if item != []]
    return value
