"""Reads one blob, every byte verified, in one stream or by ranges.

Owns what is done when a read breaks: it goes on by Range, or starts anew where
the source knows no ranges. Memory: one buffer for each thread, besides what `ranges` holds.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from imagemover import digests
from imagemover.errors import CancelledError, ConnectionLostError, ContentError, DeadlineError, ImageError
from imagemover.ranges import Pace, RangeSource

if TYPE_CHECKING:
    from collections.abc import Generator

    from imagemover.manifests import Descriptor
    from imagemover.patience import Patience
    from imagemover.places import Source, Stream
    from imagemover.ranges import Ranges

_BUFFERS = threading.local()


class Reader:
    """One blob at its source.

    Args:
        source: Where it is read.
        blob: The blob.
        patience: Of the copy.
        ranges: Of the copy.
    """

    def __init__(self, source: Source, blob: Descriptor, patience: Patience, ranges: Ranges) -> None:
        self._source = source
        self._blob = blob
        self._patience = patience
        self._ranges = ranges
        self._verifier = digests.Verifier(blob.digest, blob.size)
        self._early: Stream | ImageError | None = None
        self._offset = 0

    def start_anew(self) -> None:
        """Forget what was read: it was wrong."""
        self._verifier = digests.Verifier(self._blob.digest, self._blob.size)

    def set_out(self) -> None:
        """Ask for the blob before anybody wants its first byte; what goes wrong is told when it is read."""
        if not self._blob.size or self._ranges.pays(self._source, self._blob.size):
            return
        try:
            self._early = self._source.open_blob(self._blob)
        except ImageError as err:
            self._early = err

    def close(self) -> None:
        """Give up what set out."""
        early, self._early = self._early, None
        if early is not None and not isinstance(early, ImageError):
            early.close()

    def pieces(self, start: int) -> Generator[memoryview]:
        """Give the blob's bytes from an offset on.

        Args:
            start: At most as far as was read before.

        Yields:
            The pieces; each is good until the next.

        Raises:
            ContentError: They are not those of the blob; the last piece was not given.
            ImageError: They cannot be had.
        """
        if self._blob.size == 0:
            digests.verify(b"", self._blob.digest, self._source.name)
        self._offset = start
        if start:
            self.close()
        while self._offset < self._blob.size:
            if self._early is None and self._ranges.pays(self._source, self._blob.size - self._offset):
                yield from self._by_ranges()
            else:
                yield from self._in_one_stream()

    def _by_ranges(self) -> Generator[memoryview]:
        source = self._source
        if not isinstance(source, RangeSource):
            return
        try:
            with contextlib.closing(self._ranges.pieces(source, self._blob, self._offset)) as pieces:
                for piece in pieces:
                    self._verifier.update(self._offset, piece, source.name)
                    self._patience.check()
                    yield piece
                    self._offset += len(piece)
        except (ContentError, CancelledError, DeadlineError):
            raise
        except ImageError:
            # One stream goes on from here, and tells what is wrong if it is more than ranges.
            self._ranges.refuse(source)

    def _in_one_stream(self) -> Generator[memoryview]:
        """Give the rest; end early where ranges are quicker."""
        tries, pace, buffer = 0, Pace(), _buffer(self._ranges.buffer_bytes)
        stream: Stream | None = None
        try:
            while self._offset < self._blob.size:
                try:
                    stream = stream or self._opened()
                    view = buffer[: min(len(buffer), self._blob.size - self._offset)]
                    begun = time.monotonic()
                    count = stream.readinto(view)
                    pace.waited(time.monotonic() - begun)
                    if count == 0:
                        what = f"{self._blob.digest} ended after {self._offset} of {self._blob.size} bytes"
                        why = "the registry or the network cut it off"
                        raise ConnectionLostError(what, why, "try again", self._source.name)
                    self._verifier.update(self._offset, view[:count], self._source.name)
                except ImageError as err:
                    if stream is not None:
                        stream.close()
                        stream = None
                    tries += 1
                    self._patience.pause(err, tries, self._source.gate)
                    continue
                self._patience.check()
                yield view[:count]
                self._offset += count
                tries = 0
                if self._ranges.pays(self._source, self._blob.size - self._offset, pace):
                    return
        finally:
            if stream is not None:
                stream.close()

    def _opened(self) -> Stream:
        early, self._early = self._early, None
        if isinstance(early, ImageError):
            raise early
        if early is not None:
            return early
        self._patience.enter(self._source.gate)
        return self._source.open_blob(self._blob, self._offset)


def _buffer(size: int) -> memoryview:
    view: memoryview | None = getattr(_BUFFERS, "view", None)
    if view is None or len(view) != size:
        view = _BUFFERS.view = memoryview(bytearray(size))
    return view
