"""From the writer's thread to the event loop: one wake-up for all answers of a transaction.

Each wake-up is a system call in which the writer lets go of the interpreter, and
then waits to get it back; with one for each call that was most of its time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import Future


class Answers:
    """Lets coroutines of one loop wait for the writer."""

    def __init__(self) -> None:
        self._ready: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()

    async def wait(self, future: Future[Any], seconds: float) -> Any:
        """Wait for an answer; who stops waiting does not take the change back.

        Args:
            future: Of the writer.
            seconds: At most.

        Returns:
            Its result.

        Raises:
            TimeoutError: There is none yet.
            Exception: What the future has.
        """
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        future.add_done_callback(partial(self._note, loop, waiter))
        timer = loop.call_later(seconds, _expire, waiter)
        try:
            return await waiter
        finally:
            timer.cancel()

    def _note(self, loop: asyncio.AbstractEventLoop, waiter: asyncio.Future[Any], future: Future[Any]) -> None:
        """Be called in the writer's thread; whoever comes first wakes the loop for all that come before it looks."""
        self._ready.append((waiter, future))
        if len(self._ready) == 1:
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        while self._ready:
            waiter, future = self._ready.popleft()
            if waiter.done():
                continue
            error = future.exception()
            if error is not None:
                waiter.set_exception(error)
            else:
                waiter.set_result(future.result())


def _expire(waiter: asyncio.Future[Any]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())
