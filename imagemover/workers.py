"""Threads that do what they are given, in the order in which it came.

Owns what a copy needs of a pool. The standard library's loads its logging too, which takes longer than a small copy.
"""

from __future__ import annotations

import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from imagemover.errors import CancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

T = TypeVar("T")
V = TypeVar("V")


class Mapper(Protocol):
    """What does one thing for many values at the same time; the standard library's executors are such, too."""

    def map(self, do: Callable[..., T], values: Iterable[Any], /) -> Iterator[T]:
        """Give the results in the order of the values."""


class Task(Generic[T]):
    """Something that is done, or will be.

    Args:
        do: Does it.
        arguments: Of `do`.
    """

    def __init__(self, do: Callable[..., T], *arguments: Any) -> None:
        self._do = do
        self._arguments = arguments
        self._value: T
        self._error: BaseException | None = None
        self._running = threading.Lock()  # cheaper than an event, and there are many tasks
        self._running.acquire()

    def run(self) -> None:
        """Do it; what it raises is kept for who wants the result."""
        try:
            self._value = self._do(*self._arguments)
        except BaseException as err:  # noqa: BLE001  # raised again in `result`
            self._error = err

    def give_up(self) -> None:
        """Leave it undone."""
        self._error = _closed()

    def tell(self) -> None:
        """Let who waits go on."""
        self._running.release()

    def is_done(self, seconds: float) -> bool:
        """Wait for a while.

        Args:
            seconds: At most; at least 0.

        Returns:
            Whether it is done.
        """
        if not self._running.acquire(timeout=seconds):
            return False
        self._running.release()
        return True

    def result(self) -> T:
        """Wait for the result.

        Returns:
            What `do` gave.

        Raises:
            BaseException: What `do` raised.
            CancelledError: It was not done any more.
        """
        with self._running:
            pass
        if self._error is not None:
            raise self._error
        return self._value


class Workers:
    """Some threads, started as they are needed.

    Args:
        most: Threads, at least 1.
        name: Theirs begin with it.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._open = 0
        self._closed = False
        self._tasks: SimpleQueue[Task[Any] | None] = SimpleQueue()

    def submit(self, do: Callable[..., T], *arguments: Any) -> Task[T]:
        """Have something done.

        Args:
            do: Does it.
            arguments: Of `do`.

        Returns:
            The task.

        Raises:
            CancelledError: They were closed.
        """
        task = Task(do, *arguments)
        with self._lock:
            if self._closed:
                raise _closed()
            self._open += 1
            self._tasks.put(task)
            self._start()
        return task

    def widen(self, most: int) -> None:
        """Allow more threads.

        Args:
            most: At least as many as before.
        """
        with self._lock:
            self._most = most
            if not self._closed:
                self._start()

    def _start(self) -> None:
        while len(self._threads) < min(self._open, self._most):
            thread = threading.Thread(target=self._work, name=f"{self._name}-{len(self._threads)}")
            self._threads.append(thread)
            thread.start()

    def map(self, do: Callable[[V], T], values: Iterable[V], /) -> Iterator[T]:
        """Do one thing for many values at the same time.

        Args:
            do: Does it.
            values: Each is given to it.

        Returns:
            The results in the order of the values; what was raised comes when its result is taken.
        """
        tasks = [self.submit(do, value) for value in values]
        return (task.result() for task in tasks)

    def close(self) -> None:
        """Drop what did not begin, wait for what did, and end the threads."""
        with self._lock:
            self._closed = True
            while not self._tasks.empty():
                if (task := self._tasks.get()) is not None:
                    task.give_up()
                    task.tell()
            for _ in self._threads:
                self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task.run()
            with self._lock:
                self._open -= 1
            task.tell()


def _closed() -> CancelledError:
    return CancelledError("the copy has ended", "", "run it again: what is there is not sent again", "")
