"""An HTTP proxy on loopback: CONNECT, and absolute URLs; every name leads to one port of this machine.

So a test can call a registry by a name that nobody has, and see that it was reached through the proxy only.
"""

from __future__ import annotations

import http.client
import select
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_BYTES = 64 << 10
HOP_FIELDS = frozenset({"proxy-authorization", "connection", "host", "transfer-encoding"})


@dataclass
class HttpProxy:
    """A running proxy.

    Args:
        target: Port that all names lead to.
        authorization: Value of Proxy-Authorization that it demands; empty: none.
        port: Of 127.0.0.1.
        asked: Method and target of each request that it was asked for.
        leaked: Values of Authorization of CONNECT requests: none should be there.
    """

    target: int
    authorization: str = ""
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: HttpProxy
    timeout = 30

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.forward
        raise AttributeError(name)

    def allowed(self) -> bool:
        self.proxy.asked.append((self.command, self.path))
        if self.headers.get("Proxy-Authorization", "") == self.proxy.authorization:
            return True
        self.send_response(407, "Who are you")
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        return False

    def do_CONNECT(self) -> None:
        self.proxy.leaked += self.headers.get_all("Authorization", [])
        if not self.allowed():
            return
        with socket.create_connection(("127.0.0.1", self.proxy.target)) as server:
            self.send_response(200)
            self.end_headers()
            ends = {self.connection: server, server: self.connection}
            while True:
                for one in select.select(list(ends), [], [], 30)[0]:
                    data = one.recv(PIECE_BYTES)
                    if not data:
                        self.close_connection = True
                        return
                    ends[one].sendall(data)

    def forward(self) -> None:
        if not self.allowed():
            return
        path = "/" + self.path.partition("://")[2].partition("/")[2]
        fields = {name: value for name, value in self.headers.items() if name.lower() not in HOP_FIELDS}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        upstream = http.client.HTTPConnection("127.0.0.1", self.proxy.target, timeout=30)
        try:
            upstream.request(self.command, path, body or None, fields | {"Host": self.headers["Host"]})
            answer = upstream.getresponse()
            data = answer.read()
        finally:
            upstream.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_FIELDS and not (name.lower() == "content-length" and self.command != "HEAD"):
                self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def start(target: int, authorization: str = "") -> Iterator[HttpProxy]:
    """Start a proxy.

    Args:
        target: Port that all names lead to.
        authorization: Value of Proxy-Authorization that it demands; empty: none.

    Yields:
        The proxy.
    """
    proxy = HttpProxy(target, authorization)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"proxy": proxy})) as server:
        server.daemon_threads = True
        proxy.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()
