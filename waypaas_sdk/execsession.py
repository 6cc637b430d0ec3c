"""A session of `waypoint exec`: what the user types, and what the command prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from waypaas_sdk.arguments import WindowSize
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2
from waypaas_sdk.goplugin.dispatch import stub

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 32 * 1024
"""Output in one message."""


class ExecSession:
    """A session.

    Args:
        channel: Connection to the host's ExecSessionService.
        arguments: Command and its arguments.
        environment: NAME=value each.
        is_tty: The user sits at a terminal.
        terminal: Value for TERM, with a terminal only.
        window: Its size, or None without one.
    """

    def __init__(
        self,
        channel: Any,
        arguments: list[str],
        environment: list[str],
        is_tty: bool,  # noqa: FBT001  # as the wire has it
        terminal: str,
        window: WindowSize | None,
    ) -> None:
        self.arguments = arguments
        self.environment = environment
        self.is_tty = is_tty
        self.terminal = terminal
        self.window = window
        service = streams_pb2.DESCRIPTOR.services_by_name["ExecSessionService"]
        self._send = stub(channel, service, "Output")
        self._receive = stub(channel, service, "Input")
        self._input: Any = None

    def inputs(self) -> Iterator[bytes | WindowSize | None]:
        """Give what the user does, as it comes. To be read by one thread.

        Returns:
            Bytes typed, a new size of the terminal, or None once no more is
            typed; ends when the session does.
        """
        import grpc  # noqa: PLC0415  # loaded already; keeps this module cheap
        from google.protobuf.empty_pb2 import Empty  # noqa: PLC0415

        self._input = self._receive(Empty())
        try:
            for request in self._input:
                which = request.WhichOneof("input")
                if which == "data":
                    yield request.data
                elif which == "window_size":
                    yield WindowSize(request.window_size.height, request.window_size.width)
                else:
                    # Waypoint sends it with the value false, or with nothing set at all.
                    yield None
        except grpc.RpcError:
            return

    def write(self, data: bytes) -> None:
        """Show what the command printed.

        Args:
            data: Any length.
        """
        self._output(data, stderr=False)

    def write_error(self, data: bytes) -> None:
        """Show what the command printed to stderr.

        Args:
            data: Any length.
        """
        self._output(data, stderr=True)

    def _output(self, data: bytes, *, stderr: bool) -> None:
        import grpc  # noqa: PLC0415  # loaded already; keeps this module cheap

        for start in range(0, len(data), CHUNK_BYTES):
            request = streams_pb2.ExecSession.OutputRequest(data=data[start : start + CHUNK_BYTES], stderr=stderr)
            try:
                self._send(request)
            except grpc.RpcError:
                return  # the user is gone; the call's cancellation ends the command

    def close(self) -> None:
        """End the reading of input."""
        if self._input is not None:
            self._input.cancel()
