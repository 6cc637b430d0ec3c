"""Reads one large blob by ranges over several connections, in order, into a window of bounded memory.

Owns when that pays, how much of the window each blob may fill, and the pieces on their way.
It pays where one connection to the source is slower than the upload, and where fewer blobs are
left than connections are free. What a piece holds is verified by who reads the stream.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from imagemover.errors import CancelledError, ConnectionLostError, ImageError
from imagemover.places import Source
from imagemover.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Generator

    from imagemover.manifests import Descriptor
    from imagemover.patience import Patience
    from imagemover.places import Stream
    from imagemover.workers import Task

PIECE_BYTES: Final = 1 << 20
"""Smaller ones cost registries more than they bring: Debian's reads 4 MiB of its storage for each request."""

WINDOW_BYTES: Final = 24 << 20
"""Of all blobs of a copy together."""

LEAST_BYTES: Final = 4 << 20
"""A shorter rest is read as it is."""

LEAST_DEPTH: Final = 4
"""Fewer pieces at a time are no quicker than one stream: each costs a round trip."""

NEAR_BUFFER_BYTES: Final = 512 << 10
"""Of each stream where few are read at a time: half of the calls that half as much would cost."""

BUFFER_BYTES: Final = 256 << 10
"""Of each stream where many are."""

WINDOW_SECONDS: Final = 0.2
WAITED_PART: Final = 0.7
"""A stream that spends more of a window on waiting for the source is slower than the upload."""


@runtime_checkable
class RangeSource(Source, Protocol):
    """A source that can be read in the middle."""

    def open_range(self, blob: Descriptor, begin: int, end: int, /) -> Stream:
        """Open the bytes of a blob from `begin` to before `end`."""


class Pace:
    """How one stream spends its time."""

    def __init__(self) -> None:
        self.is_slow = False
        self._begun = time.monotonic()
        self._waited = 0.0
        self._windows = 0

    def waited(self, seconds: float) -> None:
        """Count a wait for the source; from time to time, judge by it.

        Args:
            seconds: How long.
        """
        self._waited += seconds
        spent = time.monotonic() - self._begun
        if spent >= WINDOW_SECONDS:
            # In the first window the kernel takes what is uploaded faster than the network does.
            self.is_slow = self._windows > 0 and self._waited > WAITED_PART * spent
            self._windows += 1
            self._begun += spent
            self._waited = 0.0


class Ranges:
    """What all blobs of one copy share.

    Args:
        patience: Of the copy.
        wanted: Whether ranges are read at all.
    """

    def __init__(self, patience: Patience, *, wanted: bool = True) -> None:
        self._patience = patience
        self.buffer_bytes = NEAR_BUFFER_BYTES
        """Of each stream that is begun from now on."""
        self._wanted = wanted
        self._lock = threading.Lock()
        self._left = 0
        self._pool: Workers | None = None
        self._spare: list[bytearray] = []
        self._slow: set[str] = set()
        self._refused: set[str] = set()

    def expect(self, count: int) -> None:
        """Say how many blobs are to be moved.

        Args:
            count: All of them.
        """
        self._left = count

    def finished(self) -> None:
        """Say that one of them is through, or given up."""
        with self._lock:
            self._left -= 1

    def depth(self, source: Source) -> int:
        """Tell how many pieces of one blob may be on their way.

        Args:
            source: Where it is read.

        Returns:
            The number; 0 where it must be read in one stream.
        """
        if not self._wanted or source.place in self._refused or not isinstance(source, RangeSource):
            return 0
        return min(WINDOW_BYTES // PIECE_BYTES, source.gate.width) // max(1, self._left)

    def pays(self, source: Source, rest: int, pace: Pace | None = None) -> bool:
        """Tell whether to read the rest of a blob by ranges.

        Args:
            source: Where it is read.
            rest: Bytes that are left of it.
            pace: Of its stream so far; None before it has begun: then what was seen of other blobs counts.

        Returns:
            Whether it pays.
        """
        slow = pace.is_slow if pace is not None else source.place in self._slow
        if not slow or rest < LEAST_BYTES or self.depth(source) < LEAST_DEPTH:
            return False
        self._slow.add(source.place)
        return True

    def refuse(self, source: Source) -> None:
        """Note that a source cannot be read by ranges after all.

        Args:
            source: The source.
        """
        self._refused.add(source.place)

    def pieces(self, source: RangeSource, blob: Descriptor, start: int) -> Generator[memoryview]:
        """Give the bytes of a blob from an offset on, in order.

        Args:
            source: Where it is read.
            blob: The blob.
            start: First byte.

        Yields:
            The pieces; each is good until the next.

        Raises:
            ImageError: A piece cannot be had; those before it were given.
        """
        under_way: deque[tuple[int, Task[bytearray]]] = deque()
        stopped = threading.Event()
        after = start
        try:
            while after < blob.size or under_way:
                depth = max(1, self.depth(source))
                while after < blob.size and len(under_way) < depth:
                    length = min(PIECE_BYTES, blob.size - after)
                    under_way.append((length, self._submit(source, blob, after, length, stopped)))
                    after += length
                length, future = under_way.popleft()
                piece = future.result()
                yield memoryview(piece)[:length]
                self._spare.append(piece)
        finally:
            stopped.set()

    def _submit(
        self, source: RangeSource, blob: Descriptor, begin: int, length: int, stopped: threading.Event
    ) -> Task[bytearray]:
        with self._lock:
            if self._pool is None:
                self._pool = Workers(WINDOW_BYTES // PIECE_BYTES, "imagemover-range")
        return self._pool.submit(self._fetch, source, blob, begin, length, stopped)

    def _fetch(
        self, source: RangeSource, blob: Descriptor, begin: int, length: int, stopped: threading.Event
    ) -> bytearray:
        """Read one piece; what breaks goes on where it broke."""
        gate = source.gate
        try:
            piece = self._spare.pop()
        except IndexError:
            piece = bytearray(PIECE_BYTES)
        view = memoryview(piece)[:length]
        got = tries = 0
        while got < length:
            try:
                _go_on(stopped)
                self._patience.enter(gate)
                stream = source.open_range(blob, begin + got, begin + length)
                try:
                    while got < length:
                        _go_on(stopped)
                        count = stream.readinto(view[got:])
                        if count == 0:
                            what = f"{blob.digest} ended after {begin + got} of {blob.size} bytes"
                            raise ConnectionLostError(what, "the registry or the network cut it off", "try again", "")
                        got += count
                        tries = 0
                finally:
                    stream.close()
            except CancelledError:
                raise
            except ImageError as err:
                tries += 1
                self._patience.pause(err, tries, gate)
        return piece

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.close()


def _go_on(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise CancelledError("the read is not wanted any more", "", "", "")
