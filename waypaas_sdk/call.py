"""The running call: its cancellation, and waits that end with it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from waypaas_sdk.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Call:
    """Tells a component that its call was cancelled.

    A call is cancelled when the user interrupts, when the host ends the RPC or
    dies, and when the process is asked to stop. Thread-safe.

    Args:
        name: Of the operation, for messages: "deploy".
    """

    def __init__(self, name: str = "call") -> None:
        self.name = name
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], None]] = []

    @property
    def cancelled(self) -> bool:
        """Whether the call was cancelled."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Cancel: waits end at once, callbacks run once, in this thread."""
        with self._lock:
            if self._cancelled.is_set():
                return
            self._cancelled.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def check(self) -> None:
        """Return at once, or stop the work of a cancelled call.

        Raises:
            CancelledError: The call was cancelled.
        """
        if self.cancelled:
            raise CancelledError(f"{self.name} was cancelled")

    def sleep(self, seconds: float) -> None:
        """Wait, but not longer than the call lives.

        Args:
            seconds: How long, at least 0.

        Raises:
            CancelledError: The call was cancelled before or meanwhile.
        """
        self._cancelled.wait(seconds)
        self.check()

    @contextmanager
    def on_cancel(self, callback: Callable[[], None]) -> Iterator[None]:
        """Run a callback on cancellation, while the block lasts.

        For what cannot wait by `sleep`: close the socket that a thread reads.

        Args:
            callback: Runs in another thread, or at once if already cancelled. Must not raise.
        """
        with self._lock:
            late = self._cancelled.is_set()
            if not late:
                self._callbacks.append(callback)
        if late:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)
