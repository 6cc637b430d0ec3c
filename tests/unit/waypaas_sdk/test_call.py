"""Cancellation of a running call."""

from __future__ import annotations

import threading
import time

import pytest

from waypaas_sdk.call import Call
from waypaas_sdk.errors import CancelledError


def test_cancel_ends_sleep_at_once() -> None:
    """A sleeping call wakes when it is cancelled, long before its time, and says which operation ended."""
    call = Call("deploy")
    timer = threading.Timer(0.05, call.cancel)
    begun = time.monotonic()
    timer.start()
    with pytest.raises(CancelledError, match="deploy was cancelled"):
        call.sleep(60)
    timer.join()
    assert time.monotonic() - begun < 5


def test_sleep_of_a_cancelled_call_does_not_wait() -> None:
    """A call that is cancelled already does not sleep at all."""
    call = Call()
    call.cancel()
    begun = time.monotonic()
    with pytest.raises(CancelledError):
        call.sleep(60)
    assert time.monotonic() - begun < 1


def test_sleep_and_check_let_a_living_call_go_on() -> None:
    """Without cancellation sleep and check return."""
    call = Call()
    call.sleep(0)
    call.check()
    assert not call.cancelled


def test_callbacks_run_once() -> None:
    """However often a call is cancelled, a callback runs once."""
    ran: list[str] = []
    call = Call()
    with call.on_cancel(lambda: ran.append("one")), call.on_cancel(lambda: ran.append("two")):
        call.cancel()
        call.cancel()
    assert ran == ["one", "two"]


def test_callbacks_run_once_when_many_cancel() -> None:
    """Threads that cancel at the same time run a callback once among them."""
    ran: list[int] = []
    call = Call()
    barrier = threading.Barrier(8)

    def cancel() -> None:
        barrier.wait()
        call.cancel()

    threads = [threading.Thread(target=cancel) for _ in range(8)]
    with call.on_cancel(lambda: ran.append(1)):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert ran == [1]


def test_callback_of_a_cancelled_call_runs_at_once() -> None:
    """Registered too late, a callback runs right away."""
    ran: list[int] = []
    call = Call()
    call.cancel()
    with call.on_cancel(lambda: ran.append(1)):
        assert ran == [1]


def test_callback_ends_with_its_block() -> None:
    """After its block a callback runs no more."""
    ran: list[int] = []
    call = Call()
    with call.on_cancel(lambda: ran.append(1)):
        pass
    call.cancel()
    assert ran == []


def test_callback_may_look_at_the_call() -> None:
    """A callback finds the call cancelled, and may use it without a deadlock."""
    seen: list[bool] = []
    call = Call()

    def look() -> None:
        seen.append(call.cancelled)
        with call.on_cancel(lambda: seen.append(True)):
            call.cancel()

    with call.on_cancel(look):
        call.cancel()
    assert seen == [True, True]
