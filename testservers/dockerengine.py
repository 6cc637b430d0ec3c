"""A double of Docker's Engine API, as far as images are read from it; no engine can run in every test environment.

Owns a unix socket or a TCP port, with TLS if a test wants it. What it serves are
real archives that other programs have written; as the engine does, it sends them in
chunks. A test can let it hang up, or say nothing.

Source: moby's api/docs, Engine API, `GET /images/{name}/json` and `/images/{name}/get`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import socketserver
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ROUTE = re.compile(r"(?:/v[0-9.]+)?/images/(.+)/(json|get)")
_CHUNK_BYTES = 32 << 10


@dataclass
class DockerEngine:
    """A running double.

    Args:
        address: As DOCKER_HOST has it.
        images: Archive by name, or by ID: 64 hex digits.
        sizes: What it says of an image's size instead of the truth.
        cuts: Bytes of the next archives after which it hangs up, in order.
        is_silent: Whether it says nothing any more.
        requests: What was asked for.
    """

    address: str = ""
    images: dict[str, Path] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    is_silent: bool = False
    requests: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    """Answers requests."""

    protocol_version = "HTTP/1.1"
    engine: DockerEngine

    def do_GET(self) -> None:
        """Answer a GET."""
        engine = self.engine
        engine.requests.append(self.path)
        if engine.is_silent:
            engine.stopped.wait()
            self.close_connection = True
            return
        found = _ROUTE.fullmatch(unquote(self.path))
        name = found[1] if found else ""
        file = engine.images.get(name, engine.images.get(f"{name}:latest"))
        if found is None or file is None:
            self._say(404, {"message": f"No such image: {name or self.path}"})
        elif found[2] == "json":
            self._say(200, {"Id": f"sha256:{_identifier(name)}", "Size": engine.sizes.get(name, file.stat().st_size)})
        else:
            self._send(file)

    def _say(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _send(self, file: Path) -> None:
        left = self.engine.cuts.pop(0) if self.engine.cuts else None
        self.send_response(200)
        self.send_header("Content-Type", "application/x-tar")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with file.open("rb") as handle:
            while data := handle.read(_CHUNK_BYTES):
                if left is not None and len(data) > left:
                    self.close_connection = True
                    return
                left = None if left is None else left - len(data)
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: Any) -> None:
        """Be quiet."""


class _Unix(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        """Give a connection, with an address as HTTP's handler wants it."""
        connection, _ = super().get_request()
        return connection, ("local", 0)

    def handle_error(self, *_: Any) -> None:
        """Be quiet: clients hang up on purpose."""


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Be quiet: clients hang up on purpose."""


def _identifier(name: str) -> str:
    """Give an image's ID: its name if that is one."""
    return name if re.fullmatch("[0-9a-f]{64}", name) else hashlib.sha256(name.encode()).hexdigest()


@contextmanager
def start(socket: Path | None = None, tls: tuple[Path, Path, Path] | None = None) -> Iterator[DockerEngine]:
    """Start a double.

    Args:
        socket: Path of the unix socket; None: a port of 127.0.0.1.
        tls: Files of certificate and key, and of the authorities of clients; None: without TLS.

    Yields:
        The engine.
    """
    engine = DockerEngine()
    handler = type("Handler", (_Handler,), {"engine": engine})
    server: Any = _Unix(str(socket), handler) if socket is not None else _Tcp(("127.0.0.1", 0), handler)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls[0], tls[1])
        context.load_verify_locations(tls[2])
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
    engine.address = f"unix://{socket}" if socket is not None else f"tcp://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        engine.stopped.set()
        server.shutdown()
        thread.join()
        with contextlib.suppress(OSError):
            server.server_close()
