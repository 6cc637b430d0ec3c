"""Threads that do what they are given."""

from __future__ import annotations

import threading

import pytest

from imagemover.errors import CancelledError
from imagemover.workers import Workers


def test_results_come_in_the_order_of_the_values() -> None:
    """`map` gives results in the order of its values, whoever is first."""
    pool = Workers(4, "test")
    gate = threading.Event()

    def do(value: int) -> int:
        if value == 0:
            gate.wait(10)
        else:
            gate.set()
        return value * 2

    assert list(pool.map(do, range(10))) == list(range(0, 20, 2))
    pool.close()


def test_no_more_threads_than_needed_and_allowed() -> None:
    """One task after the other is done by one thread; many at a time by as many as are allowed."""
    pool = Workers(3, "test-count")
    names = set()
    for _ in range(5):
        names.add(pool.submit(lambda: threading.current_thread().name).result())
    assert len(names) == 1
    together = threading.Barrier(3)
    assert len(list(pool.map(lambda _: together.wait(10), range(3)))) == 3
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("test-count")]
    assert len(threads) == 3
    pool.close()
    assert not any(thread.is_alive() for thread in threads)


def test_more_threads_when_they_are_allowed() -> None:
    """What waits begins as soon as more threads are allowed."""
    pool = Workers(1, "test")
    together = threading.Barrier(3)
    tasks = [pool.submit(together.wait, 10) for _ in range(3)]
    assert not tasks[0].is_done(0.05)
    pool.widen(3)
    assert sorted(task.result() for task in tasks) == [0, 1, 2]
    pool.close()


def test_errors_come_to_who_wants_the_result() -> None:
    """What a task raises is raised to each who asks for its result, and the thread goes on."""
    pool = Workers(1, "test")
    task = pool.submit(int, "x")
    for _ in range(2):
        with pytest.raises(ValueError, match="invalid literal"):
            task.result()
    assert pool.submit(int, "7").result() == 7
    pool.close()


def test_closing_drops_what_did_not_begin() -> None:
    """Closing waits for what runs, drops the rest, and whoever waits for a dropped task is told."""
    pool = Workers(1, "test")
    begun, gate, done = threading.Event(), threading.Event(), []

    def do() -> None:
        begun.set()
        gate.wait(10)
        done.append(1)

    running, waiting = pool.submit(do), pool.submit(done.append, 2)
    begun.wait(10)
    assert not running.is_done(0.0)
    told: list[BaseException] = []

    def wait() -> None:
        with pytest.raises(CancelledError) as caught:
            waiting.result()
        told.append(caught.value)
        gate.set()

    waiter = threading.Thread(target=wait)
    waiter.start()
    pool.close()
    waiter.join(10)
    assert told
    assert done == [1]
    assert running.is_done(0.0)
    with pytest.raises(CancelledError):
        pool.submit(int)
