"""The host's streams, recording: the terminal, a reader of logs, an exec session."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty

from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, streams_pb2
from waypaas_sdk.goplugin.dispatch import handler

if TYPE_CHECKING:
    from collections.abc import Iterator

    import grpc

FORMAT = re.compile(r"%[-+# 0]*[0-9.]*(.?)", re.DOTALL)

SERVICES = streams_pb2.DESCRIPTOR.services_by_name


@dataclass
class RecordedStep:
    """A step of a step group.

    Args:
        message: The latest.
        status: The latest.
        output: All bytes shown below it.
        done: It has ended.
        messages: All, in order.
    """

    message: str = ""
    status: str = ""
    output: bytes = b""
    done: bool = False
    messages: list[str] = field(default_factory=list)


def formatted(text: str) -> str:
    """Take a text for a format without arguments, as Go's fmt.Sprintf does.

    Args:
        text: The format.

    Returns:
        The text, in which a lone % tells what is missing.
    """

    def verb(found: re.Match[str]) -> str:
        return "%" if found[1] == "%" else f"%!{found[1]}(MISSING)" if found[1] else "%!(NOVERB)"

    return FORMAT.sub(verb, text)


class RecordingUI:
    """A terminal that remembers what a person would have read: lines and steps are formats for Waypoint, once or twice.

    Args:
        interactive: What it says of itself.
        answers: To questions, in order; an empty text when there are no more.
        local: It is that of the command line's own runner; another one takes texts for formats once more.
    """

    def __init__(self, *, interactive: bool = False, answers: tuple[str, ...] = (), local: bool = True) -> None:
        self._local = local
        self.events: list[streams_pb2.TerminalUI.Event] = []
        self.steps: dict[tuple[int, int], RecordedStep] = {}
        self.ended = threading.Event()
        self._interactive = interactive
        self._answers = list(answers)

    @property
    def lines(self) -> list[str]:
        """Lines of output, without their style."""
        return [event.line.msg for event in self.events if event.HasField("line")]

    @property
    def text(self) -> str:
        """Everything that a person would have read, in order of appearance."""
        parts: list[str] = []
        for event in self.events:
            if event.HasField("line"):
                parts.append(event.line.msg)
            elif event.HasField("status"):
                parts.append(event.status.msg)
            elif event.HasField("step"):
                parts.extend(filter(None, (event.step.msg, event.step.output.decode(errors="replace"))))
            elif event.HasField("raw"):
                parts.append(event.raw.data.decode(errors="replace"))
            elif event.HasField("named_values"):
                parts.extend(f"{value.name}: {value.value}" for value in event.named_values.values)
        return "\n".join(parts)

    def handler(self) -> grpc.GenericRpcHandler:
        """Give what the broker serves."""
        return handler(
            SERVICES["TerminalUIService"],
            {"Output": self._output, "Events": self._events, "IsInteractive": self._is_interactive},
        )

    def _output(self, request: Any, _: grpc.ServicerContext) -> Empty:  # by descriptor
        for line in request.lines:
            self._record(streams_pb2.TerminalUI.Event(line=streams_pb2.TerminalUI.Event.Line(msg=line)))
        return Empty()

    def _is_interactive(self, _: Any, __: grpc.ServicerContext) -> Any:  # by descriptor
        return streams_pb2.TerminalUI.IsInteractiveResponse(interactive=self._interactive)

    def _events(self, events: Iterator[Any], _: grpc.ServicerContext) -> Iterator[Any]:
        for event in events:
            self._record(event)
            if event.HasField("input"):
                answer = self._answers.pop(0) if self._answers else ""
                reply = streams_pb2.TerminalUI.Event.InputResp(input=answer)
                yield streams_pb2.TerminalUI.Response(input=reply)
        self.ended.set()

    def _record(self, event: Any) -> None:  # a nested generated class
        for shown in (event.line, event.step):
            if shown.msg:
                shown.msg = formatted(shown.msg if self._local else formatted(shown.msg))
        self.events.append(event)
        if not event.HasField("step"):
            return
        step = self.steps.setdefault((event.step.step_group, event.step.id), RecordedStep())
        if event.step.msg:
            step.message = event.step.msg
            step.messages.append(event.step.msg)
        step.status = event.step.status or step.status
        step.output += event.step.output
        step.done = step.done or event.step.close


class RecordingLogViewer:
    """A reader of logs that remembers."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self._arrived = threading.Condition()

    @property
    def lines(self) -> list[str]:
        """Text of every line, in order."""
        return [event.contents for event in self.events]

    def wait_for(self, text: str, seconds: float) -> bool:
        """Wait for a line.

        Args:
            text: Part of it.
            seconds: At most.

        Returns:
            Whether it came.
        """
        with self._arrived:
            return self._arrived.wait_for(lambda: any(text in line for line in self.lines), seconds)

    def handler(self) -> grpc.GenericRpcHandler:
        """Give what the broker serves."""
        return handler(SERVICES["LogViewer"], {"NextLogBatch": self._batches})

    def _batches(self, batches: Iterator[Any], _: grpc.ServicerContext) -> Empty:
        for batch in batches:
            with self._arrived:
                self.events.extend(batch.events)
                self._arrived.notify_all()
        return Empty()


class ScriptedExecSession:
    """An exec session whose input a test writes and whose output it reads."""

    def __init__(self) -> None:
        self.stdout = b""
        self.stderr = b""
        self._inputs: SimpleQueue[Any] = SimpleQueue()

    def type(self, data: bytes) -> None:
        """Send input."""
        self._inputs.put(streams_pb2.ExecSession.InputRequest(data=data))

    def resize(self, height: int, width: int) -> None:
        """Send a new size of the terminal, in rows and columns."""
        size = arguments_pb2.WindowSize(height=height, width=width)
        self._inputs.put(streams_pb2.ExecSession.InputRequest(window_size=size))

    def close_input(self) -> None:
        """Say that no more input comes; with the value false, as Waypoint does."""
        self._inputs.put(streams_pb2.ExecSession.InputRequest(input_closed=False))

    def handler(self) -> grpc.GenericRpcHandler:
        """Give what the broker serves."""
        return handler(SERVICES["ExecSessionService"], {"Output": self._output, "Input": self._input})

    def _output(self, request: Any, _: grpc.ServicerContext) -> Empty:  # by descriptor
        if request.stderr:
            self.stderr += request.data
        else:
            self.stdout += request.data
        return Empty()

    def _input(self, _: Any, context: grpc.ServicerContext) -> Iterator[Any]:  # by descriptor
        context.add_callback(lambda: self._inputs.put(None))
        while (item := self._inputs.get()) is not None:
            yield item
