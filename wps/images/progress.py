"""Shows how far a copy is: a bar on a terminal, a line now and then elsewhere, events for other programs.

Owns stderr while a copy runs, and with `--json` stdout. What is counted is in `tally`.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Protocol

from imagemover.results import BlobOutcome, ImageOutcome, Planned, Retried, Sent
from wps import terminal
from wps.images import tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imagemover.results import Event

FIRST_SECONDS = 2.0
"""Between lines; each time twice as long, so that the log of a long copy stays short."""

MOST_SECONDS = 30.0
EVENT_SECONDS = 1.0
"""Between events that tell only how far it is."""

_BAR_SECONDS = 0.1


class Show(Protocol):
    """Shows a copy."""

    counts: tally.Tally

    def begin(self, ways: Sequence[tuple[str, str]]) -> None:
        """Name source and destination of each image."""

    def read(self, count: int, /) -> None:
        """Count bytes that are read before the copy begins; any thread may call it."""

    def __call__(self, event: Event, /) -> None:
        """Take what the copy tells."""

    def close(self) -> None:
        """Leave the terminal as it was."""


class Lines:
    """Lines on stderr, few of them; the plan is a line on stdout."""

    def __init__(self) -> None:
        self.counts = tally.Tally()
        self._lock = threading.Lock()
        self._pause = FIRST_SECONDS
        self._next = time.monotonic() + self._pause

    def begin(self, ways: Sequence[tuple[str, str]]) -> None:
        """Name source and destination of each image.

        Args:
            ways: Of each.
        """
        del self
        for source, destination in ways:
            terminal.line(f"{source} to {destination}")
        sys.stdout.flush()

    def read(self, count: int) -> None:
        """Count bytes that are read before the copy begins.

        Args:
            count: How many.
        """
        self.counts.read(count)
        self._tell(f"{tally.amount(self.counts.read_bytes)} read")

    def __call__(self, event: Event) -> None:
        """Take what the copy tells.

        Args:
            event: What it tells.
        """
        self.counts.take(event)
        match event:
            case Planned():
                terminal.line(tally.plan_line(event))
                sys.stdout.flush()
            case Sent():
                self._tell(self.counts.line())
            case Retried():
                self._tell(f"tries again in {event.seconds:.1f} s: {event.error.splitlines()[0]}")
            case _:
                pass

    def _tell(self, text: str) -> None:
        with self._lock:
            if time.monotonic() < self._next:
                return
            self._pause = min(MOST_SECONDS, self._pause * 2)
            self._next = time.monotonic() + self._pause
            print(terminal.printable(text), file=sys.stderr, flush=True)

    def close(self) -> None:
        """Do nothing."""


class Bar(Lines):
    """A bar on the terminal that stderr is."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console  # noqa: PLC0415  # costs 60 ms, which only a terminal needs
        from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        console = Console(stderr=True, no_color=plain, highlight=False, markup=False, emoji=False)
        bar: Any = BarColumn(bar_width=24)
        text: Any = TextColumn("{task.description}", markup=False)
        self._progress = Progress(bar, text, console=console, transient=True, refresh_per_second=5)
        self._task = self._progress.add_task("", total=None)
        self._next = 0.0

    def __call__(self, event: Event) -> None:
        """Take what the copy tells.

        Args:
            event: What it tells.
        """
        if isinstance(event, Planned):
            self._progress.stop()
        if isinstance(event, Retried):
            self._progress.start()  # before the plan, too: nothing else would say why it takes long
        super().__call__(event)
        if isinstance(event, Planned) and event.sends:
            self._next = 0.0
            self._tell(self.counts.line())
            self._progress.start()

    def read(self, count: int) -> None:
        """Count bytes that are read before the copy begins.

        Args:
            count: How many.
        """
        self._progress.start()
        super().read(count)

    def _tell(self, text: str) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _BAR_SECONDS
        counts = self.counts
        total = counts.total_bytes if counts.planned else None
        shown = terminal.printable(text)
        self._progress.update(self._task, description=shown, total=total, completed=counts.sent_bytes)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


class Events:
    """One JSON event a line on stdout."""

    def __init__(self) -> None:
        self.counts = tally.Tally()
        self._next = 0.0
        self._ways: Sequence[tuple[str, str]] = ()

    def begin(self, ways: Sequence[tuple[str, str]]) -> None:
        """Keep source and destination of each image for the plan.

        Args:
            ways: Of each.
        """
        self._ways = ways

    def read(self, count: int) -> None:
        """Count bytes that are read before the copy begins.

        Args:
            count: How many.
        """
        self.counts.read(count)

    def __call__(self, event: Event) -> None:
        """Write what the copy tells.

        Args:
            event: What it tells.
        """
        self.counts.take(event)
        match event:
            case Planned():
                images = [{"source": one, "destination": other} for one, other in self._ways]
                emit("plan", **(event._asdict() | {"waiting": event.images, "images": images}))
            case Sent():
                if time.monotonic() >= self._next:
                    self._next = time.monotonic() + EVENT_SECONDS
                    emit("progress", **self._progress())
            case Retried():
                emit("retry", **event._asdict())
            case BlobOutcome():
                emit("blob", **event._asdict())
            case ImageOutcome():
                emit("image", **event._asdict())

    def _progress(self) -> dict[str, Any]:
        counts = self.counts
        return {
            "sent_bytes": counts.sent_bytes, "total_bytes": counts.total_bytes, "bytes_per_second": round(counts.rate),
            "seconds_left": None if counts.seconds_left is None else round(counts.seconds_left, 1),
        }  # fmt: skip

    def close(self) -> None:
        """Do nothing."""


def emit(event: str, **values: Any) -> None:
    """Write an event to stdout.

    Args:
        event: Its kind.
        **values: What it tells.
    """
    text = json.dumps({"event": event, **values}, ensure_ascii=True)
    print(text, flush=True)


def choose(*, as_json: bool) -> Show:
    """Choose how a copy is shown.

    Args:
        as_json: Whether other programs read it.

    Returns:
        What shows it.
    """
    if as_json:
        return Events()
    return Bar() if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else Lines()
