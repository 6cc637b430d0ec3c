"""One request and its answer, in pieces; each way in which a connection fails gets its type.

Owns a connection from the request's first byte to the answer's last. The pool
is in `transport`.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import TYPE_CHECKING, cast

from imagemover.errors import ConnectionLostError, ImageError, MissingError, StalledError, TrustError

if TYPE_CHECKING:
    from imagemover.transport import Transport
    from imagemover.urls import Url
    from imagemover.watched import WatchedResponse

MOST_DRAINED_BYTES = 64 << 10
"""Rest of an answer that is read to keep the connection; a longer rest costs the connection."""


class Response:
    """An answer whose body is read by the caller.

    Args:
        exchange: That it belongs to.
        inner: The same, as it is read.
    """

    def __init__(self, exchange: Exchange, inner: WatchedResponse) -> None:
        self._exchange = exchange
        self._inner = inner
        self.status = inner.status
        self.headers = inner.fields

    @property
    def url(self) -> Url:
        """Where it came from, after all redirects."""
        return self._exchange.url

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes.

        Args:
            view: Gets them.

        Returns:
            How many; 0 at the end, be it the true end or not.

        Raises:
            StalledError: Nothing came for too long.
            ConnectionLostError: The connection broke.
        """
        with self._exchange.failures("reading"):
            return self._inner.readinto(view)

    def read(self, most_bytes: int) -> bytes:
        """Read the whole body, and free the connection.

        Args:
            most_bytes: What is longer is cut off one byte later, for the caller to notice.

        Returns:
            The body.

        Raises:
            ConnectionLostError: The connection broke, or the body ended early.
        """
        try:
            with self._exchange.failures("reading"):
                body = self._inner.read(most_bytes + 1)
                if len(body) <= most_bytes and self._inner.length:
                    raise http.client.IncompleteRead(body)
                return body
        finally:
            self.close()

    def close(self) -> None:
        """Free the connection: for others if little of the body is left, else for nobody."""
        self._exchange.finish(self._inner)


class Exchange:
    """One request on its way: the body is written in pieces, then the answer is asked for.

    Args:
        transport: That it belongs to.
        connection: That it has for itself.
        url: Where to.
    """

    def __init__(self, transport: Transport, connection: http.client.HTTPConnection, url: Url) -> None:
        self._transport = transport
        self._connection: http.client.HTTPConnection | None = connection
        self.url = url
        self.authorization = ""

    def write(self, piece: bytes | memoryview) -> None:
        """Send a piece of the body.

        Args:
            piece: The bytes.

        Raises:
            StalledError: The peer took nothing for too long.
            ConnectionLostError: The connection broke.
        """
        with self.failures("sending"):
            self._open().send(piece)

    def write_or_answer(self, piece: memoryview) -> Response | None:
        """Send a piece of the body; if the connection breaks, look whether the peer had answered before.

        Args:
            piece: The bytes.

        Returns:
            The early answer; None if the piece was sent.

        Raises:
            StalledError: The peer took nothing for too long.
            ConnectionLostError: The connection broke without an answer.
        """
        connection = self._open()
        with self.failures("sending"):
            try:
                connection.send(piece)
            except (BrokenPipeError, ConnectionResetError) as err:
                try:
                    inner = _answer(connection)
                except (OSError, http.client.HTTPException):
                    raise err from None
                inner.will_close = True
                return Response(self, inner)
        return None

    def response(self) -> Response:
        """Wait for the answer's head.

        Returns:
            The answer.

        Raises:
            StalledError: Nothing came for too long.
            ConnectionLostError: The connection broke.
        """
        with self.failures("waiting"):
            return Response(self, _answer(self._open()))

    def abandon(self) -> None:
        """Close the connection in the middle of whatever it does."""
        if self._connection is not None:
            self._transport.drop(self._connection)
            self._connection = None

    def finish(self, response: http.client.HTTPResponse) -> None:
        """Give the connection back, if the answer was read to its end or nearly so.

        Args:
            response: The answer.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        reusable = not response.will_close and (response.length or 0) <= MOST_DRAINED_BYTES
        if reusable and not response.isclosed():
            try:
                response.read(MOST_DRAINED_BYTES)
                reusable = response.isclosed() or response.length == 0
            except (OSError, http.client.HTTPException):
                reusable = False
        response.close()
        if reusable:
            self._transport.keep(self.url.key, connection)
        else:
            self._transport.drop(connection)

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            raise ConnectionLostError(f"the connection to {self.url.host} was closed", "", "", str(self.url))
        return self._connection

    def failures(self, doing: str) -> Failures:
        """Turn what goes wrong inside the block into our errors, and drop the connection then.

        Args:
            doing: "reading", "sending" or "waiting".

        Returns:
            The context.
        """
        return Failures(self._transport, self.url, doing, self)


def _answer(connection: http.client.HTTPConnection) -> WatchedResponse:
    return cast("WatchedResponse", connection.getresponse())  # as `transport` has told the connection


class Failures:
    """Context that types the errors of a connection; a class, as a generator costs more for each piece."""

    __slots__ = ("_doing", "_exchange", "_transport", "_url")

    def __init__(self, transport: Transport, url: Url, doing: str, exchange: Exchange | None) -> None:
        self._transport = transport
        self._url = url
        self._doing = doing
        self._exchange = exchange

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            return
        if self._exchange is not None:
            self._exchange.abandon()
        if isinstance(error, OSError | http.client.HTTPException):
            self._transport.cancellation.check()
            raise typed(error, self._url, self._doing, self._transport.timeout_seconds) from error


def typed(error: Exception, url: Url, doing: str, seconds: float) -> ImageError:
    """Give our error for one of a connection.

    Args:
        error: Of the standard library.
        url: Where to.
        doing: What was being done.
        seconds: The time-out.

    Returns:
        The error.
    """
    where = str(url)
    if isinstance(error, TimeoutError):
        what = f"{url.host} was silent for {seconds:g} s while {doing}"
        return StalledError(
            what, "the connection stands, and nothing moves", "try again, or look at the network", where
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        fix = "have the registry's certificate signed by an authority that this machine trusts, or name its CA file"
        return TrustError(f"{url.host} cannot prove who it is", error.verify_message, fix, where)
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
        return MissingError(f"{url.host} has no address", str(error), "check the registry's name", where)
    if isinstance(error, socket.gaierror):
        return ConnectionLostError(f"{url.host} has no address", str(error), "check the registry's name", where)
    told = str(error) or type(error).__name__
    return ConnectionLostError(f"the connection to {url.host} broke while {doing}", told[:200], "try again", where)
