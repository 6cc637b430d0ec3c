"""The sender of log lines against a real server of LogViewer."""

from __future__ import annotations

import itertools
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from google.protobuf.empty_pb2 import Empty

from waypaas_sdk import logviewer
from waypaas_sdk.errors import CancelledError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2
from waypaas_sdk.goplugin.dispatch import handler
from waypaas_sdk.logviewer import LogLine, LogViewer
from waypaas_sdk.testing.streams import RecordingLogViewer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    import grpc

    Serve = Callable[[grpc.GenericRpcHandler], tuple[grpc.Server, grpc.Channel]]

SERVICE = streams_pb2.DESCRIPTOR.services_by_name["LogViewer"]
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
NOON = datetime(2024, 5, 1, 12, 0, 0, 250000, tzinfo=UTC)


def lines(count: int) -> Iterator[LogLine]:
    """Give lines with numbers."""
    return (LogLine(NOON, f"line {index}", "pod-1") for index in range(count))


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 10_000])
def test_no_line_is_lost(count: int, serve: Serve) -> None:
    """Every line has arrived, in order, when close returns, however many fit into a message."""
    recording = RecordingLogViewer()
    viewer = LogViewer(serve(recording.handler())[1], BEGIN, 0)
    viewer.send(lines(count))
    viewer.close()
    assert recording.lines == [f"line {index}" for index in range(count)]


def test_a_line_keeps_its_time_and_place(serve: Serve) -> None:
    """Time, partition and text of a line arrive unchanged."""
    recording = RecordingLogViewer()
    viewer = LogViewer(serve(recording.handler())[1], BEGIN, 0)
    viewer.send([LogLine(NOON, "größe=ü\x1b[0m", "pod-1")])
    viewer.close()
    [event] = recording.events
    assert (event.timestamp.ToDatetime(UTC), event.partition, event.contents) == (NOON, "pod-1", "größe=ü\x1b[0m")


def test_a_reader_that_leaves_ends_the_sending(serve: Serve) -> None:
    """When the reader is gone, a sender that would go on for ever is stopped, and close does not hang."""
    got = threading.Event()

    def leave(batches: Iterator[Any], _: grpc.ServicerContext) -> Empty:
        next(batches)
        got.set()
        return Empty()

    viewer = LogViewer(serve(handler(SERVICE, {"NextLogBatch": leave}))[1], BEGIN, 0)
    with pytest.raises(CancelledError, match="reader of the logs is gone"):
        viewer.send(LogLine(NOON, "again") for _ in itertools.count())
    assert got.is_set()
    viewer.close()


def test_a_slow_reader_holds_the_sender_back(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender does not run ahead of its reader without bound, and nothing is lost by waiting."""
    monkeypatch.setattr(logviewer, "PENDING_BATCHES", 4)
    go, seen = threading.Event(), [0]

    def read(batches: Iterator[Any], _: grpc.ServicerContext) -> Empty:
        go.wait()
        for batch in batches:
            seen[0] += len(batch.events)
        return Empty()

    viewer = LogViewer(serve(handler(SERVICE, {"NextLogBatch": read}))[1], BEGIN, 0)
    sender = threading.Thread(target=viewer.send, args=([LogLine(NOON, "x" * 4000)] * 10_000,))
    sender.start()
    sender.join(1)  # 40 MB: far more than fits into the connection's own window
    held_back = sender.is_alive()
    go.set()
    sender.join(30)
    viewer.close()
    assert held_back
    assert seen[0] == 10_000


def test_a_reader_that_hangs(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that never ends delays close by a bounded time only."""
    monkeypatch.setattr(logviewer, "CLOSE_SECONDS", 0.2)
    over = threading.Event()

    def hang(_: Iterator[Any], __: grpc.ServicerContext) -> Empty:
        over.wait()
        return Empty()

    viewer = LogViewer(serve(handler(SERVICE, {"NextLogBatch": hang}))[1], BEGIN, 0)
    viewer.send(lines(1))
    begun = time.monotonic()
    viewer.close()
    over.set()
    assert time.monotonic() - begun < 5
