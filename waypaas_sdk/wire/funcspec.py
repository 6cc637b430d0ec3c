"""Arguments of a call: ask for them (FuncSpec), and decode what was sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from waypaas_sdk import arguments, signature
from waypaas_sdk.call import Call
from waypaas_sdk.errors import BugError
from waypaas_sdk.execsession import ExecSession
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2
from waypaas_sdk.logger import Logger
from waypaas_sdk.logviewer import LogViewer
from waypaas_sdk.terminal import TerminalUI
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from contextlib import ExitStack

    from google.protobuf.message import Message

    from waypaas_sdk.goplugin.broker import Broker

JOB, TERMINAL = signature.WIRE_TYPES[arguments.JobInfo], signature.WIRE_TYPES[TerminalUI]

SCALARS = {1: "bool", 2: "int", 24: "string"}
"""Field of FuncSpec.Value that carries each primitive type."""


def to_proto(sig: signature.Signature) -> arguments_pb2.FuncSpec:
    """Describe to the host what an operation asks for.

    Args:
        sig: The operation's.

    Returns:
        A spec whose values are named only where the host matches by name.
    """
    spec = arguments_pb2.FuncSpec(name=sig.operation)
    for parameter in sig.parameters:
        if parameter.wire_name:
            primitive = signature.PRIMITIVES[parameter.type]
            spec.args.add(name=parameter.wire_name.lower(), primitive_type=primitive)
        elif parameter.wire_type:
            spec.args.add(type=parameter.wire_type)
    asked = {value.type for value in spec.args}
    if TERMINAL in asked and JOB not in asked and sig.operation not in signature.JOBLESS:  # `plaintext.told` needs it
        spec.args.add(type=JOB)
    return spec


@dataclass(frozen=True)
class Scope:
    """What one call has at hand for its arguments.

    Args:
        call: The call itself.
        broker: Reaches the host's streams.
        logger: Of the plugin.
        closing: Closes what was opened, in reverse order, before the reply is sent.
        local: The job runs in the command line itself.
    """

    call: Call
    broker: Broker
    logger: Logger
    closing: ExitStack
    local: bool = False

    def dial(self, stream_id: int) -> Any:  # a grpc.Channel, untyped in the stubs' absence
        """Connect to a stream of the host for the length of the call."""
        channel = self.broker.dial(stream_id)
        self.closing.callback(channel.close)
        return channel


def from_proto(sig: signature.Signature, sent: Iterable[arguments_pb2.FuncSpec.Value], scope: Scope) -> dict[str, Any]:
    """Decode the arguments of a call.

    Args:
        sig: What was asked for.
        sent: What came.
        scope: Of the call.

    Returns:
        Keyword arguments for the component's method.

    Raises:
        BugError: The host did not send what was asked for.
        StateError: A message cannot be decoded, or a stream of the host not be reached.
    """
    values = list(sent)
    by_type = {anys.name(value.proto_any): value.proto_any for value in values if value.HasField("proto_any")}
    by_name = {value.name.lower(): value for value in values if value.primitive_type}
    if JOB in by_type:
        scope = replace(scope, local=anys.unpack(by_type[JOB], Args.JobInfo).local)
    decoded: dict[str, Any] = {}
    for parameter in sig.parameters:
        if parameter.type is Call:
            decoded[parameter.name] = scope.call
        elif parameter.wire_name:
            value = by_name.get(parameter.wire_name.lower())
            if value is None:
                raise BugError(_not_sent(sig, parameter.wire_name))
            decoded[parameter.name] = getattr(value, SCALARS[signature.PRIMITIVES[parameter.type]])
        elif parameter.wire_type in by_type:
            decoded[parameter.name] = _decode(parameter, by_type[parameter.wire_type], scope)
        else:
            raise BugError(_not_sent(sig, parameter.wire_type))
    return decoded


def _not_sent(sig: signature.Signature, wanted: str) -> str:
    return f"{sig.operation} asked the host for {wanted}, which it did not send"


def _decode(parameter: signature.Parameter, wrapped: Any, scope: Scope) -> Any:  # one of the author's types
    if parameter.type in DECODERS:
        message, decode = DECODERS[parameter.type]
        return decode(anys.unpack(wrapped, message), scope)
    return anys.unpack(wrapped, parameter.type)


def _source(sent: Any, _: Scope) -> arguments.Source:  # decoders share one type
    from pathlib import Path  # noqa: PLC0415  # beside a plugin's start

    return arguments.Source(sent.app, Path(sent.path))


def _job_info(sent: Any, _: Scope) -> arguments.JobInfo:
    return arguments.JobInfo(sent.local, sent.workspace, sent.id, sent.project, sent.app)


def _data_dir(sent: Any, _: Scope) -> arguments.DataDir:
    from pathlib import Path  # noqa: PLC0415  # beside a plugin's start

    return arguments.DataDir(cache=Path(sent.cache_dir), data=Path(sent.data_dir))


def _deployment_config(sent: Any, _: Scope) -> arguments.DeploymentConfig:
    return arguments.DeploymentConfig(
        id=sent.id,
        sequence=sent.sequence,
        server_addr=sent.server_addr,
        server_tls=sent.server_tls,
        server_tls_skip_verify=sent.server_tls_skip_verify,
        entrypoint_invite_token=sent.entrypoint_invite_token,
    )


def _label_set(sent: Any, _: Scope) -> arguments.LabelSet:
    return arguments.LabelSet(dict(sent.labels))


def _task_launch_info(sent: Any, _: Scope) -> arguments.TaskLaunchInfo:
    return arguments.TaskLaunchInfo(
        sent.oci_url, dict(sent.environment_variables), list(sent.entrypoint), list(sent.arguments)
    )


def _logger(sent: Any, scope: Scope) -> Logger:
    return scope.logger.named(sent.name) if sent.name else scope.logger


def _terminal_ui(sent: Any, scope: Scope) -> TerminalUI:
    terminal = TerminalUI(scope.dial(sent.stream_id), local=scope.local)
    scope.closing.callback(terminal.close)
    return terminal


def _log_viewer(sent: Any, scope: Scope) -> LogViewer:
    from datetime import UTC  # noqa: PLC0415  # logs only

    viewer = LogViewer(scope.dial(sent.stream_id), sent.starting_at.ToDatetime(tzinfo=UTC), sent.limit)
    scope.closing.callback(viewer.close)
    return viewer


def _exec_session(sent: Any, scope: Scope) -> ExecSession:
    size = arguments.WindowSize(sent.initial_window.height, sent.initial_window.width)
    session = ExecSession(
        scope.dial(sent.stream_id),
        list(sent.args),
        list(sent.env),
        sent.is_tty,
        sent.term_type,
        size if sent.HasField("initial_window") else None,
    )
    scope.closing.callback(session.close)
    return session


Args = arguments_pb2.Args

DECODERS: Mapping[Any, tuple[type[Message], Callable[[Any, Scope], Any]]] = {
    arguments.Source: (Args.Source, _source),
    arguments.JobInfo: (Args.JobInfo, _job_info),
    arguments.DataDir: (Args.DataDir.App, _data_dir),
    arguments.DeploymentConfig: (Args.DeploymentConfig, _deployment_config),
    arguments.LabelSet: (Args.LabelSet, _label_set),
    arguments.TaskLaunchInfo: (Args.TaskLaunchInfo, _task_launch_info),
    Logger: (Args.Logger, _logger),
    TerminalUI: (Args.TerminalUI, _terminal_ui),
    LogViewer: (Args.LogViewer, _log_viewer),
    ExecSession: (Args.ExecSessionInfo, _exec_session),
}
"""By the author's type, the message that carries it and how to decode that."""
