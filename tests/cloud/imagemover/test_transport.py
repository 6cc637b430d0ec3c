"""Answers in every form that HTTP/1 has, from a socket that says just that."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from imagemover.errors import ConnectionLostError, TrustError
from imagemover.transport import Transport
from imagemover.urls import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def saying(*answers: bytes) -> Iterator[tuple[Transport, str, list[int]]]:
    """Serve answers, one for each request, on one connection if the client keeps it; count the connections."""
    connections: list[int] = []
    left = list(answers)

    def serve(listener: socket.socket) -> None:
        while left:
            with listener.accept()[0] as client:
                client.settimeout(5)
                connections.append(1)
                while left:
                    heard = b""
                    while b"\r\n\r\n" not in heard:
                        piece = client.recv(65536)
                        if not piece:
                            break
                        heard += piece
                    if not heard:
                        break
                    answer = left.pop(0)
                    client.sendall(answer)
                    if b"close" in answer or b"HTTP/1.0" in answer or b"nonsense" in answer:
                        break

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        transport = Transport(5.0)
        try:
            yield transport, f"http://127.0.0.1:{listener.getsockname()[1]}/", connections
        finally:
            transport.close()
            thread.join(5)


def ask(transport: Transport, url: str, method: str = "GET") -> tuple[int, bytes]:
    """Ask once."""
    response = transport.send(method, parse_url(url), {}).response()
    return response.status, response.read(1000)


LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nbod\r\n1;x=y\r\ny\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 Nothing\r\n\r\n"
INTERIM = b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + LENGTH


@pytest.mark.parametrize("first", [LENGTH, CHUNKED, EMPTY, INTERIM], ids=["length", "chunked", "empty", "interim"])
def test_bodies_with_an_end_keep_the_connection(first: bytes) -> None:
    """A body whose end is told is read to it, and the connection serves the next request."""
    with saying(first, LENGTH) as (transport, url, connections):
        status, body = ask(transport, url)
        assert (status, body) == ((204, b"") if first == EMPTY else (200, b"body"))
        assert ask(transport, url) == (200, b"body")
        assert len(connections) == 1


@pytest.mark.parametrize(
    "first",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\n\r\nbody",
        b"HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\nbody",
    ],
)
def test_bodies_that_end_with_the_connection(first: bytes) -> None:
    """A body that ends with its connection is read to its end, and the next request has another connection."""
    with saying(first, LENGTH) as (transport, url, connections):
        assert ask(transport, url) == (200, b"body")
        assert ask(transport, url) == (200, b"body")
        assert len(connections) == 2


def test_head_has_no_body() -> None:
    """The answer to HEAD has the length of a body that does not come."""
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", LENGTH) as (transport, url, connections):
        assert ask(transport, url, "HEAD") == (200, b"")
        assert ask(transport, url) == (200, b"body")
        assert len(connections) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\nConnection: close\r\n\r\nbody!",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\nbody",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nbody",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n-4\r\nbody\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbo",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbodyx\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nTrailer: x",
    ],
    ids=[
        "no HTTP",
        "two lengths",
        "too short",
        "another coding",
        "no chunks",
        "a sign",
        "cut chunk",
        "long chunk",
        "no end",
    ],
)
def test_nonsense_is_a_lost_connection(answer: bytes) -> None:
    """What is no answer, or one whose body has no sure end, counts as a broken connection: it may be tried again."""
    with saying(answer) as (transport, url, _), pytest.raises(ConnectionLostError):
        ask(transport, url)


def test_bytes_behind_a_body_are_no_answer() -> None:
    """What a server sends behind a body ends the connection; it is never taken for the answer to the next request."""
    with saying(LENGTH + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong", LENGTH) as (transport, url, connections):
        assert ask(transport, url) == (200, b"body")
        assert ask(transport, url) == (200, b"body")
        assert len(connections) == 2


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nX: y", "a\0", "a\u2028b"])
def test_header_that_would_write_another_is_not_sent(value: str) -> None:
    """A header with the end of a line in it, or with what no header can hold, is refused before a byte is sent."""
    with saying(LENGTH) as (transport, url, _):
        with pytest.raises(TrustError, match="control characters") as caught:
            transport.send("GET", parse_url(url), {"Authorization": value})
        assert "y" not in str(caught.value).partition("Authorization")[2]
        assert ask(transport, url) == (200, b"body")


def test_large_body_comes_whole_in_pieces_that_fill_the_buffer() -> None:
    """A body longer than the buffer comes in full pieces, the first of them with what came along with the head."""
    body = bytes(range(256)) * 4096
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with saying(answer) as (transport, url, _):
        response = transport.send("GET", parse_url(url), {}).response()
        pieces, buffer = [], memoryview(bytearray(300_000))
        while count := response.readinto(buffer):
            pieces.append(bytes(buffer[:count]))
        response.close()
    assert b"".join(pieces) == body
    assert [len(piece) for piece in pieces] == [300_000] * 3 + [len(body) - 900_000]


def test_what_came_before_a_break_counts() -> None:
    """Bytes that came before the connection broke are given; the break is told by the next read."""
    body = b"x" * 100_000

    def serve() -> None:
        with listener.accept()[0] as client:
            client.recv(65536)
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + body)
            taken.wait(10)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    taken = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        transport = Transport(5.0)
        url = parse_url(f"http://127.0.0.1:{listener.getsockname()[1]}/")
        response = transport.send("GET", url, {}).response()
        view = memoryview(bytearray(200_000))
        threading.Timer(1.0, taken.set).start()  # by then all that was sent has been taken
        assert response.readinto(view) == len(body)
        assert bytes(view[: len(body)]) == body
        with pytest.raises(ConnectionLostError):
            response.readinto(view)
        thread.join(10)
        transport.close()
