"""Lets another plugin write to our terminal: what it shows comes in order with what we show.

Its step groups get numbers of their own, and what it leaves open is closed.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty

from waypaas_sdk.errors import PluginError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2
from waypaas_sdk.goplugin.dispatch import handler

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc

    from waypaas_sdk.terminal import TerminalUI

GROUPS = 1 << 12
"""More groups of steps than a plugin opens on one terminal."""

_SHARES = itertools.count(1)
FAILED_PRECONDITION = 9
"""Number of the gRPC code for an answer that cannot be had."""

Event = streams_pb2.TerminalUI.Event


def relay(ui: TerminalUI) -> grpc.GenericRpcHandler:
    """Serve a terminal to another plugin.

    Args:
        ui: Ours.

    Returns:
        What the broker serves.
    """

    def output(request: Any, _: grpc.ServicerContext) -> Empty:  # by descriptor
        for line in request.lines:
            ui.output(line)
        return Empty()

    def interactive(_: Any, __: grpc.ServicerContext) -> Any:  # by descriptor
        return streams_pb2.TerminalUI.IsInteractiveResponse(interactive=ui.interactive)

    def events(sent: Iterator[Any], _: grpc.ServicerContext) -> Iterator[Any]:  # by descriptor
        return _Stream(ui).run(sent)

    service = streams_pb2.DESCRIPTOR.services_by_name["TerminalUIService"]
    return handler(service, {"Output": output, "IsInteractive": interactive, "Events": events})


class _Stream:
    """One stream of events, from its first to its last."""

    def __init__(self, ui: TerminalUI) -> None:
        self._ui = ui
        self._first_group = next(_SHARES) * GROUPS
        self._steps: set[tuple[int, int]] = set()
        self._groups: set[int] = set()
        self._status = False

    def run(self, sent: Iterator[Any]) -> Iterator[Any]:
        try:
            for event in sent:
                if event.HasField("input"):
                    yield streams_pb2.TerminalUI.Response(input=self._asked(event.input))
                else:
                    self._show(event)
        finally:
            self._close()

    def _asked(self, wanted: Any) -> Any:
        reply = streams_pb2.TerminalUI.Event.InputResp()
        try:
            reply.input = self._ui.input(wanted.prompt, secret=wanted.secret, style=wanted.style)
        except PluginError as error:
            reply.error.code, reply.error.message = FAILED_PRECONDITION, str(error)
        return reply

    def _show(self, event: Any) -> None:
        if event.HasField("step_group"):
            event.step_group.id += self._first_group
            (self._groups.discard if event.step_group.close else self._groups.add)(event.step_group.id)
        elif event.HasField("step"):
            event.step.step_group += self._first_group
            step = (event.step.step_group, event.step.id)
            (self._steps.discard if event.step.close else self._steps.add)(step)
        elif event.HasField("status"):
            self._status = bool(event.status.msg or event.status.step)
        self._ui.send(event)

    def _close(self) -> None:
        """Close what is open: the host waits for every step, and a plugin may have died in the middle of one."""
        for group, step in sorted(self._steps):
            self._ui.send(Event(step=Event.Step(step_group=group, id=step, status="abort", close=True)))
        for group in sorted(self._groups):
            self._ui.send(Event(step_group=Event.StepGroup(id=group, close=True)))
        if self._status:
            self._ui.send(Event(status=Event.Status()))
