"""One HTTP exchange under one absolute deadline: a server that drips bytes does not lengthen it.

Owns the event loop, in a thread of its own, that gives all of an exchange a
single deadline. Which addresses may be asked, and what an answer means, is
`web`'s.
"""

from __future__ import annotations

import atexit
import functools
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import Coroutine, Mapping


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said.

    Args:
        status: HTTP status.
        headers: Names in lower case.
        body: At most as many bytes as were allowed.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class TooLargeError(Exception):
    """The answer has more bytes than were allowed."""


def start() -> None:
    """Start the event loop, if it does not run yet."""
    _LOOP.started()


def answer(url: str, form: Mapping[str, str] | None, *, ca: str, most_bytes: int, deadline_seconds: float) -> Answer:
    """Ask, and wait for the answer.

    Args:
        url: Whom.
        form: Posted if given.
        ca: File of certificates to trust instead of the system's; empty for those.
        most_bytes: Of the answer.
        deadline_seconds: For everything, from the name's look-up to the last byte.

    Returns:
        The answer, whatever its status.

    Raises:
        TooLargeError: It has more bytes.
        TimeoutError: It was not whole in time.
        OSError: A certificate file cannot be read, or the connection fails; httpx has errors of its own besides.
    """
    return _wait(_exchange(url, form, ca, most_bytes, deadline_seconds))


@functools.cache
def _system_trust() -> ssl.SSLContext:
    import ssl  # noqa: PLC0415  # as httpx

    return ssl.create_default_context()


async def _exchange(
    url: str, form: Mapping[str, str] | None, ca: str, most_bytes: int, deadline_seconds: float
) -> Answer:
    import asyncio  # noqa: PLC0415  # as httpx
    import ssl  # noqa: PLC0415  # as httpx

    import httpx  # noqa: PLC0415  # 0.1 s, and most commands of the CLI never get here

    verify = ssl.create_default_context(cafile=ca) if ca else _system_trust()
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "waypaas"}
    # Shorter than the deadline: httpx closes the connection when its own time is up, but not when it is cancelled
    # in the middle of a handshake.
    times = httpx.Timeout(deadline_seconds, connect=0.9 * deadline_seconds)
    async with asyncio.timeout(deadline_seconds), httpx.AsyncClient(verify=verify, timeout=times) as client:
        method = "GET" if form is None else "POST"
        async with client.stream(method, url, data=form, headers=headers, follow_redirects=False) as answer:
            body = bytearray()
            async for part in answer.aiter_raw(1 << 14):
                body += part
                if len(body) > most_bytes:
                    raise TooLargeError
            return Answer(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, bytes(body))


class _Loop:
    """An event loop in a thread of its own: the one way to give all of an exchange a single deadline."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def started(self) -> asyncio.AbstractEventLoop:
        import asyncio  # noqa: PLC0415  # as httpx

        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                thread = threading.Thread(target=self._run, args=(self._loop,), name="identity-web", daemon=True)
                thread.start()
                atexit.register(self._stop, self._loop, thread)
            return self._loop

    @staticmethod
    def _run(loop: asyncio.AbstractEventLoop) -> None:
        loop.run_forever()
        loop.close()

    @staticmethod
    def _stop(loop: asyncio.AbstractEventLoop, thread: threading.Thread) -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(1.0)


_LOOP = _Loop()


def _wait(work: Coroutine[Any, Any, Answer]) -> Answer:
    import asyncio  # noqa: PLC0415  # as httpx

    future = asyncio.run_coroutine_threadsafe(work, _LOOP.started())
    try:
        return future.result()
    except BaseException:
        future.cancel()  # an interrupted caller leaves no request behind
        raise
