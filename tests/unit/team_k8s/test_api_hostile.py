"""An API server, or what stands in its place, that answers badly: asked over a real socket."""

from __future__ import annotations

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
