"""A plugin process from handshake to end: serve until the host is done with us.

It ends when the host calls Shutdown, on SIGTERM, and when the host is gone. In
each case running calls are cancelled first and get time to undo what they made.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc

from waypaas_sdk import standby, startup
from waypaas_sdk.gen.goplugin import grpc_broker_pb2, grpc_controller_pb2, grpc_stdio_pb2
from waypaas_sdk.goplugin import dispatch
from waypaas_sdk.goplugin import handshake as hs
from waypaas_sdk.goplugin.broker import CHANNEL_OPTIONS, Broker
from waypaas_sdk.goplugin.dispatch import handler
from waypaas_sdk.goplugin.health import HealthHandler
from waypaas_sdk.goplugin.stdio import Stdio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from waypaas_sdk.call import Call

PARENT_CHECK_SECONDS = 0.5
"""How often to look whether the host still lives."""

UNDO_SECONDS = 120.0
"""How long cancelled calls may take to undo, before the process ends anyway."""

MAX_THREADS = 64
"""Each running call, stream and log line has a thread; they are made when needed."""


class Stop:
    """An event that a signal handler may set: it takes no lock, so it cannot deadlock."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()

    def set(self) -> None:
        """End the wait."""
        os.write(self._write, b"x")

    def wait(self, seconds: float) -> bool:
        """Wait for `set`.

        Args:
            seconds: At most.

        Returns:
            Whether it was set.
        """
        readable, _, _ = select.select([self._read], [], [], seconds)
        return bool(readable)


class RunningCalls:
    """The calls that run now, so that they can be cancelled together."""

    def __init__(self) -> None:
        self._calls: set[Call] = set()
        self._changed = threading.Condition()

    def begin(self, call: Call) -> None:
        """Note that a call runs."""
        with self._changed:
            self._calls.add(call)

    def end(self, call: Call) -> None:
        """Note that a call is over."""
        with self._changed:
            self._calls.discard(call)
            self._changed.notify_all()

    def cancel(self) -> None:
        """Cancel all that run."""
        with self._changed:
            running = list(self._calls)
        for call in running:
            call.cancel()

    def wait(self, seconds: float) -> bool:
        """Wait until none runs.

        Args:
            seconds: At most.

        Returns:
            Whether none runs.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._calls, seconds)


def make_server(handlers: Sequence[grpc.GenericRpcHandler]) -> grpc.Server:
    """Make a grpc server as go-plugin's peers expect it: no limit on messages.

    Args:
        handlers: What it serves.

    Returns:
        A server without address, not started.
    """
    options = [*CHANNEL_OPTIONS, ("grpc.so_reuseport", 0)]
    return grpc.server(ThreadPoolExecutor(MAX_THREADS), handlers=list(handlers), options=options)


def warm() -> None:
    """Make what `serve` would make, as far as it is the same in every process."""
    for module in (grpc_broker_pb2, grpc_controller_pb2, grpc_stdio_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            dispatch.warm(service)


def serve(
    agreed: hs.Handshake,
    services: Callable[[Broker, RunningCalls], Sequence[grpc.GenericRpcHandler]],
    report: Callable[[str], None],
) -> int:
    """Serve until the host has no more use for us, then clean up.

    Args:
        agreed: What host and plugin have agreed on.
        services: Makes the application's handlers.
        report: Writes one line of log, for what happens outside of calls.

    Returns:
        Exit code.

    Raises:
        StateError: The environment is not that of a plugin host, or no socket can be made.
    """
    parent = os.getppid()
    environ = dict(os.environ)
    hs.check_environment(agreed, environ)
    directory = hs.socket_directory(environ)
    stop = Stop()
    try:
        broker, stdio, running = Broker(directory, make_server), Stdio(), RunningCalls()
        _handle_signals(stop, running, report)
        server = make_server([*_plugin_services(broker, stdio, stop), *services(broker, running)])
        path = os.path.join(directory, "0")
        server.add_insecure_port(f"unix:{path}")
        server.start()
        startup.shaking_hands()
        sys.stdout.write(hs.handshake_line(agreed, path) + "\n")
        sys.stdout.flush()
        stdio.take_over()
        standby.prepare()
        while not stop.wait(PARENT_CHECK_SECONDS):
            if os.getppid() != parent:
                report("the host is gone; cancelling what runs and ending")
                break
        running.cancel()
        if not running.wait(UNDO_SECONDS):
            report(f"calls did not end within {UNDO_SECONDS:g} s of being cancelled; ending without them")
        stdio.close()
        broker.close()
        server.stop(0.1).wait(0.2)
    finally:
        hs.remove_socket_directory(directory)
    return 0


def _plugin_services(broker: Broker, stdio: Stdio, stop: Stop) -> list[grpc.GenericRpcHandler]:
    def start_stream(
        incoming: Iterator[grpc_broker_pb2.ConnInfo], _: grpc.ServicerContext
    ) -> Iterator[grpc_broker_pb2.ConnInfo]:
        threading.Thread(target=broker.receive, args=(incoming,), name="broker", daemon=True).start()
        return broker.outgoing()

    def stream_stdio(_: Any, __: grpc.ServicerContext) -> Iterator[grpc_stdio_pb2.StdioData]:
        return stdio.chunks()

    def shutdown(_: Any, __: grpc.ServicerContext) -> grpc_controller_pb2.Empty:
        stop.set()
        return grpc_controller_pb2.Empty()

    broker_service = grpc_broker_pb2.DESCRIPTOR.services_by_name["GRPCBroker"]
    stdio_service = grpc_stdio_pb2.DESCRIPTOR.services_by_name["GRPCStdio"]
    controller_service = grpc_controller_pb2.DESCRIPTOR.services_by_name["GRPCController"]
    return [
        handler(broker_service, {"StartStream": start_stream}),
        handler(stdio_service, {"StreamStdio": stream_stdio}),
        handler(controller_service, {"Shutdown": shutdown}),
        HealthHandler(),
    ]


def _handle_signals(stop: Stop, running: RunningCalls, report: Callable[[str], None]) -> None:
    """Let SIGTERM end the process, and SIGINT cancel its calls.

    SIGINT reaches the whole terminal, so the host has it too and decides about
    the process; we only begin to undo at once.
    """

    def on_terminate(_: int, __: object) -> None:
        stop.set()

    def on_interrupt(_: int, __: object) -> None:
        report("interrupted; cancelling what runs")
        threading.Thread(target=running.cancel, name="interrupt", daemon=True).start()

    signal.signal(signal.SIGTERM, on_terminate)
    signal.signal(signal.SIGINT, on_interrupt)
