"""Notices a peer that sends, but so little that it may as well be silent.

Owns the reader below an answer. A socket's time-out starts anew with each byte.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import TYPE_CHECKING, Any, cast

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


class WatchedResponse(http.client.HTTPResponse):
    """The standard library's answer, read through `Watched`."""

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        self.fp.close()
        raw = cast("io.RawIOBase", sock.makefile("rb", buffering=0))
        self.fp = io.BufferedReader(Watched(raw, sock.gettimeout() or 20.0))
