"""An API server, or what stands in its place, that answers badly: asked over a real socket."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest
import yaml

from team_k8s import api
from team_k8s.kubeconfig import Access
from waypaas_sdk.errors import CloudBusyError, CloudError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Serve = Callable[[bytes], api.Api]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give the function that starts a server with one answer for every request, and gives an Api of it."""
    servers: list[socket.socket] = []

    def start(answer: bytes) -> api.Api:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def run() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        threading.Thread(target=run, daemon=True).start()
        return api.Api(Access(f"http://127.0.0.1:{server.getsockname()[1]}", "x"), patience=1.0)

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def answer(status: str, body: bytes, *headers: str) -> bytes:
    """Write an answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.mark.parametrize("body", [b"<html>", b"[" * 200_000, b"[]", b"\xff"])
def test_what_is_no_answer_of_kubernetes(serve: Serve, body: bytes) -> None:
    """A page, garbage or a bomb instead of an object is an error that says what to check."""
    with pytest.raises(CloudError, match="not from a Kubernetes API server"):
        serve(answer("200 OK", body)).request("GET", "/x")


@pytest.mark.parametrize("after", ["99999", "²", "-1", "x"])
def test_how_long_to_stay_away_is_bounded(serve: Serve, after: str) -> None:
    """However long a busy server asks us to stay away, we give up when our patience ends."""
    begun = time.monotonic()
    busy = answer("429 Busy", json.dumps({"message": "later"}).encode(), f"Retry-After: {after}")
    with pytest.raises(CloudBusyError, match="later"):
        serve(busy).request("GET", "/x")
    assert time.monotonic() - begun < 10


def test_an_endless_line_is_bounded(serve: Serve) -> None:
    """A line of a watch that never ends is an error, not all of our memory."""
    endless = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (api.MOST_LINE_BYTES + 1)
    with pytest.raises(CloudError, match="sent a line of over 8 MiB"):
        list(serve(endless).stream("/x", {}, 5.0, "watch /x"))


def test_text_is_yaml_and_json() -> None:
    """A body is the same object whether it is read as JSON or as YAML, whatever characters it holds."""
    body = {"text": "".join(map(chr, (*range(0x20, 0x2100), 0xFEFF, 0xFFFE, 0xFFFF, 0x1F600)))}
    written = api.encoded(body)
    assert json.loads(written) == body
    assert yaml.safe_load(written) == body


def test_the_connection_is_kept() -> None:
    """Requests go over one connection, one after the other, as long as the server keeps it."""
    connections: list[int] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            connections.append(self.client_address[1])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    told: list[str] = []
    asked = api.Api(Access(f"http://127.0.0.1:{server.server_port}", "x"), notify=told.append)
    for _ in range(4):
        asked.request("GET", "/x")
    asked.close()
    server.shutdown()
    server.server_close()
    assert len(connections) == 4
    assert len(set(connections)) == 1
    assert told == []
