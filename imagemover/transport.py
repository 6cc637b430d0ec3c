"""HTTP/1.1 over pooled connections, by threads: what measurement chose (docs/design/0006).

Owns sockets, TLS and time-outs. Knows nothing of registries, credentials or redirects, and
repeats nothing. Which proxy leads to a host is in `proxies`.
"""

from __future__ import annotations

import http.client
import select
import ssl
import threading
from typing import TYPE_CHECKING, Any, Final

from imagemover import proxies
from imagemover.errors import BusyError, CancelledError, DeniedError
from imagemover.exchange import Exchange, Failures
from imagemover.patience import Cancellation
from imagemover.watched import WatchedResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagemover.errors import ImageError
    from imagemover.proxies import Proxy
    from imagemover.urls import Key, Url

USER_AGENT: Final = "waypaas-imagemover/1"
_MOST_IDLE = 64

REFUSED: Final = "Tunnel connection failed: "
"""How the standard library begins what it tells of a proxy's refusal."""


class Transport:
    """The pool.

    Args:
        timeout_seconds: Longest silence, and longest time to connect.
        ca_file: Authorities that are trusted besides nobody; None: those of this machine.
        cancellation: Shuts connections when somebody cancels.
    """

    def __init__(
        self, timeout_seconds: float = 20.0, ca_file: str | None = None, cancellation: Cancellation | None = None
    ) -> None:
        self.timeout_seconds = timeout_seconds
        self.cancellation = cancellation or Cancellation()
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()
        self._idle: dict[Key, list[http.client.HTTPConnection]] = {}
        self._proxies: dict[Key, Proxy | None] = {}

    def send(
        self, method: str, url: Url, headers: Mapping[str, str], body: bytes = b"", *, announced: int | None = None
    ) -> Exchange:
        """Send a request, and do not wait for its answer.

        Args:
            method: Of HTTP.
            url: Where to.
            headers: All but Host, User-Agent and Content-Length.
            body: The whole body, if it is small.
            announced: Length in bytes of a body that the caller writes.

        Returns:
            The exchange.

        Raises:
            StalledError: The peer does not answer.
            TrustError: TLS failed.
            ConnectionLostError: No connection.
        """
        self.cancellation.check()
        connection = self._take(url)
        exchange = Exchange(self, connection, url)
        with exchange.failures("sending"):
            proxy = self._proxy(url) if url.scheme == "http" else None
            target = f"http://{url.authority}{url.target}" if proxy else url.target
            connection.putrequest(method, target, skip_accept_encoding=True)
            connection.putheader("User-Agent", USER_AGENT)
            for name, value in proxy.headers.items() if proxy else ():
                connection.putheader(name, value)
            for name, value in headers.items():
                connection.putheader(name, value)
            length = len(body) if announced is None else announced
            if length or method not in {"GET", "HEAD", "DELETE"}:
                connection.putheader("Content-Length", str(length))
            connection.endheaders(body or None)
        return exchange

    def _take(self, url: Url) -> http.client.HTTPConnection:
        while True:
            with self._lock:
                idle = self._idle.get(url.key)
                connection = idle.pop() if idle else None
            if connection is None:
                return self._connect(url)
            if _is_quiet(connection):
                return connection
            self.drop(connection)

    def _connect(self, url: Url) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        proxy = self._proxy(url)
        host, port = (proxy.host, proxy.port) if proxy else (url.host, url.port)
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(host, port, timeout=self.timeout_seconds, context=self._tls())
            if proxy:
                connection.set_tunnel(url.host, url.port, proxy.headers)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=self.timeout_seconds)
        connection.auto_open = 0
        connection.response_class = WatchedResponse
        with Failures(self, url, "connecting", None):
            try:
                connection.connect()
            except OSError as err:
                if proxy and str(err).startswith(REFUSED):
                    raise _refused(url, proxy, str(err)) from None
                raise
        try:
            self.cancellation.watch(connection.sock)
        except CancelledError:
            self.drop(connection)
            raise
        return connection

    def _proxy(self, url: Url) -> Proxy | None:
        if url.key not in self._proxies:
            self._proxies[url.key] = proxies.choose(url)
        return self._proxies[url.key]

    def _tls(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                # HTTP/1.1 on purpose: HTTP/2 folds all workers into one connection.
                self._context = ssl.create_default_context(cafile=self._ca_file)
                self._context.set_alpn_protocols(["http/1.1"])
            return self._context

    def keep(self, key: Key, connection: http.client.HTTPConnection) -> None:
        """Keep a connection for the next request.

        Args:
            key: Of its host.
            connection: Idle.
        """
        with self._lock:
            idle = self._idle.setdefault(key, [])
            if len(idle) < _MOST_IDLE and connection.sock is not None:
                idle.append(connection)
                return
        self.drop(connection)

    def drop(self, connection: http.client.HTTPConnection) -> None:
        """Close a connection.

        Args:
            connection: In whatever state.
        """
        sock: Any = connection.sock
        if sock is not None:
            self.cancellation.forget(sock)
        connection.close()

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            idle = [connection for kept in self._idle.values() for connection in kept]
            self._idle.clear()
        for connection in idle:
            self.drop(connection)


def _refused(url: Url, proxy: Proxy, told: str) -> ImageError:
    """Give the error of a proxy that leads nowhere; its own name and words, never its password."""
    status, _, words = told.removeprefix(REFUSED).partition(" ")
    shown = "".join(character for character in words[:100] if character.isprintable())
    what, why = f"the proxy {proxy.host}:{proxy.port} leads not to {url.host}", f"it answered {status} {shown}"
    if status.startswith("5"):
        return BusyError(None, int(status), "", what, why, "try again later, or look at the proxy", url.host)
    fix = "put user and password into HTTPS_PROXY, or the host into NO_PROXY"
    return DeniedError(what, why, fix, url.host)


def _is_quiet(connection: http.client.HTTPConnection) -> bool:
    """Tell whether an idle connection has nothing to say: what speaks unasked has hung up."""
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
