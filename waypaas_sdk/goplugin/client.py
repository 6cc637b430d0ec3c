"""The host's side: launch a plugin binary, whoever wrote it, and call it."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Self

import grpc

from waypaas_sdk.errors import MissingError, StateError
from waypaas_sdk.gen.goplugin import grpc_broker_pb2, grpc_controller_pb2, grpc_stdio_pb2
from waypaas_sdk.goplugin import handshake as hs
from waypaas_sdk.goplugin.broker import CHANNEL_OPTIONS, Broker
from waypaas_sdk.goplugin.dispatch import stub
from waypaas_sdk.goplugin.server import make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from google.protobuf.descriptor import ServiceDescriptor

HANDSHAKE_SECONDS = 60.0
"""How long a plugin may take to its handshake line, as go-plugin allows."""

SHUTDOWN_SECONDS = 2.0
"""How long it may take to end after Shutdown, before it is killed, as go-plugin allows."""

READ_SECONDS = 1.0
"""How long we read on after its end; a child that it left behind may hold its pipes open."""

LOG_LINES = 200
"""How many of the plugin's last log lines are kept for error messages."""

HANDSHAKE_FIELDS = 5
"""core version, protocol version, network, address, protocol; perhaps a certificate."""


class Client:
    """A running plugin process.

    with Client(["waypoint-plugin-team-k8s"], handshake.WAYPOINT) as plugin:
        plugin.call(services["Platform"], "ConfigStruct", Empty())

    Args:
        command: The binary and its arguments.
        agreed: What host and plugin have agreed on.
        environ: Of the process; os.environ if None. The handshake's variables are added.
        on_stdio: Gets what the component's code prints: ("stdout" or "stderr", bytes).
        on_log: Gets each line that the plugin logs.
    """

    def __init__(
        self,
        command: Sequence[str],
        agreed: hs.Handshake,
        *,
        environ: Mapping[str, str] | None = None,
        on_stdio: Callable[[str, bytes], None] = lambda _, __: None,
        on_log: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._on_stdio, self._on_log = on_stdio, on_log
        own = dict(os.environ if environ is None else environ)
        self._directory = hs.socket_directory(own)
        self._program = command[0]
        self._closed = False
        try:
            self._process = self._spawn(command, agreed, own)
            address = self._shake_hands(agreed)
        except BaseException:
            self.close()
            raise
        self._channel = grpc.insecure_channel(f"unix:{address}", options=CHANNEL_OPTIONS)
        self.broker = Broker(self._directory, make_server)
        self._start_streams()

    @property
    def pid(self) -> int:
        """Of the plugin process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Of the plugin process, None while it runs; negative for a signal."""
        return self._process.poll()

    def _spawn(self, command: Sequence[str], agreed: hs.Handshake, environ: dict[str, str]) -> subprocess.Popen[bytes]:
        binary = shutil.which(command[0], path=environ.get("PATH"))
        if binary is None:
            message = f"there is no program {command[0]} to run as a plugin"
            raise MissingError(message, fix="install it, or name it by its whole path")
        environ |= {
            agreed.cookie_name: agreed.cookie_value,
            "PLUGIN_PROTOCOL_VERSIONS": str(agreed.protocol_version),
            "PLUGIN_MIN_PORT": "10000",
            "PLUGIN_MAX_PORT": "25000",
        }
        process = subprocess.Popen(  # noqa: S603  # running what we are told to is the purpose
            [binary, *command[1:]],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._readers = [threading.Thread(target=self._read_log, args=(process,), name="plugin-log", daemon=True)]
        self._readers[0].start()
        return process

    def _read_log(self, process: subprocess.Popen[bytes]) -> None:
        for line in process.stderr or ():
            text = line.decode(errors="replace").rstrip("\n")
            self.log.append(text)
            self._on_log(text)

    def _shake_hands(self, agreed: hs.Handshake) -> str:
        """Read the handshake line and give the socket's address.

        Raises:
            StateError: There was none in time, or one that we cannot serve.
        """
        out = self._process.stdout
        line = b""
        deadline = time.monotonic() + HANDSHAKE_SECONDS
        while out is not None and not line.endswith(b"\n") and (left := deadline - time.monotonic()) > 0:
            if select.select([out], [], [], left)[0]:
                piece = os.read(out.fileno(), 1)
                if not piece:
                    break
                line += piece
        fields = line.decode(errors="replace").strip().split("|")
        if len(fields) < HANDSHAKE_FIELDS:
            raise self._refusal(
                f"gave no handshake line but {line!r}" if line else "ended or hung before its handshake"
            )
        core, version, network, address, protocol, *_ = fields
        spoken = (core, version, network, protocol)
        wanted = (str(hs.CORE_PROTOCOL_VERSION), str(agreed.protocol_version), "unix", "grpc")
        if spoken != wanted:
            raise self._refusal(f"speaks {'|'.join(spoken)}, not {'|'.join(wanted)}")
        return address

    def _refusal(self, what: str) -> StateError:
        time.sleep(0.05)  # lets the last lines of its log arrive
        last = "\n  ".join(list(self.log)[-5:])
        return StateError(f"plugin {self._program} {what}", why=f"its log ends with: {last}" if last else "")

    def _start_streams(self) -> None:
        broker_service = grpc_broker_pb2.DESCRIPTOR.services_by_name["GRPCBroker"]
        incoming = stub(self._channel, broker_service, "StartStream")(self.broker.outgoing())
        threading.Thread(target=self.broker.receive, args=(incoming,), name="broker", daemon=True).start()
        self._readers.append(threading.Thread(target=self._read_stdio, name="plugin-stdio", daemon=True))
        self._readers[-1].start()

    def _read_stdio(self) -> None:
        from google.protobuf.empty_pb2 import Empty  # noqa: PLC0415  # a host only

        service = grpc_stdio_pb2.DESCRIPTOR.services_by_name["GRPCStdio"]
        names = {grpc_stdio_pb2.StdioData.STDOUT: "stdout", grpc_stdio_pb2.StdioData.STDERR: "stderr"}
        try:
            for chunk in stub(self._channel, service, "StreamStdio")(Empty()):
                self._on_stdio(names.get(chunk.channel, "stderr"), chunk.data)
        except grpc.RpcError:
            return

    def call(
        self,
        service: ServiceDescriptor,
        method: str,
        request: Any,  # a message of any type
        *,
        seconds: float | None = None,
    ) -> Any:
        """Call a method and wait.

        Args:
            service: From a generated module's DESCRIPTOR.
            method: Its name.
            request: Its message.
            seconds: Deadline, or None for none.

        Returns:
            The reply.

        Raises:
            grpc.RpcError: The plugin answered with a status, or died.
        """
        return stub(self._channel, service, method)(request, timeout=seconds)

    def begin(self, service: ServiceDescriptor, method: str, request: Any) -> Any:
        """Call a method without waiting.

        Args:
            service: From a generated module's DESCRIPTOR.
            method: Its name, of a unary method.
            request: Its message.

        Returns:
            A grpc future: `result()`, `cancel()`.
        """
        return stub(self._channel, service, method).future(request)

    def kill(self) -> None:
        """Kill the process without a word, as the kernel or an impatient host would."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Ask the plugin to end, kill it if it does not, and clean up. May be called twice."""
        if self._closed:
            return
        self._closed = True
        process = getattr(self, "_process", None)
        if process is not None:
            self._end(process)
        if hasattr(self, "broker"):
            self.broker.close()
            self._channel.close()
        hs.remove_socket_directory(self._directory)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        service = grpc_controller_pb2.DESCRIPTOR.services_by_name["GRPCController"]
        try:
            if hasattr(self, "_channel") and process.poll() is None:
                self.call(service, "Shutdown", grpc_controller_pb2.Empty(), seconds=SHUTDOWN_SECONDS)
                process.wait(SHUTDOWN_SECONDS)
        except (grpc.RpcError, subprocess.TimeoutExpired):
            pass
        if process.poll() is None:
            process.kill()
            process.wait()
        for reader in self._readers:
            reader.join(READ_SECONDS)  # what it printed last is still on its way
        if process.stdout is not None:
            process.stdout.close()
        if process.stderr is not None and not self._readers[0].is_alive():
            process.stderr.close()

    def __enter__(self) -> Self:
        """Give the client itself; the process runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()
