"""Hands the arguments of our call on to another plugin's: the way back of `wire.funcspec`.

A stream that only we may read (logs, exec) is not handed on.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from waypaas_sdk import arguments
from waypaas_sdk.delegate import terminal
from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2
from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny
from waypaas_sdk.health import StatusReport
from waypaas_sdk.logger import Logger
from waypaas_sdk.signature import WIRE_TYPES
from waypaas_sdk.terminal import TerminalUI
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import grpc

Args = arguments_pb2.Args

FIELDS: Mapping[type, str] = {bool: "bool", int: "int", str: "string"}
"""Of FuncSpec.Value, by the type of a primitive."""


def to_proto(
    spec: arguments_pb2.FuncSpec,
    given: Sequence[object],
    primitives: Mapping[str, bool | int | str],
    accept: Callable[[Sequence[grpc.GenericRpcHandler]], int],
    name: str,
    operation: str,
) -> arguments_pb2.FuncSpec.Args:
    """Answer what another plugin's operation asks for.

    Args:
        spec: What it asks for.
        given: Values as our own method got them, messages, and results of plugins as `opaqueany.Any`.
        primitives: By name, in whatever case.
        accept: Serves handlers to the plugin, and gives the number to tell it.
        name: Of the plugin.
        operation: Name on the wire: "Build".

    Returns:
        The request.

    Raises:
        StateError: It asks for what was not given.
    """
    by_type = dict(_offer(value) for value in given if value is not None)
    by_name = {key.lower(): value for key, value in primitives.items()}
    terminals = [value for value in given if isinstance(value, TerminalUI)]
    request = arguments_pb2.FuncSpec.Args()
    for wanted in spec.args:
        value = request.args.add(name=wanted.name, type=wanted.type, primitive_type=wanted.primitive_type)
        if wanted.primitive_type:
            if wanted.name.lower() not in by_name:
                raise _not_given(name, operation, wanted.name)
            supplied = by_name[wanted.name.lower()]
            setattr(value, FIELDS[type(supplied)], supplied)
        elif wanted.type in by_type:
            value.proto_any.CopyFrom(by_type[wanted.type](accept))
        elif wanted.type == WIRE_TYPES[arguments.JobInfo] and terminals:  # what it shows is shown by ours
            value.proto_any.CopyFrom(anys.pack(Args.JobInfo(local=terminals[0].local)))
        elif wanted.type == Args.LabelSet.DESCRIPTOR.full_name:
            value.proto_any.CopyFrom(anys.pack(Args.LabelSet()))
        else:
            raise _not_given(name, operation, wanted.type)
    return request


def _not_given(name: str, operation: str, wanted: str) -> StateError:
    return StateError(
        f'plugin "{name}" asks for {wanted}, which it cannot be given here',
        why=f"its operation {operation} needs it",
        fix="use another plugin in its place",
    )


def _offer(value: object) -> tuple[str, Callable[[Any], OpaqueAny]]:
    """Give the type by which a value is asked for, and what packs it once it is."""
    if isinstance(value, OpaqueAny):
        return anys.name(value), lambda _: value
    if isinstance(value, Message):
        return value.DESCRIPTOR.full_name, lambda _: anys.pack(value)
    for kind, encode in ENCODERS.items():
        if isinstance(value, kind):
            return WIRE_TYPES[kind], partial(_packed, encode, value)
    raise TypeError(f"{type(value).__name__} cannot be handed on to another plugin")


def _packed(encode: Callable[[Any, Any], Message], value: object, accept: Any) -> OpaqueAny:
    return anys.pack(encode(value, accept))


def _status_report(value: StatusReport, _: Any) -> Message:
    from waypaas_sdk.wire import reports  # noqa: PLC0415  # status only

    return reports.to_proto(value)


def _deployment_config(value: arguments.DeploymentConfig, _: Any) -> Message:
    return Args.DeploymentConfig(
        id=value.id,
        sequence=value.sequence,
        server_addr=value.server_addr,
        server_tls=value.server_tls,
        server_tls_skip_verify=value.server_tls_skip_verify,
        entrypoint_invite_token=value.entrypoint_invite_token,
    )


def _job_info(value: arguments.JobInfo, _: Any) -> Message:
    return Args.JobInfo(local=value.local, workspace=value.workspace, id=value.id, project=value.project, app=value.app)


def _task(value: arguments.TaskLaunchInfo, _: Any) -> Message:
    return Args.TaskLaunchInfo(
        oci_url=value.image,
        environment_variables=value.environment,
        entrypoint=value.entrypoint,
        arguments=value.arguments,
    )


ENCODERS: Mapping[type, Callable[[Any, Any], Message]] = {
    arguments.Source: lambda value, _: Args.Source(app=value.app, path=str(value.path)),
    arguments.JobInfo: _job_info,
    arguments.DataDir: lambda value, _: Args.DataDir.App(cache_dir=str(value.cache), data_dir=str(value.data)),
    arguments.DeploymentConfig: _deployment_config,
    arguments.LabelSet: lambda value, _: Args.LabelSet(labels=value.labels),
    arguments.TaskLaunchInfo: _task,
    Logger: lambda value, _: Args.Logger(name=value.name),
    TerminalUI: lambda value, accept: Args.TerminalUI(stream_id=accept([terminal.relay(value)])),
    StatusReport: _status_report,
}
"""By our type, how to encode it as the message that carries it; the names of these are in `signature`."""
