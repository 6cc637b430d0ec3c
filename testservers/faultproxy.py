"""A proxy for one HTTP server that does not behave: late, slow, cut off, silent, busy, wrong.

    with faultproxy.start(upstream_port) as proxy:
        proxy.add(Fault("GET", "/blobs/", "reset", at=1000, times=2))

Owns loopback sockets. Reads HTTP/1.1 as far as heads and Content-Length, and
counts the body bytes of each blob in each direction. Knows of registries only
that digests stand in their URLs.
"""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

Kind = Literal["status", "reset", "close", "stall", "flip", "drip", "lose-answer", "late-status"]
"""status: answered instead of the server; reset, close, stall, flip, drip: in the body of an answer at byte `at`, or,
with `upload`, of a request (reset, close and stall only); lose-answer: the server has done it, and the client is hung
up on; late-status: the server gets nothing, the request is read to its end, and then `status` is answered."""

PIECE_BYTES = 64 << 10
DIGEST = re.compile(r"(?:sha256|sha512)(?::|%3A)[0-9a-f]{64,128}")
HEAD_BYTES = 64 << 10


@dataclass
class Fault:
    """Something that goes wrong.

    Args:
        method: Of HTTP; a regular expression.
        target: A regular expression, searched in path and query.
        kind: What goes wrong.
        at: Byte of the body at which it does.
        times: How often; then requests pass.
        after: Requests that match and pass before.
        status: For "status" and "late-status".
        retry_after: Value of the header, for the same; empty: none.
        body: For the same.
        upload: Whether the request's body is meant, not the answer's.
    """

    method: str
    target: str
    kind: Kind
    at: int = 0
    times: int = 1
    after: int = 0
    status: int = 503
    retry_after: str = ""
    body: bytes = b""
    upload: bool = False
    hits: int = 0


@dataclass
class Message:
    """One head of HTTP, and what follows.

    Args:
        first: First line.
        fields: Values by name in lower case.
        raw: All of it, as it came.
    """

    first: list[str]
    fields: dict[str, str]
    raw: bytes = field(repr=False)

    @property
    def length(self) -> int:
        """Length of the body as announced."""
        return int(self.fields.get("content-length") or 0)


class _GoneError(Exception):
    """The connection is over."""


class Proxy:
    """A running proxy.

    Args:
        upstream: Port of the server.
        listener: Where clients connect.
    """

    def __init__(self, upstream: int, listener: socket.socket) -> None:
        self.port: int = listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.latency_seconds = 0.0
        self.bytes_per_second = 0.0
        self.requests: Counter[str] = Counter()
        self.log: list[tuple[str, str]] = []
        self.crowds: list[int] = []
        self._inside = 0
        self.received: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.authorizations: list[str] = []
        self.connections = 0
        self._upstream = upstream
        self._listener = listener
        self._faults: list[Fault] = []
        self._sessions: dict[str, str] = {}
        self._lock = threading.Lock()
        self.stopped = threading.Event()
        self._open: set[socket.socket] = set()

    def add(self, *faults: Fault) -> None:
        """Let things go wrong from now on.

        Args:
            faults: The first that fits a request is taken.
        """
        with self._lock:
            self._faults += faults

    def mend(self) -> None:
        """Let nothing go wrong any more, and forget all counts."""
        with self._lock:
            self._faults.clear()
            self.latency_seconds = self.bytes_per_second = 0.0
            for counter in (self.requests, self.received, self.sent):
                counter.clear()
            self.log.clear()
            self.crowds.clear()
            self.authorizations.clear()
            self.connections = 0

    def serve(self) -> None:
        """Accept until `stop`."""
        while not self.stopped.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._connection, args=(client,), daemon=True).start()

    def stop(self) -> None:
        """Close everything."""
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for one in self._open:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def _connection(self, client: socket.socket) -> None:
        server: socket.socket | None = None
        pair: _Pair | None = None
        try:
            if self.latency_seconds:
                time.sleep(2 * self.latency_seconds)  # the handshake
            server = socket.create_connection(("127.0.0.1", self._upstream))
            for one in (client, server):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open |= {client, server}
            pair = _Pair(self, client, server)
            while pair.exchange():
                pass
        except (OSError, _GoneError):
            pass
        finally:
            with self._lock:
                self._open -= {client, server} if server else {client}
            if pair is not None:
                pair.close()
            for each in (client, server):
                if each is not None:
                    each.close()

    def take(self, method: str, target: str) -> Fault | None:
        """Take the fault of a request, if there is one.

        Args:
            method: Of HTTP.
            target: Path and query.

        Returns:
            The fault; it counts as having happened.
        """
        with self._lock:
            for fault in self._faults:
                if re.fullmatch(fault.method, method) and re.search(fault.target, target):
                    fault.hits += 1
                    if fault.after < fault.hits <= fault.after + fault.times:
                        return fault
        return None

    def note(self, request: Message) -> str:
        """Count a request.

        Args:
            request: Its head.

        Returns:
            What its body bytes are counted by: its digest, else its path.
        """
        method, target = request.first[0], request.first[1]
        with self._lock:
            self.requests[method] += 1
            self.log.append((method, target))
            self._inside += 1
            self.crowds.append(self._inside)
            self.authorizations.append(request.fields.get("authorization", ""))
        found = DIGEST.search(target)
        return found[0].replace("%3A", ":") if found else target.partition("?")[0]

    def gone(self) -> None:
        """Count a request as over."""
        with self._lock:
            self._inside -= 1

    def pace(self, count: int) -> None:
        """Sleep as long as some bytes take.

        Args:
            count: How many.
        """
        if self.bytes_per_second:
            time.sleep(count / self.bytes_per_second)


