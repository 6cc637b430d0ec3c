"""A host for tests: asks each operation what it wants, and supplies it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Self

from google.protobuf.empty_pb2 import Empty

from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, config_pb2
from waypaas_sdk.goplugin import handshake
from waypaas_sdk.goplugin.client import Client
from waypaas_sdk.testing.streams import RecordingLogViewer, RecordingUI, ScriptedExecSession
from waypaas_sdk.wire import anys, asked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from google.protobuf.message import Message

Args = arguments_pb2.Args


class PluginHost:
    """Drives one plugin process as Waypoint's core does, with recording streams.

    Args:
        command: The binary and its arguments.
        environ: Of the process; os.environ if None.
        ui: The terminal; a RecordingUI that is not interactive if None.
    """

    def __init__(
        self, command: Sequence[str], *, environ: Mapping[str, str] | None = None, ui: RecordingUI | None = None
    ) -> None:
        self.ui = ui or RecordingUI()
        self.logs = RecordingLogViewer()
        self.exec = ScriptedExecSession()
        self.printed: dict[str, bytes] = {"stdout": b"", "stderr": b""}
        self.plugin = Client(command, handshake.WAYPOINT, environ=environ, on_stdio=self._on_stdio)

    def _on_stdio(self, channel: str, data: bytes) -> None:
        self.printed[channel] += data

    def ask(self, kind: str, rpc: str, request: Message | None = None, seconds: float | None = None) -> Any:
        """Call any RPC.

        Args:
            kind: Of the component: "platform".
            rpc: Name on the wire: "IsDestroyer".
            request: Empty if None.
            seconds: Deadline, or None for none.

        Returns:
            The reply.

        Raises:
            grpc.RpcError: The plugin answered with a status, or died.
        """
        return self.plugin.call(asked.SERVICES[kind], rpc, Empty() if request is None else request, seconds=seconds)

    def configure(self, kind: str, options: Mapping[str, Any]) -> None:
        """Send options as the host would after decoding waypoint.hcl.

        Args:
            kind: Of the component.
            options: JSON-able, by the names of their json tags.

        Raises:
            grpc.RpcError: The plugin refuses them.
        """
        self.ask(kind, "ConfigStruct")
        self.ask(kind, "Configure", config_pb2.Config.ConfigureRequest(json=json.dumps(options).encode()))

    def arguments(self, kind: str, rpc: str, *given: Message, **primitives: Any) -> arguments_pb2.FuncSpec.Args:
        """Collect what an operation asks for.

        Args:
            kind: Of the component.
            rpc: Name of the operation on the wire: "Deploy".
            given: Messages, matched by their full name; streams and what is not given is made up.
            primitives: By name.

        Returns:
            The request.

        Raises:
            KeyError: The operation asks for what neither was given nor can be made up.
        """
        spec = self.ask(kind, asked.spec(rpc))
        by_name = {message.DESCRIPTOR.full_name: message for message in given}
        request = arguments_pb2.FuncSpec.Args()
        for wanted in spec.args:
            value = request.args.add(name=wanted.name, type=wanted.type, primitive_type=wanted.primitive_type)
            if wanted.primitive_type:
                supplied = {name.lower(): item for name, item in primitives.items()}[wanted.name.lower()]
                field = {bool: "bool", int: "int", str: "string"}[type(supplied)]
                setattr(value, field, supplied)
            else:
                message = by_name[wanted.type] if wanted.type in by_name else self._made_up(wanted.type)
                value.proto_any.CopyFrom(anys.pack(message))
        return request

    def _made_up(self, full_name: str) -> Message:
        """Give what a host always has at hand.

        Raises:
            KeyError: It is not among that.
        """
        accept = self.plugin.broker.accept
        makers: dict[Any, Callable[[], Message]] = {
            Args.Source: lambda: Args.Source(app="web", path="/nonexistent"),
            Args.JobInfo: lambda: Args.JobInfo(local=True, workspace="default", id="1", project="shop", app="web"),
            Args.DataDir.App: lambda: Args.DataDir.App(cache_dir="/nonexistent", data_dir="/nonexistent"),
            Args.DeploymentConfig: lambda: Args.DeploymentConfig(id="01H0000000000000000000000", sequence=1),
            Args.LabelSet: Args.LabelSet,
            Args.Logger: lambda: Args.Logger(name="test"),
            Args.TerminalUI: lambda: Args.TerminalUI(stream_id=accept([self.ui.handler()])),
            Args.LogViewer: lambda: Args.LogViewer(stream_id=accept([self.logs.handler()])),
            Args.ExecSessionInfo: lambda: Args.ExecSessionInfo(stream_id=accept([self.exec.handler()]), args=["true"]),
        }
        return {kind.DESCRIPTOR.full_name: make for kind, make in makers.items()}[full_name]()

    def invoke(self, kind: str, rpc: str, *given: Message, seconds: float | None = 60.0, **primitives: Any) -> Any:
        """Call an operation with the arguments that it asks for, and wait.

        Args:
            kind: Of the component.
            rpc: Name on the wire: "Deploy".
            given: As for `arguments`.
            seconds: Deadline, or None for none.
            primitives: As for `arguments`.

        Returns:
            The reply.

        Raises:
            grpc.RpcError: The plugin answered with a status, or died.
        """
        return self.ask(kind, rpc, self.arguments(kind, rpc, *given, **primitives), seconds)

    def begin(self, kind: str, rpc: str, *given: Message, **primitives: Any) -> Any:
        """Call an operation without waiting.

        Args:
            kind: Of the component.
            rpc: Name on the wire.
            given: As for `arguments`.
            primitives: As for `arguments`.

        Returns:
            A grpc future: `result()`, `cancel()`.
        """
        return self.plugin.begin(asked.SERVICES[kind], rpc, self.arguments(kind, rpc, *given, **primitives))

    def close(self) -> None:
        """End the plugin."""
        self.plugin.close()

    def __enter__(self) -> Self:
        """Give the host itself; the process runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
