"""HTTP/1.1 over pooled connections, by threads: what measurement chose (docs/design/0006).

Owns sockets, TLS and time-outs. Knows nothing of registries, credentials or redirects, and
repeats nothing. Which proxy leads to a host is in `proxies`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from imagemover import proxies
from imagemover.connection import Connection
from imagemover.errors import BusyError, DeniedError
from imagemover.exchange import Exchange, Failures
from imagemover.patience import Cancellation

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from imagemover.errors import ImageError
    from imagemover.proxies import Proxy
    from imagemover.urls import Key, Url

USER_AGENT: Final = "waypaas-imagemover/1"
_MOST_IDLE = 64


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
        self._idle: dict[Key, list[Connection]] = {}
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
            complete = {"Host": url.named, "User-Agent": USER_AGENT, **(proxy.headers if proxy else {}), **headers}
            connection.request(method, target, complete, body, announced)
        return exchange

    def _take(self, url: Url) -> Connection:
        while True:
            with self._lock:
                idle = self._idle.get(url.key)
                connection = idle.pop() if idle else None
            if connection is None:
                return self._connect(url)
            if connection.is_quiet:
                return connection
            self.drop(connection)

    def _connect(self, url: Url) -> Connection:
        proxy = self._proxy(url)
        host, port = (proxy.host, proxy.port) if proxy else (url.host, url.port)
        with Failures(self, url, "connecting", None):
            connection = Connection(host, port, self.timeout_seconds)
        try:
            with Failures(self, url, "connecting", None):
                self._begin(connection, url, proxy)
            self.cancellation.watch(connection.sock)
        except BaseException:
            self.drop(connection)
            raise
        return connection

    def _begin(self, connection: Connection, url: Url, proxy: Proxy | None) -> None:
        if url.scheme == "http":
            connection.hurry()
            return
        status = connection.tunnel(url.host, url.port, proxy.headers) if proxy else 200
        if proxy and status != 200:  # noqa: PLR2004  # HTTP's own number
            raise _refused(url, proxy, status)
        connection.secure(self._tls(), url.host)

    def _proxy(self, url: Url) -> Proxy | None:
        if url.key not in self._proxies:
            self._proxies[url.key] = proxies.choose(url)
        return self._proxies[url.key]

    def _tls(self) -> ssl.SSLContext:
        import ssl  # noqa: PLC0415  # half of the time to start, and not needed on loopback

        with self._lock:
            if self._context is None:
                # HTTP/1.1 on purpose: HTTP/2 folds all workers into one connection.
                self._context = ssl.create_default_context(cafile=self._ca_file)
                self._context.set_alpn_protocols(["http/1.1"])
            return self._context

    def keep(self, key: Key, connection: Connection) -> None:
        """Keep a connection for the next request.

        Args:
            key: Of its host.
            connection: Idle.
        """
        with self._lock:
            idle = self._idle.setdefault(key, [])
            if len(idle) < _MOST_IDLE and connection.is_read:
                idle.append(connection)
                return
        self.drop(connection)

    def drop(self, connection: Connection) -> None:
        """Close a connection.

        Args:
            connection: In whatever state.
        """
        self.cancellation.forget(connection.sock)
        connection.close()

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            idle = [connection for kept in self._idle.values() for connection in kept]
            self._idle.clear()
        for connection in idle:
            self.drop(connection)


def _refused(url: Url, proxy: Proxy, status: int) -> ImageError:
    """Give the error of a proxy that leads nowhere; its own name, never its password."""
    what, why = f"the proxy {proxy.host}:{proxy.port} leads not to {url.host}", f"it answered {status}"
    if status >= 500:  # noqa: PLR2004  # HTTP's own number
        return BusyError(None, status, "", what, why, "try again later, or look at the proxy", url.host)
    fix = "put user and password into HTTPS_PROXY, or the host into NO_PROXY"
    return DeniedError(what, why, fix, url.host)
