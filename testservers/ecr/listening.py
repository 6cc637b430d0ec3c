"""What the double's servers share: HTTP/1.1 on loopback, one thread for each connection, whole bodies.

Owns sockets, knows nothing of ECR.
"""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UPSTREAM_SECONDS = 30.0
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "server", "date", "keep-alive"})


@dataclass
class Answer:
    """An answer.

    Args:
        status: Of HTTP.
        body: Whole.
        headers: Without Content-Length, unless it is for HEAD.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A request ends here.

    Args:
        answer: What it gets.
    """

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.status)


class Handler(BaseHTTPRequestHandler):
    """One connection; subclasses say what they answer."""

    protocol_version = "HTTP/1.1"
    timeout = UPSTREAM_SECONDS

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def reply(self, _body: bytes) -> Answer:
        """Answer a request whose body was read."""
        return Answer(501)

    def serve(self) -> None:
        """Read a request, answer it."""
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = self._chunked()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            answer = self.reply(body)
        except RefusedError as err:
            answer = err.answer
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815  # http.server's names

    def _chunked(self) -> bytes:
        pieces = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)


class Server(ThreadingHTTPServer):
    """The server; clients that hang up are no news."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def listening(handler: type[Handler]) -> Iterator[int]:
    """Serve.

    Args:
        handler: Of each connection.

    Yields:
        The port.
    """
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def forward(port: int, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Ask another server of this machine.

    Args:
        port: Of 127.0.0.1.
        method: Of HTTP.
        target: Path and query.
        headers: Of the request; Host goes as it is.
        body: Whole.

    Returns:
        Its answer.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=UPSTREAM_SECONDS)
    try:
        sent = {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}
        connection.request(method, target, body, sent | ({"Content-Length": str(len(body))} if body else {}))
        inner = connection.getresponse()
        read = inner.read()
        kept = {name: value for name, value in inner.headers.items() if name.lower() not in _HOP_BY_HOP}
        if method == "HEAD" and "Content-Length" in inner.headers:
            kept["Content-Length"] = inner.headers["Content-Length"]
        return Answer(inner.status, read, kept)
    finally:
        connection.close()
