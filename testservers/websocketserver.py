"""A WebSocket server on loopback, as much of RFC 6455 as tests need. Knows nothing of what is said over it."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
SHORT, LONG = 126, 127
BIG = 1 << 16


class Connection:
    """One open WebSocket, seen from the server.

    Args:
        stream: Of the TCP connection, for reading.
        connection: The same, for writing.
        path: That was asked for.
    """

    def __init__(self, stream: Any, connection: socket.socket, path: str) -> None:
        self.path = path
        self._stream, self._connection = stream, connection
        self._lock = threading.Lock()

    def send(self, payload: bytes, kind: int = BINARY) -> None:
        """Send one frame; from any thread."""
        if len(payload) < SHORT:
            size = bytes([len(payload)])
        elif len(payload) < BIG:
            size = struct.pack(">BH", SHORT, len(payload))
        else:
            size = struct.pack(">BQ", LONG, len(payload))
        with self._lock:
            self._connection.sendall(bytes([0x80 | kind]) + size + payload)

    def receive(self) -> tuple[int, bytes] | None:
        """Receive one frame.

        Returns:
            Its kind and payload; None once the client is gone.
        """
        while True:
            head = self._stream.read(2)
            if len(head) < len(b"xx"):
                return None
            size = head[1] & 0x7F
            if size == SHORT:
                size = struct.unpack(">H", self._stream.read(2))[0]
            elif size == LONG:
                size = struct.unpack(">Q", self._stream.read(8))[0]
            mask = self._stream.read(4) if head[1] & 0x80 else bytes(4)
            data = bytes(byte ^ mask[n % 4] for n, byte in enumerate(self._stream.read(size)))
            kind = head[0] & 0x0F
            if kind == CLOSE:
                return None
            if kind == PING:
                self.send(data, PONG)
            else:
                return kind, data

    def hang_up(self) -> None:
        """Cut the connection without a word."""
        self._connection.shutdown(socket.SHUT_RDWR)


class Server:
    """A running server.

    Args:
        serve: Called with each connection, in a thread of its own; the connection ends when it returns.
    """

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        handler = type("Handler", (_Handler,), {"serve": staticmethod(serve)})
        self._server = _Quiet(("127.0.0.1", 0), handler)
        self.port = int(self._server.server_address[1])
        self.url = f"ws://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up, and are hung up on."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    serve: Callable[[Connection], None]
    """Serves an open connection."""

    def do_GET(self) -> None:
        """Shake hands, then serve."""
        key = self.headers.get("Sec-WebSocket-Key", "").encode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        accept = base64.b64encode(hashlib.sha1(key + MAGIC).digest()).decode()  # noqa: S324  # as the RFC has it
        self.send_header("Sec-WebSocket-Accept", accept)
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        self.serve(Connection(self.rfile, cast("socket.socket", self.connection), self.path))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # as the parent has it
        """Say nothing."""
