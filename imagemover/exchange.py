"""One request and its answer, in pieces; each way in which a connection fails gets its type.

Owns a connection from the request's first byte to the answer's last. The pool
is in `transport`.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from imagemover.errors import ConnectionLostError, ImageError, MissingError, StalledError, TrustError
from imagemover.fields import AnswerError

if TYPE_CHECKING:
    from imagemover.answer import Answer
    from imagemover.connection import Connection
    from imagemover.transport import Transport
    from imagemover.urls import Url

MOST_DRAINED_BYTES = 64 << 10
"""Rest of an answer that is read to keep the connection; a longer rest costs the connection."""


class Response:
    """An answer whose body is read by the caller.

    Args:
        exchange: That it belongs to.
        inner: The same, as it is read.
    """

    def __init__(self, exchange: Exchange, inner: Answer) -> None:
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
                if len(body) <= most_bytes and self._inner.left:
                    raise AnswerError(f"the answer's body ended {self._inner.left} bytes early")
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

    def __init__(self, transport: Transport, connection: Connection, url: Url) -> None:
        self._transport = transport
        self._connection: Connection | None = connection
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
                    inner = connection.answer()
                except (OSError, AnswerError):
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
            return Response(self, self._open().answer())

    def abandon(self) -> None:
        """Close the connection in the middle of whatever it does."""
        if self._connection is not None:
            self._transport.drop(self._connection)
            self._connection = None

    def finish(self, response: Answer) -> None:
        """Give the connection back, if the answer was read to its end or nearly so.

        Args:
            response: The answer.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        reusable = not response.will_close and (response.left or 0) <= MOST_DRAINED_BYTES
        if reusable and response.left != 0:
            try:
                response.read(MOST_DRAINED_BYTES)
                reusable = response.left == 0
            except (OSError, AnswerError):
                reusable = False
        if reusable:
            self._transport.keep(self.url.key, connection)
        else:
            self._transport.drop(connection)

    def _open(self) -> Connection:
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
        if isinstance(error, OSError | AnswerError):
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
    # BlockingIOError is the kernel's word for it, where the kernel watches the time.
    if isinstance(error, TimeoutError | BlockingIOError):
        what = f"{url.host} was silent for {seconds:g} s while {doing}"
        return StalledError(
            what, "the connection stands, and nothing moves", "try again, or look at the network", where
        )
    if (told := getattr(error, "verify_message", None)) is not None:  # SSLCertVerificationError, without loading ssl
        fix = "have the registry's certificate signed by an authority that this machine trusts, or name its CA file"
        return TrustError(f"{url.host} cannot prove who it is", str(told), fix, where)
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME:
        return MissingError(f"{url.host} has no address", str(error), "check the registry's name", where)
    if isinstance(error, socket.gaierror):
        return ConnectionLostError(f"{url.host} has no address", str(error), "check the registry's name", where)
    told = str(error) or type(error).__name__
    return ConnectionLostError(f"the connection to {url.host} broke while {doing}", told[:200], "try again", where)
