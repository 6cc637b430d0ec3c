"""Moves one blob: one read, any number of destinations, every byte verified before the last one leaves.

Owns what is done when an upload breaks: it goes on where the registry says, and
starts anew where nothing was kept. A byte that was flipped is healed by one more
read. How a blob is read is in `reading`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from imagemover.errors import ConnectionLostError, ContentError, ImageError, MissingError, RegistryError
from imagemover.ranges import Ranges
from imagemover.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imagemover.manifests import Descriptor
    from imagemover.patience import Patience
    from imagemover.places import Destination, Pending, Session, Source

MOST_RESTARTS = 3
"""Sessions that a registry may lose or spoil for one blob, besides broken connections."""

PROGRESS_BYTES = 1 << 20
"""An upload that came this far since the last failure starts counting tries anew."""


class Sink:
    """One destination of the blob, and how far it is.

    Args:
        destination: Where it goes.
    """

    def __init__(self, destination: Destination) -> None:
        self.destination = destination
        self.session: Session | None = None
        """That is written to; None before there is one."""
        self.done = False
        """Whether the destination has the blob."""
        self.mounted = False
        """Whether it had it without being sent."""
        self.error: ImageError | None = None
        """What went wrong last."""
        self.bytes_sent = 0
        """Body bytes that left for it, repeats included."""
        self.tries = 0
        """Failures."""
        self.resumed_at = 0
        """Where the last try began."""


class Transfer:
    """One blob on its way.

    Args:
        source: Where it is read.
        blob: The blob.
        patience: Of the copy.
        on_bytes: Called with the count of each piece that was written to a destination.
        ranges: Of the copy; None: the blob is read in one stream.
    """

    def __init__(
        self,
        source: Source,
        blob: Descriptor,
        patience: Patience,
        on_bytes: Callable[[int], None] | None = None,
        ranges: Ranges | None = None,
    ) -> None:
        self._blob = blob
        self._patience = patience
        self._on_bytes = on_bytes
        self._reader = Reader(source, blob, patience, ranges or Ranges(patience, wanted=False))
        self._reread = False

    def run(self, destinations: Sequence[Destination], mount_from: str = "") -> list[Sink]:
        """Move the blob.

        Args:
            destinations: Where to.
            mount_from: Repository that each destination's registry may take it from; empty if none.

        Returns:
            What became of each; a failure is told there, not raised.
        """
        sinks = [Sink(destination) for destination in destinations]
        live = self._opened(sinks, mount_from)
        self._write(live)
        if live and all(isinstance(sink.error, ContentError) for sink in live):
            # Read once more, for all of them together.
            self._read_anew(live[0].error)
            for sink in live:
                self._forget(sink)
                sink.error = None
                sink.tries += 1
            self._write(self._opened(live, ""))
        for sink in sinks:
            try:
                self._insist(sink)
            except ImageError as err:
                sink.error = err
                if sink.session is not None:
                    sink.session.abandon()
        return sinks

    def _opened(self, sinks: Sequence[Sink], mount_from: str) -> list[Sink]:
        """Open the sessions, all asked for before any is waited for; give the sinks that want bytes."""
        pending: list[tuple[Sink, Pending]] = []
        for sink in sinks:
            try:
                pending.append((sink, sink.destination.begin(self._blob, mount_from)))
            except ImageError as err:
                sink.error = err
        if pending and not mount_from:
            # While the sessions are on their way, the read sets out too.
            self._reader.set_out()
        live = []
        for sink, asked in pending:
            try:
                sink.session = asked.open()
                if sink.session is not None and mount_from and sink.destination.has(self._blob):
                    # Nobody has asked before, as a mount would have told.
                    self._forget(sink)
            except ImageError as err:
                sink.error = err
                continue
            if sink.session is None:
                sink.done = sink.mounted = True
            else:
                live.append(sink)
        return live

    def _write(self, sinks: Sequence[Sink]) -> None:
        """Write from the sinks' common offset to the end, and commit; failures stay with the sinks."""
        live = list(sinks)
        if not live:
            self._reader.close()
            return
        start = live[0].session.offset if live[0].session else 0
        try:
            with contextlib.closing(self._reader.pieces(start)) as pieces:
                for piece in pieces:
                    live = [sink for sink in live if self._gave(sink, piece)]
                    if not live:
                        return
        except ImageError as err:
            for sink in live:
                sink.error = err
            return
        for sink in live:
            try:
                if sink.session is not None:
                    sink.session.commit()
                    sink.done = True
            except ImageError as err:
                sink.error = err

    def _gave(self, sink: Sink, piece: memoryview) -> bool:
        session = sink.session
        if session is None:
            return False
        try:
            session.write(piece)
        except ImageError as err:
            sink.error = err
            return False
        sink.bytes_sent += len(piece)
        if self._on_bytes is not None:
            self._on_bytes(len(piece))
        return True

    def _insist(self, sink: Sink) -> None:
        """Repeat what failed for one sink until it is done or there is no use."""
        fruitless = restarts = 0
        while not sink.done:
            error = sink.error or ConnectionLostError("the upload did not begin", "", "", sink.destination.name)
            sink.error = None
            sink.tries += 1
            if isinstance(error, ContentError):
                if self._reread:
                    raise error
                self._read_anew(error)
                self._forget(sink)
            elif _is_session_lost(error) and restarts < MOST_RESTARTS and sink.session is not None:
                restarts += 1
                self._forget(sink)
            else:
                came_far = sink.session is not None and sink.session.offset - sink.resumed_at >= PROGRESS_BYTES
                fruitless = 1 if came_far else fruitless + 1
                self._patience.pause(error, fruitless, sink.destination.gate)
            try:
                self._again(sink)
            except ImageError as err:
                sink.error = err

    def _read_anew(self, error: ImageError | None) -> None:
        self._reread = True
        self._reader.start_anew()
        if error is not None:
            self._patience.tell(error, 0.0)

    def _again(self, sink: Sink) -> None:
        if sink.destination.has(self._blob):
            sink.done = True  # the answer was lost, or another copy was faster
            self._forget(sink)
            return
        if sink.session is not None and not sink.session.resume():
            self._forget(sink)
        if sink.session is None:
            sink.session = sink.destination.begin(self._blob).open()
        if sink.session is None:
            sink.done = sink.mounted = True
            return
        sink.resumed_at = sink.session.offset
        self._write([sink])

    def _forget(self, sink: Sink) -> None:
        session, sink.session = sink.session, None
        if session is not None:
            session.cancel()


def _is_session_lost(error: ImageError) -> bool:
    """Tell whether a registry refuses a session, rather than the blob."""
    return isinstance(error, MissingError) or (
        isinstance(error, RegistryError) and not error.again and error.status in {400, 404, 409, 416}
    )