class _Pair:
    """One client's connection and its own to the server."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.from_client = cast("BufferedReader", client.makefile("rb", PIECE_BYTES))
        self.from_server = cast("BufferedReader", server.makefile("rb", PIECE_BYTES))

    def close(self) -> None:
        """Close the readers, which would keep the sockets open."""
        self.from_client.close()
        self.from_server.close()

    def exchange(self) -> bool:
        request = _head(self.from_client)
        if request is None:
            return False
        key = self.proxy.note(request)
        try:
            return self._pass_on(request, key)
        finally:
            self.proxy.gone()

    def _pass_on(self, request: Message, key: str) -> bool:
        method, target = request.first[0], request.first[1]
        fault = self.proxy.take(method, target)
        if self.proxy.latency_seconds:
            time.sleep(self.proxy.latency_seconds)
        if fault is not None and fault.kind in {"status", "late-status"}:
            return self._answer(request, fault, key)
        self.server.sendall(request.raw)
        self._pump(
            self.from_client, self.server, request.length, fault if fault and fault.upload else None, key, up=True
        )
        answer = _head(self.from_server)
        if answer is None:
            return False
        if fault is not None and fault.kind == "lose-answer":
            self._hang_up(reset=True)
        if self.proxy.latency_seconds:
            time.sleep(self.proxy.latency_seconds)
        self.client.sendall(answer.raw)
        length = 0 if method == "HEAD" or answer.first[1] in {"204", "304"} else answer.length
        if "chunked" in answer.fields.get("transfer-encoding", ""):
            self._chunks()
        else:
            self._pump(
                self.from_server, self.client, length, fault if fault and not fault.upload else None, key, up=False
            )
        return "close" not in answer.fields.get("connection", "").lower()

    def _answer(self, request: Message, fault: Fault, key: str) -> bool:
        if fault.kind == "late-status" or not request.length:
            rest = request.length
            while rest:
                piece = self.from_client.read1(min(rest, PIECE_BYTES))
                if not piece:
                    return False
                self.proxy.received[key] += len(piece)
                rest -= len(piece)
        fields = f"Content-Length: {len(fault.body)}\r\n"
        if fault.retry_after:
            fields += f"Retry-After: {fault.retry_after}\r\n"
        body = b"" if request.first[0] == "HEAD" else fault.body
        early = bool(request.length) and fault.kind == "status"
        if early:
            fields += "Connection: close\r\n"
        self.client.sendall(f"HTTP/1.1 {fault.status} Fault\r\n{fields}\r\n".encode() + body)
        if early:
            # Close as servers do: our side first, so that the client can read the answer.
            self.client.shutdown(socket.SHUT_WR)
            self.client.settimeout(1.0)
            with contextlib.suppress(OSError):
                while self.client.recv(PIECE_BYTES):
                    pass
        return not early

    def _pump(
        self, source: BufferedReader, sink: socket.socket, length: int, fault: Fault | None, key: str, *, up: bool
    ) -> None:
        counter = self.proxy.received if up else self.proxy.sent
        done = 0
        while done < length:
            most = min(length - done, PIECE_BYTES)
            if fault is not None and done < fault.at:
                most = min(most, fault.at - done)
            piece = source.read1(most)
            if not piece:
                raise _GoneError
            if fault is not None and done == fault.at:
                piece = self._hurt(fault, piece, sink)
            sink.sendall(piece)
            counter[key] += len(piece)
            done += len(piece)
            self.proxy.pace(len(piece))
        if fault is not None and fault.kind in {"reset", "close", "stall"} and done == fault.at:
            self._hurt(fault, b"", sink)

    def _hurt(self, fault: Fault, piece: bytes, sink: socket.socket) -> bytes:
        if fault.kind == "reset":
            self._hang_up(reset=True)
        if fault.kind == "close":
            self._hang_up(reset=False)
        if fault.kind == "stall":
            self.proxy.stopped.wait(120)
            raise _GoneError
        if fault.kind == "drip":
            for value in piece:
                sink.sendall(bytes([value]))
                if self.proxy.stopped.wait(0.25):
                    raise _GoneError
            return b""
        if fault.kind == "flip":
            return bytes([piece[0] ^ 1]) + piece[1:]
        return piece

    def _hang_up(self, *, reset: bool) -> None:
        if reset:
            self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise _GoneError

    def _chunks(self) -> None:
        while True:
            line = self.from_server.readline(HEAD_BYTES)
            size = int(line.partition(b";")[0], 16)
            self.client.sendall(line + self.from_server.read(size + 2))
            if not size:
                return


def _head(stream: BufferedReader) -> Message | None:
    lines: list[bytes] = []
    while True:
        line = stream.readline(HEAD_BYTES)
        if not line:
            return None
        lines.append(line)
        if line in {b"\r\n", b"\n"}:
            break
    fields = {}
    for text in lines[1:-1]:
        name, _, value = text.decode("latin-1").partition(":")
        fields[name.strip().lower()] = value.strip()
    return Message(lines[0].decode("latin-1").split(), fields, b"".join(lines))


@contextmanager
def start(upstream: int) -> Iterator[Proxy]:
    """Start a proxy.

    Args:
        upstream: Port of the server on loopback.

    Yields:
        The proxy.
    """
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        proxy = Proxy(upstream, listener)
        thread = threading.Thread(target=proxy.serve, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.stop()
            thread.join(5)
