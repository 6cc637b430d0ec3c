"""Notices a peer that sends, but so little that it may as well be silent.

Owns the reader below an answer. A socket's time-out starts anew with each byte.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import TYPE_CHECKING, Any, cast

from imagemover import fields

if TYPE_CHECKING:
    import socket

    from _typeshed import WriteableBuffer

SLOWEST_BYTES_PER_SECOND = 1024.0
"""A peer that is slower over a whole time-out counts as silent."""


class Watched(io.RawIOBase):
    """What a socket gives, until it gives so little that it may as well be silent.

    Args:
        raw: The socket's own reader.
        window_seconds: How long it may give little.
    """

    def __init__(self, raw: io.RawIOBase, window_seconds: float) -> None:
        self._raw = raw
        self._window_seconds = window_seconds
        self._begun = 0.0
        self._count = 0

    def readable(self) -> bool:
        """Tell that it can be read.

        Returns:
            True.
        """
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read the next bytes.

        Args:
            buffer: Gets them.

        Returns:
            How many; 0 at the end.

        Raises:
            TimeoutError: Too few came in a whole window.
        """
        count = self._raw.readinto(buffer)
        now = time.monotonic()
        if not self._begun:
            self._begun = now  # the wait for the first byte is the socket's own to limit
        self._count += count or 0
        if now - self._begun > self._window_seconds:
            if count and self._count < SLOWEST_BYTES_PER_SECOND * self._window_seconds:
                raise TimeoutError(f"{self._count} bytes in {self._window_seconds:g} s")
            self._begun, self._count = now, 0
        return count

    def close(self) -> None:
        """Close it."""
        self._raw.close()
        super().close()


class _Watching:
    """A socket whose reader is watched, for the standard library's answer to make one of."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _: str) -> io.BufferedReader:
        """Give the reader."""
        raw = cast("io.RawIOBase", self._sock.makefile("rb", buffering=0))
        return io.BufferedReader(Watched(raw, self._sock.gettimeout() or 20.0))


class WatchedResponse(http.client.HTTPResponse):
    """The standard library's answer, read through `Watched`, with a head that is read by `fields`."""

    fields: fields.Fields

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(cast("Any", _Watching(sock)), *args, **more)

    def begin(self) -> None:
        """Read the head.

        Raises:
            http.client.HTTPException: It is none.
        """
        self.version, self.status, self.fields = fields.read(self.fp)
        coding = self.fields.get("transfer-encoding", "").lower()
        if coding not in {"", "chunked"}:
            raise http.client.HTTPException("the answer's body is coded in a way that nobody asked for")
        self.chunked, self.chunk_left = bool(coding), None
        self.length = fields.length(self.fields)
        if self.status in {204, 304} or self._method == "HEAD":  # type: ignore[attr-defined]  # typeshed has it not
            self.length = 0
        kept = self.fields.get("connection", "").lower()
        self.will_close = "close" in kept or (self.version == 10 and "keep-alive" not in kept)  # noqa: PLR2004  # HTTP/1.0
        if not self.chunked and self.length is None:
            self.will_close = True
