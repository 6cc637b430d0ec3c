"""The reader of `waypoint logs`: takes lines until it is closed."""

from __future__ import annotations

from dataclasses import dataclass
from queue import Queue
from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import CancelledError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2
from waypaas_sdk.goplugin.dispatch import stub
from waypaas_sdk.plaintext import clean_log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

BATCH_LINES = 100
"""Lines in one message."""

PENDING_BATCHES = 64
"""How far the sender may run ahead of the reader."""

CLOSE_SECONDS = 5.0
"""How long the reader may take for what is pending when we close."""


@dataclass(frozen=True)
class LogLine:
    """One line.

    Args:
        timestamp: When it was written, with time zone.
        text: Without line end.
        partition: Where it comes from, for instance a pod.
    """

    timestamp: datetime
    text: str
    partition: str = ""


class LogViewer:
    """Sends lines to the host.

    Args:
        channel: Connection to the host's LogViewer service.
        starting_at: Lines before it are not wanted; 1970 for all, which is what Waypoint 0.11.4 always says.
        limit: Lines wanted, 0 for all, which is what Waypoint 0.11.4 always says.
    """

    def __init__(self, channel: Any, starting_at: datetime, limit: int) -> None:
        self.starting_at = starting_at
        self.limit = limit
        self._batches: Queue[streams_pb2.Logs.NextBatchResp | None] = Queue(PENDING_BATCHES)
        service = streams_pb2.DESCRIPTOR.services_by_name["LogViewer"]
        self._reader = stub(channel, service, "NextLogBatch").future(self._stream())

    def _stream(self) -> Iterator[streams_pb2.Logs.NextBatchResp]:
        while (batch := self._batches.get()) is not None:
            yield batch

    def send(self, lines: Iterable[LogLine]) -> None:
        """Send lines; waits while the reader is far behind.

        Args:
            lines: In order.

        Raises:
            CancelledError: The reader is gone.
        """
        batch = streams_pb2.Logs.NextBatchResp()
        for line in lines:
            event = batch.events.add(partition=line.partition, contents=clean_log(line.text))
            event.timestamp.FromDatetime(line.timestamp)
            if len(batch.events) >= BATCH_LINES:
                self._put(batch)
                batch = streams_pb2.Logs.NextBatchResp()
        if batch.events:
            self._put(batch)

    def _put(self, batch: streams_pb2.Logs.NextBatchResp | None) -> None:
        from queue import Full  # noqa: PLC0415  # beside Queue

        while not self._reader.done():
            try:
                self._batches.put(batch, timeout=0.2)
            except Full:
                continue
            return
        raise CancelledError("the reader of the logs is gone")

    def close(self) -> None:
        """End the stream and wait until the reader has had every line."""
        import grpc  # noqa: PLC0415  # loaded already; keeps this module cheap

        try:
            self._put(None)
            self._reader.result(CLOSE_SECONDS)
        except (CancelledError, grpc.RpcError, grpc.FutureTimeoutError):
            return  # upstream's reader ends with an error that says EOF
