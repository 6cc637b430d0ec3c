"""How far a copy is: bytes, blobs, rate, time left; in numbers and in words."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from imagemover.results import BlobOutcome, Planned, Retried, Sent
from wps import moments, terminal

if TYPE_CHECKING:
    from imagemover.results import Event

_STEP = 1024
_RATE_AFTER_SECONDS = 0.5
"""A rate that is taken earlier says nothing."""


class Tally:
    """Counts what a copy tells."""

    def __init__(self) -> None:
        self.planned: Planned | None = None
        self.sent_bytes = 0
        self.read_bytes = 0
        self.retries = 0
        self.arrived = 0
        self._begun = time.monotonic()
        self._lock = threading.Lock()

    def read(self, count: int) -> None:
        """Count bytes that are read before the copy begins; any thread may call it.

        Args:
            count: How many.
        """
        with self._lock:
            self.read_bytes += count

    def take(self, event: Event) -> None:
        """Count what a copy tells.

        Args:
            event: What it tells.
        """
        match event:
            case Planned():
                self.planned, self._begun = event, time.monotonic()
            case Sent():
                self.sent_bytes += event.count
            case Retried():
                self.retries += 1
            case BlobOutcome():
                self.arrived += event.sort in {"sent", "mounted"}
            case _:
                pass

    @property
    def total_bytes(self) -> int:
        """Bytes to send; more than planned where a mount was refused or something was sent again."""
        return max(self.planned.send_bytes if self.planned else 0, self.sent_bytes)

    @property
    def rate(self) -> float:
        """Bytes in a second; 0 while it is not known."""
        seconds = time.monotonic() - self._begun
        return self.sent_bytes / seconds if seconds >= _RATE_AFTER_SECONDS else 0.0

    @property
    def seconds_left(self) -> float | None:
        """How long it will take at this rate; None while that is not known."""
        return (self.total_bytes - self.sent_bytes) / self.rate if self.rate else None

    def line(self) -> str:
        """Write it.

        Returns:
            "3.0 of 12.4 MiB, 25 %, 1.5 MiB/s, 6 s left".
        """
        parts = [f"{amount(self.sent_bytes)} of {amount(self.total_bytes)}"]
        if self.total_bytes:
            parts.append(f"{100 * self.sent_bytes // self.total_bytes} %")
        if self.rate:
            parts.append(f"{amount(self.rate)}/s")
        if self.seconds_left is not None:
            parts.append(f"{moments.span(self.seconds_left)} left")
        if self.retries:
            parts.append("tried again once" if self.retries == 1 else f"tried again {self.retries} times")
        return ", ".join(parts)


def amount(count: float) -> str:
    """Write a number of bytes.

    Args:
        count: How many.

    Returns:
        "512 B", "12.3 MiB".
    """
    if count < _STEP:
        return f"{int(count)} B"
    for unit in ("KiB", "MiB"):
        count /= _STEP
        if count < _STEP:
            return f"{count:.1f} {unit}"
    return f"{count / _STEP:.2f} GiB"


def plan_line(planned: Planned) -> str:
    """Write a plan.

    Args:
        planned: In numbers.

    Returns:
        "5 blobs to send (12.3 MiB), 2 to mount, 7 there already".
    """
    if not planned.images:
        return "nothing to send"
    blobs = terminal.counted(planned.sends, "blob")
    return f"{blobs} to send ({amount(planned.send_bytes)}), {planned.mounts} to mount, {planned.present} there already"
