"""What the component's code prints reaches the host.

After the handshake, file descriptor 1 and `sys.stderr` lead into pipes whose
content the host reads by GRPCStdio. File descriptor 2 stays as it is: the host
reads the log there.
"""

from __future__ import annotations

import io
import os
import select
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING

from waypaas_sdk.gen.goplugin import grpc_stdio_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

KEPT_BYTES = 1 << 20
"""What is kept while the host does not read; older output is dropped, printing never blocks."""

DRAIN_TRIES = 200
"""Milliseconds that `close` gives to the thread that empties the pipes."""


class Stdio:
    """Takes over stdout and stderr; `chunks` gives what was written."""

    def __init__(self) -> None:
        self._chunks: deque[grpc_stdio_pb2.StdioData] = deque()
        self._kept = 0
        self._open = True
        self._changed = threading.Condition()
        self._readable = select.poll()

    def take_over(self) -> None:
        """Redirect stdout and stderr of this process. Not undone: the process ends with it."""
        out_read, out_write = os.pipe()
        err_read, err_write = os.pipe()
        sys.stdout.flush()
        os.dup2(out_write, 1)
        os.close(out_write)
        sys.stderr = io.TextIOWrapper(os.fdopen(err_write, "wb", 0), errors="backslashreplace", write_through=True)
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a TextIOWrapper in a plugin process
        channels = {out_read: grpc_stdio_pb2.StdioData.STDOUT, err_read: grpc_stdio_pb2.StdioData.STDERR}
        for descriptor in channels:
            self._readable.register(descriptor, select.POLLIN)
        threading.Thread(target=self._drain, args=(channels,), name="stdio", daemon=True).start()

    def _drain(self, channels: dict[int, grpc_stdio_pb2.StdioData.Channel]) -> None:
        poll = select.poll()
        for descriptor in channels:
            poll.register(descriptor, select.POLLIN)
        while channels:
            for descriptor, _ in poll.poll():
                with self._changed:  # what is in the pipe no more is among the chunks, for whoever looks at both
                    data = os.read(descriptor, 1 << 16)
                    if data:
                        self._keep(grpc_stdio_pb2.StdioData(channel=channels[descriptor], data=data))
                if not data:
                    poll.unregister(descriptor)
                    del channels[descriptor]

    def _keep(self, chunk: grpc_stdio_pb2.StdioData) -> None:
        self._chunks.append(chunk)
        self._kept += len(chunk.data)
        while self._kept > KEPT_BYTES:
            self._kept -= len(self._chunks.popleft().data)
        self._changed.notify()

    def chunks(self) -> Iterator[grpc_stdio_pb2.StdioData]:
        """Give the output as it comes, until `close`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._chunks or not self._open)
                if not self._chunks:
                    return
                chunk = self._chunks.popleft()
                self._kept -= len(chunk.data)
            yield chunk

    def close(self) -> None:
        """Let `chunks` end when it has given all that was printed before this call."""
        sys.stdout.flush()
        for _ in range(DRAIN_TRIES):
            with self._changed:
                if not self._readable.poll(0):
                    break
            threading.Event().wait(0.001)
        with self._changed:
            self._open = False
            self._changed.notify_all()
