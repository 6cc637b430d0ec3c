"""The circuit breaker: when it opens, whom it lets through, when it closes."""

from __future__ import annotations

from teamconfig.identity.breaker import Breaker


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def test_it_opens_after_failures_in_a_row() -> None:
    """Three failures in a row open it for its rest; a success between them does not let them add up."""
    clock = Clock()
    breaker = Breaker(clock=clock)
    for outcome in (breaker.failed, breaker.failed, breaker.succeeded, breaker.failed, breaker.failed):
        outcome()
        assert breaker.wait_seconds() == 0
    breaker.failed()
    assert breaker.wait_seconds() == 30
    clock.now = 29.0
    assert breaker.wait_seconds() == 1


def test_one_tries_after_the_rest() -> None:
    """After the rest one caller tries while the others wait on; its failure is another rest, its success the end."""
    clock = Clock()
    breaker = Breaker(clock=clock)
    for _ in range(3):
        breaker.failed()
    clock.now = 30.0
    assert breaker.wait_seconds() == 0
    assert breaker.wait_seconds() == 30
    clock.now = 31.0
    breaker.failed()
    assert breaker.wait_seconds() == 30
    clock.now = 61.0
    assert breaker.wait_seconds() == 0
    breaker.succeeded()
    assert breaker.wait_seconds() == 0
    assert breaker.wait_seconds() == 0
