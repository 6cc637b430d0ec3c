"""One connection of HTTP/1.1: a request is written, its answer is read, and so on.

Owns a socket, its time-outs and the form of a request. Who keeps it for the next request is in `transport`.

Source: RFC 9112, 3 and 6; RFC 9110, 9.3.6 (CONNECT).
"""

from __future__ import annotations

import re
import select
import socket
import struct
from typing import TYPE_CHECKING, Any, Final

from imagemover import fields
from imagemover.answer import Answer
from imagemover.errors import TrustError
from imagemover.watched import Watched

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

_ODD: Final = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
"""Such as the end of a line: whoever can put one into a header can write a request of his own."""

_SOON: Final = getattr(socket, "MSG_MORE", 0)


class Connection:
    """A connection.

    Args:
        host: Where to.
        port: Where to.
        timeout_seconds: Longest silence, and longest time to connect.

    Raises:
        OSError: No connection.
    """

    def __init__(self, host: str, port: int, timeout_seconds: float) -> None:
        self._seconds = timeout_seconds
        self._method = ""
        # Of a text, Python makes the bytes by a codec for other alphabets, which takes 5 ms to load.
        address: tuple[Any, int] = (host.encode("ascii" if host.isascii() else "idna"), port)
        self.sock: socket.socket = socket.create_connection(address, timeout_seconds)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._reader = Watched(self.sock, timeout_seconds)
        self._soon = 0

    def tunnel(self, host: str, port: int, headers: Mapping[str, str]) -> int:
        """Ask a proxy to lead on.

        Args:
            host: Where to.
            port: Where to.
            headers: For the proxy.

        Returns:
            The status of its answer; 200: it does.

        Raises:
            AnswerError: It speaks no HTTP.
            OSError: The connection broke.
        """
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.sock.sendall(_head("CONNECT", target, {"Host": target, **headers}))
        return fields.read(self._reader)[1]

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on.

        Args:
            context: What is trusted.
            host: Who must be there.

        Raises:
            OSError: It is somebody else, or the connection broke.
        """
        self.sock = context.wrap_socket(self.sock, server_hostname=host)
        self._reader = Watched(self.sock, self._seconds)

    def hurry(self) -> None:
        """Leave the time-outs to the kernel, which saves a call for each piece; TLS cannot."""
        whole = int(self._seconds)
        limit = struct.pack("@ll", whole, int((self._seconds - whole) * 1e6))
        self.sock.settimeout(None)
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.sock.setsockopt(socket.SOL_SOCKET, option, limit)
        self._soon = _SOON

    @property
    def is_quiet(self) -> bool:
        """Whether an idle connection has nothing to say: what speaks unasked has hung up."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        return not poll.poll(0)

    @property
    def is_read(self) -> bool:
        """Whether all that came was read."""
        return not self._reader.has_early

    def request(self, method: str, target: str, headers: Mapping[str, str], body: bytes, announced: int | None) -> None:
        """Write a request.

        Args:
            method: Of HTTP.
            target: What follows it.
            headers: All of them but Content-Length.
            body: The whole body, if it is small.
            announced: Length in bytes of a body that the caller writes; None: it is `body`.

        Raises:
            TrustError: A header holds what no header can.
            OSError: The connection broke.
        """
        length = len(body) if announced is None else announced
        complete = dict(headers)
        if length or method not in {"GET", "HEAD", "DELETE"}:
            complete["Content-Length"] = str(length)
        head = _head(method, target, complete)
        self._method = method
        if announced:
            self.sock.sendall(head, self._soon)
        else:
            self.sock.sendall(head + body)

    def send(self, piece: bytes | memoryview) -> None:
        """Write a piece of the body.

        Args:
            piece: The bytes.

        Raises:
            OSError: The connection broke.
        """
        self.sock.sendall(piece)

    def answer(self) -> Answer:
        """Wait for the head of the answer.

        Returns:
            The answer.

        Raises:
            AnswerError: It is none.
            OSError: The connection broke.
        """
        self._reader.begin()
        return Answer(self._reader, self._method)

    def close(self) -> None:
        """Close it."""
        self.sock.close()


def _head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    for line in lines:
        if _ODD.search(line):
            name = line.partition(":")[0][:40] if line is not lines[0] else "target"
            raise TrustError("a request is not sent", f"its {name!r} holds control characters", "", "")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
