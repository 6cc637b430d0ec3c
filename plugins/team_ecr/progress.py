"""Tells the terminal how far a copy is: what is sent, how fast, what was there already.

Owns words and rhythm; the events are the mover's.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from imagemover.results import BlobOutcome, Planned, Retried, Sent

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagemover.results import Event
    from waypaas_sdk.terminal import WireStep

LIVE_SECONDS, PLAIN_SECONDS = 0.3, 10.0
"""Between two updates: on a terminal, and where nobody watches."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


class Progress:
    """Keeps one step of the terminal up to date.

    Args:
        step: Shows it.
        what: Is being done: "Sending host/web:v1 to other/web".
        interactive: Whether somebody watches.
        clock: Seconds that only grow.
    """

    def __init__(
        self, step: WireStep, what: str, *, interactive: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._step, self._what, self._clock = step, what, clock
        self._pause = LIVE_SECONDS if interactive else PLAIN_SECONDS
        self._begun = self._told = clock()
        self._planned = Planned(0, 0, 0, 0, 0)
        self._sent = 0
        self._trouble = ""

    def __call__(self, event: Event) -> None:
        """Take an event of the mover."""
        match event:
            case Planned():
                self._planned = event
                self._tell()
            case Sent():
                self._sent += event.count
                self._now_and_then()
            case BlobOutcome():
                self._trouble = ""
            case Retried():
                self._trouble = f"; trying again in {event.seconds:.1f} s: {event.error.partition(chr(10))[0]}"
                self._tell()

    def _now_and_then(self) -> None:
        if self._clock() - self._told >= self._pause:
            self._tell()

    def _tell(self) -> None:
        self._told = self._clock()
        planned = self._planned
        rest = f"{size(self._sent)} of {size(planned.send_bytes)}" + self._rate()
        self._step.update(f"{self._what}: {rest}, {_there(planned)}{self._trouble}")

    def _rate(self) -> str:
        seconds = self._told - self._begun
        return f" ({size(self._sent / seconds)}/s)" if self._sent and seconds > 0 else ""

    def summary(self) -> str:
        """Give what was done, as one phrase."""
        planned = self._planned
        if not planned.sends and not planned.mounts:
            return "was there already"
        self._told = self._clock()
        seconds = self._told - self._begun
        if not self._sent:
            return f"nothing had to be sent, {_there(planned)}"
        return f"sent {size(self._sent)} in {seconds:.1f} s{self._rate()}, {_there(planned)}"


class Reading:
    """Keeps one step up to date while an image is read whose size nobody knows.

    Args:
        step: Shows it.
        what: Is being done: "Reading web:v1 from Docker".
        interactive: Whether somebody watches.
        clock: Seconds that only grow.
    """

    def __init__(
        self, step: WireStep, what: str, *, interactive: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._step, self._what, self._clock = step, what, clock
        self._pause = LIVE_SECONDS if interactive else PLAIN_SECONDS
        self._told = clock()
        self._read = 0

    def __call__(self, count: int) -> None:
        """Take bytes that were read."""
        self._read += count
        if self._clock() - self._told >= self._pause:
            self._told = self._clock()
            self._step.update(self.text)

    @property
    def text(self) -> str:
        """How far it is."""
        return f"{self._what}: {size(self._read)}"


def _there(planned: Planned) -> str:
    there = planned.present + planned.mounts
    return f"{there} of {there + planned.sends} parts were there"


def size(count: float) -> str:
    """Write a number of bytes as people read it.

    Args:
        count: How many.

    Returns:
        For instance "12.3 MiB".
    """
    amount, unit = float(count), _UNITS[0]
    for unit in _UNITS:
        if amount < _STEP or unit == _UNITS[-1]:
            break
        amount /= _STEP
    return f"{amount:.0f} {unit}" if unit == _UNITS[0] else f"{amount:.1f} {unit}"
