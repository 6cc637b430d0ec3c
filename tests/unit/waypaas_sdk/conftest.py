"""Real grpc servers on unix sockets for the streams of a host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from waypaas_sdk.goplugin import handshake
from waypaas_sdk.goplugin.server import make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[[grpc.GenericRpcHandler], tuple[grpc.Server, grpc.Channel]]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give the function that serves a handler and connects to it."""
    opened: list[tuple[grpc.Server, grpc.Channel]] = []
    directory = handshake.socket_directory({})

    def start(handler: grpc.GenericRpcHandler) -> tuple[grpc.Server, grpc.Channel]:
        address = f"unix:{directory}/{len(opened)}"
        server = make_server([handler])
        server.add_insecure_port(address)
        server.start()
        opened.append((server, grpc.insecure_channel(address)))
        return opened[-1]

    yield start
    for server, channel in opened:
        channel.close()
        server.stop(None).wait()
    handshake.remove_socket_directory(directory)
