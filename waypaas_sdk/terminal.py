"""The user's terminal, over the host.

Output is queued and sent in order; nothing here waits for the host except
`input` and `close`. When the host is gone, further output is dropped.
"""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from waypaas_sdk.errors import StateError
from waypaas_sdk.gen.hashicorp.waypoint.sdk import streams_pb2
from waypaas_sdk.goplugin.dispatch import stub
from waypaas_sdk.plaintext import clean, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

STYLES = frozenset({"", "header", "error", "error-bold", "warning", "warning-bold", "info", "success", "success-bold"})
"""Styles of a line of output."""

CLOSE_SECONDS = 5.0
"""How long the host may take to show what is pending."""

PROGRESS_SECONDS = 0.2
"""Between two updates of a progress on a terminal."""

PLAIN_PROGRESS_SECONDS = 10.0
"""Between two lines of a progress where nobody watches."""

Event = streams_pb2.TerminalUI.Event


class TerminalUI:
    """What a component shows to the user. Thread-safe.

    Args:
        channel: Connection to the host's TerminalUIService.
        local: The job runs in the command line itself, as JobInfo tells.
    """

    def __init__(self, channel: Any, *, local: bool = True) -> None:
        self.local = local
        service = streams_pb2.DESCRIPTOR.services_by_name["TerminalUIService"]
        self._open_events = stub(channel, service, "Events")
        self._ask_interactive = stub(channel, service, "IsInteractive")
        self._events: SimpleQueue[streams_pb2.TerminalUI.Event | None] = SimpleQueue()
        self._responses: Any = None
        self._interactive: bool | None = None
        self._lock = threading.Lock()
        self._asking = threading.Lock()
        self._groups = 0
        self._closed = False

    @property
    def interactive(self) -> bool:
        """Whether somebody sits there who can answer."""
        if self._interactive is None:
            import grpc  # noqa: PLC0415  # loaded already; keeps this module cheap
            from google.protobuf.empty_pb2 import Empty  # noqa: PLC0415

            try:
                self._interactive = self._ask_interactive(Empty(), timeout=CLOSE_SECONDS).interactive
            except grpc.RpcError:
                self._interactive = False
        return self._interactive

    def output(self, text: str, style: str = "") -> None:
        """Show lines of text.

        Args:
            text: One or several lines.
            style: One of STYLES.

        Raises:
            ValueError: There is no such style.
        """
        if style not in STYLES:
            raise ValueError(f"there is no style {style!r}; there are: {', '.join(sorted(STYLES - {''}))}")
        self.send(Event(line=Event.Line(msg=told(text, local=self.local), style=style)))

    def named_values(self, values: Sequence[tuple[str, object]]) -> None:
        """Show names with their values, aligned.

        Args:
            values: Pairs in order.
        """
        shown = [Event.NamedValue(name=clean(name), value=clean(str(value))) for name, value in values]
        self.send(Event(named_values=Event.NamedValues(values=shown)))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Show a table.

        Sent as lines: Waypoint 0.11.4 loses the rows of the wire's own table.

        Args:
            headers: One text per column.
            rows: As many cells each.
        """
        for index, line in enumerate(table_lines(headers, rows)):
            self.output(line, "header" if index == 0 else "")

    def raw(self, data: bytes, *, stderr: bool = False) -> None:
        """Write bytes to the terminal as they are, for instance a child's output.

        Args:
            data: Any length.
            stderr: To that stream.
        """
        self.send(Event(raw=Event.Raw(data=data, stderr=stderr)))

    def status(self) -> StatusLine:
        """Open one live line of status; use it as a context manager."""
        return StatusLine(self.send)

    def step_group(self) -> StepGroup:
        """Open a group of steps, perhaps concurrent; use it as a context manager.

        While it is open, other output would disturb it.
        """
        with self._lock:
            group = self._groups
            self._groups += 1
        return StepGroup(self.send, group, local=self.local)

    def progress(
        self, what: str, total: float | None = None, unit: str = "", clock: Callable[[], float] = time.monotonic
    ) -> Progress:
        """Show how far long work is; use it as a context manager.

        Args:
            what: Is being done: "copying layers".
            total: When it is all done, or None if unknown.
            unit: Of the amount: "MiB".
            clock: Seconds that only grow.
        """
        return Progress(self, what, total, unit, clock)

    def input(self, prompt: str, *, secret: bool = False, style: str = "") -> str:
        """Ask the user.

        Args:
            prompt: The question.
            secret: Do not show what is typed.
            style: One of STYLES.

        Returns:
            The answer, without line end.

        Raises:
            StateError: Nobody is there to answer, or the terminal cannot be read.
        """
        if not self.interactive:
            raise StateError(
                f"cannot ask {prompt.strip()!r}: nobody is at the terminal",
                fix="run the command in a terminal, or give the answer as an option",
            )
        import grpc  # noqa: PLC0415  # loaded already; keeps this module cheap

        with self._asking:
            self.send(Event(input=Event.Input(prompt=prompt, style=style, secret=secret)))
            try:
                answer = next(self._responses).input
            except (grpc.RpcError, StopIteration) as err:
                raise StateError(f"no answer to {prompt.strip()!r}: the terminal is gone") from err
        if answer.HasField("error"):
            raise StateError(f"no answer to {prompt.strip()!r}: {answer.error.message}")
        return str(answer.input)

    def send(self, event: streams_pb2.TerminalUI.Event) -> None:
        """Queue an event; dropped after `close`."""
        with self._lock:
            if self._closed:
                return
            if self._responses is None:
                self._responses = self._open_events(iter(self._events.get, None))
            self._events.put(event)

    def close(self) -> None:
        """Wait until the host has shown everything, at most CLOSE_SECONDS."""
        import grpc  # noqa: PLC0415  # loaded already; keeps this module cheap

        with self._lock:
            if self._closed or self._responses is None:
                self._closed = True
                return
            self._closed = True
            self._events.put(None)
        hung = threading.Timer(CLOSE_SECONDS, self._responses.cancel)
        hung.daemon = True
        hung.start()
        try:
            for _ in self._responses:
                pass
        except grpc.RpcError:
            return  # the host is gone; nobody is left to show it to
        finally:
            hung.cancel()


class StatusLine:
    """One live line, replaced by each update.

    Args:
        send: Sends an event.
    """

    def __init__(self, send: Callable[[streams_pb2.TerminalUI.Event], None]) -> None:
        self._send = send

    def update(self, message: str) -> None:
        """Replace the line."""
        self._send(Event(status=Event.Status(msg=clean(message))))

    def step(self, status: str, message: str) -> None:
        """Leave a finished line behind.

        Args:
            status: "ok", "error", "warn", or a text of its own.
            message: What was done.
        """
        self._send(Event(status=Event.Status(status=status, msg=clean(message), step=True)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._send(Event(status=Event.Status()))


class StepGroup:
    """A group of steps; leaving its block ends it and every step left open.

    Args:
        send: Sends an event.
        group: Its number on this terminal.
        local: As of the terminal.
    """

    def __init__(self, send: Callable[[streams_pb2.TerminalUI.Event], None], group: int, *, local: bool) -> None:
        self._send = send
        self._group = group
        self._local = local
        self._lock = threading.Lock()
        self._steps: list[WireStep] = []

    def add(self, message: str) -> WireStep:
        """Begin a step. May be called by several threads.

        Args:
            message: What is being done.
        """
        with self._lock:
            step = WireStep(self._send, self._group, len(self._steps), local=self._local)
            self._steps.append(step)
        step.update(message)
        return step

    def __enter__(self) -> Self:
        self._send(Event(step_group=Event.StepGroup(id=self._group)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The host waits for every step, so one left open would hang it.
        for step in self._steps:
            step.done() if error is None else step.abort()
        self._send(Event(step_group=Event.StepGroup(id=self._group, close=True)))


class WireStep:
    """A step on the wire; see Step.

    Args:
        send: Sends an event.
        group: Number of its group.
        number: Its own in the group.
        local: As of the terminal.
    """

    def __init__(
        self, send: Callable[[streams_pb2.TerminalUI.Event], None], group: int, number: int, *, local: bool
    ) -> None:
        self._send = send
        self._group = group
        self._local = local
        self._number = number
        self._message = ""
        self._lock = threading.Lock()
        self._ended = False

    def _event(self, **fields: Any) -> None:
        self._send(Event(step=Event.Step(step_group=self._group, id=self._number, **fields)))

    def update(self, message: str) -> None:
        """Change the text of the step; the same text again is not sent again."""
        if message != self._message:
            self._message = message
            self._event(msg=told(message, local=self._local))

    def status(self, status: str) -> None:
        """Change its mark: "ok", "error", "warn"."""
        self._event(status=status)

    def output(self, text: str | bytes) -> None:
        """Show text below the step; bytes go to the terminal as they are."""
        self._event(output=clean(text).encode() if isinstance(text, str) else text)

    def done(self) -> None:
        """End it well; once ended, it stays as it ended."""
        self._end(status="")

    def abort(self) -> None:
        """End it as failed; once ended, it stays as it ended."""
        self._end(status="abort")

    def _end(self, status: str) -> None:
        with self._lock:
            if self._ended:
                return
            self._ended = True
        self._event(close=True, status=status)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.done()
        else:
            self.abort()


class Progress:
    """Says how far long work is: amount, share, elapsed time.

    Args:
        ui: Where to.
        what: Is being done.
        total: When it is all done, or None if unknown.
        unit: Of the amount.
        clock: Seconds that only grow.
    """

    def __init__(self, ui: TerminalUI, what: str, total: float | None, unit: str, clock: Callable[[], float]) -> None:
        self._ui, self._what, self._total, self._unit, self._clock = ui, what, total, unit, clock
        self._begun = self._told = clock()
        self._amount = 0.0
        self._line = ui.status()
        self._pause = PROGRESS_SECONDS if ui.interactive else PLAIN_PROGRESS_SECONDS

    def advance(self, amount: float) -> None:
        """Add to what is done; told now and then, not each time.

        Args:
            amount: In the unit.
        """
        self._amount += amount
        if self._clock() - self._told >= self._pause:
            self._told = self._clock()
            self._line.update(self.text())

    def text(self) -> str:
        """Give the present state as one line."""
        amount = f"{self._amount:g}" if self._total is None else f"{self._amount:g} of {self._total:g}"
        share = f" ({self._amount / self._total:.0%})" if self._total else ""
        return f"{self._what}: {amount} {self._unit}".rstrip() + f"{share}, {self._clock() - self._begun:.0f} s"

    def __enter__(self) -> Self:
        self._line.update(f"{self._what} ...")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.step("ok" if error is None else "error", self.text())
        self._line.__exit__(kind, error, trace)


def table_lines(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """Lay out a table.

    Args:
        headers: One text per column.
        rows: As many cells each.

    Returns:
        Lines with aligned columns, the headers first.
    """
    cells = [list(headers), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers))]
    return ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
