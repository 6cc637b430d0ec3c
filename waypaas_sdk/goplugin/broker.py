"""The broker: further connections between host and plugin, in either direction.

Whoever listens announces the address of an id on the one stream that the host
opened; whoever dials waits for the announcement of that id. The same class
serves both sides: the plugin answers StartStream, the host calls it.
"""

from __future__ import annotations

import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.goplugin import grpc_broker_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import grpc

DIAL_SECONDS = 5.0
"""How long a dial waits for the announcement, as go-plugin does."""


class Broker:
    """Listens for the other side and dials it, by id.

    Args:
        directory: For the sockets; the caller made it, only the user may enter it.
        make_server: Gives a grpc server for handlers, not yet started.
    """

    def __init__(self, directory: str, make_server: Callable[[Sequence[grpc.GenericRpcHandler]], grpc.Server]) -> None:
        self._directory = directory
        self._make_server = make_server
        self._outgoing: SimpleQueue[grpc_broker_pb2.ConnInfo | None] = SimpleQueue()
        self._announced: dict[int, grpc_broker_pb2.ConnInfo] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._next_id = 0
        self._servers: list[grpc.Server] = []

    def outgoing(self) -> Iterator[grpc_broker_pb2.ConnInfo]:
        """Give our announcements for the stream, until the broker is closed."""
        while (info := self._outgoing.get()) is not None:
            yield info

    def receive(self, incoming: Iterable[grpc_broker_pb2.ConnInfo]) -> None:
        """Take the other side's announcements until its stream ends. Blocks.

        Args:
            incoming: The stream; an error of it ends the reading, no more.
        """
        try:
            for info in incoming:
                with self._changed:
                    self._announced[info.service_id] = info
                    self._changed.notify_all()
        except Exception:  # noqa: BLE001  # grpc raises its own on a broken stream; the process watches its host elsewhere
            return

    def dial(self, service_id: int, seconds: float = DIAL_SECONDS) -> grpc.Channel:
        """Connect to what the other side serves under an id.

        Args:
            service_id: As the other side told it in a call.
            seconds: How long to wait for the announcement.

        Returns:
            A channel; the caller closes it.

        Raises:
            StateError: Nothing was announced in time, or an address that is not a unix socket.
        """
        import grpc  # noqa: PLC0415  # loaded already where a broker runs; keeps this module cheap

        with self._changed:
            self._changed.wait_for(lambda: service_id in self._announced or self._closed, seconds)
            info = self._announced.pop(service_id, None)
        if info is None:
            raise StateError(f"the other side announced no connection {service_id} within {seconds:g} s")
        if info.network != "unix":
            message = (
                f"connection {service_id} is announced on {info.network} {info.address}; only unix sockets are used"
            )
            raise StateError(message)
        return grpc.insecure_channel(f"unix:{info.address}", options=CHANNEL_OPTIONS)

    def accept(self, handlers: Sequence[grpc.GenericRpcHandler]) -> int:
        """Serve handlers on a connection of its own.

        Args:
            handlers: What to serve.

        Returns:
            The id to tell the other side.
        """
        with self._changed:
            self._next_id += 1
            service_id = self._next_id
        path = os.path.join(self._directory, f"{service_id:x}")
        server = self._make_server(handlers)
        server.add_insecure_port(f"unix:{path}")
        server.start()
        self._servers.append(server)
        self._outgoing.put(grpc_broker_pb2.ConnInfo(service_id=service_id, network="unix", address=path))
        return service_id

    def close(self) -> None:
        """End the streams, wake the waiting, stop what `accept` serves."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._outgoing.put(None)
        for server in self._servers:
            server.stop(None)


CHANNEL_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.default_authority", "localhost"),
    ("grpc.use_local_subchannel_pool", 1),
]
"""go-plugin puts no limit on messages; a proxy has no business on a unix socket; and a
Go server refuses the percent-encoded socket path that grpc would send as authority."""
