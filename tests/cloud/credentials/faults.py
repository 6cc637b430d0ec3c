"""A proxy on loopback that answers in a cloud's stead as often as a test wants: throttling, refusals, silence."""

from __future__ import annotations

import http.client
import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl

STS_ERROR = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>\
<Code>{code}</Code><Message>{code}, says the test</Message></Error><RequestId>req-1</RequestId></ErrorResponse>"""


@dataclass(frozen=True)
class Fault:
    """An answer that is not the cloud's.

    Args:
        status: Of HTTP; 0 cuts the connection.
        body: Of the answer.
        headers: Of the answer.
        delay: Seconds before it.
        match: Part of the path that it is for.
    """

    status: int
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    match: str = ""


def sts(code: str, status: int = 400) -> Fault:
    """Give STS's own way to say an error."""
    return Fault(status, STS_ERROR.format(code=code), {"Content-Type": "text/xml"})


class Proxy:
    """Forwards to a server, but for the faults that wait to be used up.

    Args:
        target: URL of the server.
        tls: For a target by TLS.
        serve: TLS context to serve with; plain HTTP without one.
    """

    def __init__(self, target: str, tls: ssl.SSLContext | None = None, serve: ssl.SSLContext | None = None) -> None:
        self.faults: deque[Fault] = deque()
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self._target = urlsplit(target)
        self._tls = tls
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        if serve is not None:
            self._server.socket = serve.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"{'https' if serve else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop it."""
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, path: str) -> Fault | None:
        with self._lock:
            if self.faults and self.faults[0].match in path:
                return self.faults.popleft()
        return None

    def _forward(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        host, port = self._target.hostname or "", self._target.port
        connection: Any = (
            http.client.HTTPSConnection(host, port, timeout=20, context=self._tls)
            if self._tls
            else http.client.HTTPConnection(host, port, timeout=20)
        )
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                proxy.paths.append(f"{self.command} {self.path}")
                proxy.bodies.append(body)
                fault = proxy._take(self.path)
                self.close_connection = True
                if fault is None:
                    skipped = {"host", "connection", "content-length", "accept-encoding"}
                    headers = {name: value for name, value in self.headers.items() if name.lower() not in skipped}
                    self._answer(*proxy._forward(self.command, self.path, body, headers))
                    return
                proxy._stop.wait(fault.delay)
                if fault.status:
                    self._answer(fault.status, fault.headers, fault.body.encode())

            def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        if name.lower() not in {"content-length", "connection", "transfer-encoding", "date", "server"}:
                            self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body)))
                    self.send_header("Connection", "close")
                    self.end_headers()
                    self.wfile.write(body)
                except OSError:
                    return  # the caller has given up, as the test wants

            do_GET = do_POST = do_DELETE = _any  # noqa: N815  # names that http.server looks for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name that http.server gives it
                del format, args

        return Handler
