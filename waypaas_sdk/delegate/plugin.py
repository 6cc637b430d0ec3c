"""Another plugin while a call of ours runs: launched, configured, called, ended.

Owns the process and its calls. What its arguments, options and errors look like is in
the modules beside.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty

from waypaas_sdk.delegate import configuring, faults, finding, values
from waypaas_sdk.errors import OptionError, PluginError, StateError
from waypaas_sdk.gen.goplugin import grpc_controller_pb2
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, config_pb2
from waypaas_sdk.goplugin import handshake
from waypaas_sdk.goplugin.client import Client
from waypaas_sdk.wire import anys, asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.message import Message

    from waypaas_sdk.call import Call
    from waypaas_sdk.gen.opaqueany.any_pb2 import Any as OpaqueAny

M = TypeVar("M", bound="Message")

UNDO_SECONDS = 110.0
"""How long a cancelled plugin may take to undo what it made; less than we are given ourselves."""

DEATH_SECONDS = 1.0
"""How long a process is given to be seen dead after its connection broke."""

LOOK_SECONDS = 0.05


class Delegate:
    """Another plugin's process; use `launch`.

    Args:
        name: As after `use`: "docker".
        command: Its program and arguments.
        call: Ours: when it is cancelled, so are the plugin's.
        environ: Of the process.

    Raises:
        StateError: It cannot be started, or is no plugin.
    """

    def __init__(self, name: str, command: list[str], call: Call, environ: Mapping[str, str]) -> None:
        self.name = name
        self._call = call
        guarded = [sys.executable, "-I", "-S", _GUARD, str(os.getpid()), *command]
        try:
            self._client = Client(
                guarded, handshake.WAYPOINT, environ=environ, on_stdio=_print_again, on_log=_log_again
            )
        except PluginError as error:
            what = f'plugin "{name}" ({" ".join(command)}) cannot be used'
            lines = [error.what.replace(f"plugin {guarded[0]} ", "it "), error.why]
            raise StateError(what, why="; ".join(line for line in lines if line)) from error

    def configure(self, kind: str, options: Mapping[str, Any], where: str = "") -> None:
        """Give a component of the plugin its options.

        Args:
            kind: Of the component: "builder".
            options: Values by the names of waypoint.hcl; see `configuring.to_json`.
            where: Where they were written, for errors.

        Raises:
            OptionError: An option is not valid.
            PluginError: The plugin refuses them.
        """
        described = self.ask(kind, "ConfigStruct")
        if not described.HasField("struct"):
            if options:
                raise OptionError(f'plugin "{self.name}" takes no options', fix="remove them", where=where)
            return
        data = configuring.to_json(described.struct, options, self.name, where)
        self.ask(kind, "Configure", config_pb2.Config.ConfigureRequest(json=data))

    def implements(self, kind: str, rpc: str) -> bool:
        """Tell whether a component has an operation.

        Args:
            kind: Of the component.
            rpc: Name of the operation on the wire: "BuildODR".

        Returns:
            Whether the plugin can tell what the operation needs.

        Raises:
            PluginError: The plugin died, or our call was cancelled.
        """
        try:
            self._wait(kind, asked.spec(rpc), Empty())
        except grpc.RpcError as error:
            if self._client.exit_code is None:
                return False
            raise faults.translated(error, self.name, self._client.exit_code) from error
        return True

    def invoke(self, kind: str, rpc: str, *given: object, **primitives: bool | int | str) -> Any:
        """Call an operation with what it asks for of what is given, and wait.

        Args:
            kind: Of the component.
            rpc: Name of the operation on the wire: "Build".
            given: Values as our own method got them (UI, source, job ...), messages, and results of plugins as
                `opaqueany.Any`; None is passed over.
            primitives: By name: `HasRegistry=True`.

        Returns:
            The reply; its `result` is for `take`.

        Raises:
            PluginError: The operation failed, with its own text, or asks for what was not given.
            CancelledError: Our call was cancelled.
        """
        spec = self.ask(kind, asked.spec(rpc))
        request = values.to_proto(spec, given, primitives, self._client.broker.accept, self.name, rpc)
        return self.ask(kind, rpc, request)

    def take(self, result: OpaqueAny, kind: type[M]) -> M:
        """Unwrap a result, converted by the plugin itself if it is of another type.

        Args:
            result: Of an operation.
            kind: Class of the message that is wanted.

        Returns:
            The message.

        Raises:
            StateError: It is of another type, and the plugin offers no conversion.
        """
        wanted = kind.DESCRIPTOR.full_name
        if anys.name(result) == wanted:
            return anys.unpack(result, kind)
        for offered in self.ask("mapper", "ListMappers").funcs:
            takes, gives = [one.type for one in offered.args], [one.type for one in offered.result]
            if takes == [anys.name(result)] and wanted in gives:
                request = arguments_pb2.Map.Request(result=wanted)
                request.args.args.add(type=takes[0], proto_any=result)
                return anys.unpack(self.ask("mapper", "Map", request).result, kind)
        raise StateError(
            f'plugin "{self.name}" made a {anys.name(result) or "nothing"}, and a {wanted} is needed',
            why="it offers no conversion",
            fix="use another plugin in its place",
        )

    def ask(self, kind: str, rpc: str, request: Message | None = None) -> Any:
        """Call any RPC of the plugin.

        Args:
            kind: Of the component, or "mapper".
            rpc: Name on the wire.
            request: Empty if None.

        Returns:
            The reply.

        Raises:
            PluginError: The plugin's own error.
            CancelledError: Our call was cancelled.
        """
        try:
            return self._wait(kind, rpc, Empty() if request is None else request)
        except grpc.RpcError as error:
            self._call.check()
            raise faults.translated(error, self.name, self._exit_code(error)) from error

    def _wait(self, kind: str, rpc: str, request: Message) -> Any:
        self._call.check()
        future = self._client.begin(asked.SERVICES[kind], rpc, request)
        with self._call.on_cancel(future.cancel):
            try:
                return future.result()
            except grpc.FutureCancelledError:
                self._call.check()
                raise

    def _exit_code(self, error: grpc.RpcError) -> int | None:
        """Give the process's exit code; a broken connection is seen a moment before it."""
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            self._await_end(DEATH_SECONDS)
        return self._client.exit_code

    def _await_end(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._client.exit_code is None and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def close(self) -> None:
        """End the plugin; one whose call was cancelled may first undo what it made."""
        if self._call.cancelled and self._client.exit_code is None:
            service = grpc_controller_pb2.DESCRIPTOR.services_by_name["GRPCController"]
            asked = self._client.begin(service, "Shutdown", grpc_controller_pb2.Empty())  # kept: grpc cancels lost ones
            self._await_end(UNDO_SECONDS)
            asked.cancel()
        self._client.close()


_GUARD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "guard.py")


@contextmanager
def launch(
    name: str, call: Call, directory: str | os.PathLike[str] = ".", environ: Mapping[str, str] | None = None
) -> Iterator[Delegate]:
    """Launch another plugin for the length of a block.

    Args:
        name: As after `use`: "docker".
        call: Ours; its cancellation passes on.
        directory: Of the app.
        environ: Of the process; os.environ if None.

    Yields:
        The plugin, running; not configured yet.

    Raises:
        OptionError: The name is none, or our own.
        MissingError: There is no such plugin.
        StateError: It cannot be started.
    """
    own = dict(os.environ if environ is None else environ)
    call.check()
    delegate = Delegate(name, finding.command(name, os.fspath(directory), own), call, own)
    try:
        yield delegate
    finally:
        delegate.close()


def _print_again(channel: str, data: bytes) -> None:
    """Print what the plugin printed: our own host reads it from us."""
    stream = sys.stderr if channel == "stderr" else sys.stdout
    stream.write(data.decode(errors="backslashreplace"))
    stream.flush()


def _log_again(line: str) -> None:
    """Log what the plugin logged, in its own words: both hosts read the same form from the same descriptor."""
    try:
        os.write(2, line.encode(errors="replace") + b"\n")
    except OSError:
        return  # our host is gone
