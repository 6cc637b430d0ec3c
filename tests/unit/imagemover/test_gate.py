"""The gate of a registry: half as many after a refusal, one more for each round that went well."""

from __future__ import annotations

import threading

import pytest

from imagemover import gate as gates
from imagemover.errors import BusyError, CancelledError
from imagemover.gate import Gate, entered
from imagemover.patience import Cancellation, Patience, Policy


def nothing() -> None:
    """Let waits go on."""


def inside(gate: Gate, count: int) -> None:
    """Enter some times."""
    for _ in range(count):
        gate.enter(nothing)


def test_half_after_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal leaves room for half of those that were inside; refusals of the same moment count once."""
    gate = Gate()
    inside(gate, 16)
    gate.narrow()
    gate.narrow()
    assert gate.width == 8
    monkeypatch.setattr(gates, "CUT_SECONDS", 0.0)
    for _ in range(9):
        gate.narrow()
    assert gate.width == 1


def test_one_more_for_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """After as many pieces of work as fit, there is room for about one more, and never for more than the widest."""
    gate = Gate()
    inside(gate, 16)
    gate.narrow()
    monkeypatch.setattr(gates, "CUT_SECONDS", 0.0)
    for _ in range(9):
        gate.leave()
    assert gate.width == 9
    for _ in range(100_000 // 20):
        gate.enter(nothing)
        gate.leave()
    assert gate.width == gates.WIDEST


def test_who_finds_no_room_waits() -> None:
    """Nobody enters a full gate; who waits goes in when another leaves, or ends when the copy is cancelled."""
    gate = Gate()
    inside(gate, 2)
    gate.narrow()
    went = threading.Event()
    cancellation = Cancellation()

    def go() -> None:
        with entered([gate, gate], cancellation.check):
            went.set()

    waiting = threading.Thread(target=go)
    waiting.start()
    gate.leave()
    assert not went.wait(0.3)
    gate.leave()
    assert went.wait(5)
    waiting.join()
    inside(gate, 1)
    cancellation.cancel()
    with pytest.raises(CancelledError):
        gate.enter(cancellation.check)


@pytest.mark.parametrize(("status", "width"), [(429, 4), (503, 4), (500, gates.WIDEST), (408, gates.WIDEST)])
def test_only_throttling_narrows(status: int, width: int) -> None:
    """429 and 503 make the gate narrower; an error that says nothing of the number of requests does not."""
    gate = Gate()
    inside(gate, 8)
    Patience(Policy(first_seconds=0.0)).pause(BusyError(None, status, "", "busy"), 1, gate)
    assert gate.width == width
