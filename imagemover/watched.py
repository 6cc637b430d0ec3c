"""Reads a socket, and notices a peer that sends so little that it may as well be silent.

Owns the bytes that came before they were wanted. A socket's time-out starts anew with each byte, so the reader counts.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import socket

SLOWEST_BYTES_PER_SECOND: Final = 1024.0
"""A peer that is slower over a whole time-out counts as silent."""

_EARLY_BYTES: Final = 8 << 10
"""Read at a time where lines are read; what is more than the lines waits here."""


class Watched:
    """What a socket gives, until it gives so little that it may as well be silent.

    Args:
        sock: Connected, with a time-out of its own.
        window_seconds: How long it may give little.
    """

    def __init__(self, sock: socket.socket, window_seconds: float) -> None:
        self._sock = sock
        self._window_seconds = window_seconds
        self._early = b""
        self._broken: OSError | None = None
        self._begun = 0.0
        self._count = 0

    @property
    def has_early(self) -> bool:
        """Whether bytes came that nobody wanted yet."""
        return bool(self._early)

    def begin(self) -> None:
        """Start to count anew: another answer is awaited."""
        self._begun = 0.0
        self._count = 0

    def readline(self, most_bytes: int) -> bytes:
        """Read a line.

        Args:
            most_bytes: A longer one is cut off there.

        Returns:
            The line with its end; without one if it was cut off, or if nothing more comes.

        Raises:
            TimeoutError: Too little came in a whole window.
        """
        while (end := self._early.find(b"\n") + 1) == 0 and len(self._early) < most_bytes:
            piece = self._sock.recv(_EARLY_BYTES)
            self._counted(len(piece))
            if not piece:
                break
            self._early += piece
        end = min(end or len(self._early), most_bytes)
        line, self._early = self._early[:end], self._early[end:]
        return line

    def readinto(self, view: memoryview) -> int:
        """Read the next bytes, as many as fit unless no more come.

        Args:
            view: Gets them.

        Returns:
            How many; fewer than fit at the end, and before an error that the next call raises.

        Raises:
            TimeoutError: Too little came in a whole window.
            OSError: The connection broke.
        """
        done = min(len(view), len(self._early))
        if done:
            view[:done] = self._early[:done]
            self._early = self._early[done:]
        while done < len(view):
            try:
                if self._broken is not None:
                    raise self._broken
                count = self._sock.recv_into(view[done:])
                self._counted(count)
            except OSError as err:
                if not done:
                    raise
                self._broken = err  # what came before it counts
                break
            if not count:
                break
            done += count
        return done

    def _counted(self, count: int) -> None:
        now = time.monotonic()
        if not self._begun:
            self._begun = now  # the wait for the first byte is the socket's own to limit
        self._count += count
        if now - self._begun > self._window_seconds:
            if count and self._count < SLOWEST_BYTES_PER_SECOND * self._window_seconds:
                raise TimeoutError(f"{self._count} bytes in {self._window_seconds:g} s")
            self._begun, self._count = now, 0
