"""Limits: nobody gets more than their share, and no call is made twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from teamconfig.service.limits import Buckets, Seen


def test_a_burst_is_taken_and_then_the_rate() -> None:
    """After a burst one waits, as long as it was said, and then gets one call."""
    buckets = Buckets(10.0, 3.0)
    assert [buckets.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 0.0]
    wait = buckets.take("a", 0.0)
    assert wait > 0
    assert buckets.take("a", wait + 0.001) == 0.0
    assert buckets.take("a", wait + 0.001) > 0


def test_one_caller_takes_nothing_from_another() -> None:
    """Who has used up their share does not slow anybody else."""
    buckets = Buckets(1.0, 1.0)
    buckets.take("a", 0.0)
    assert buckets.take("a", 0.0) > 0
    assert buckets.take("b", 0.0) == 0.0


def test_silence_gives_no_more_than_the_burst() -> None:
    """A day of silence saves up no more than the burst."""
    buckets = Buckets(10.0, 2.0)
    buckets.take("a", 0.0)
    assert [buckets.take("a", 86400.0) == 0.0 for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    """Time that runs backwards neither gives calls nor takes them."""
    buckets = Buckets(1.0, 1.0)
    buckets.take("a", 100.0)
    assert buckets.take("a", 50.0) > 0


def test_strangers_do_not_fill_the_memory() -> None:
    """Callers that are never seen again are forgotten."""
    buckets = Buckets(1.0, 1.0)
    for number in range(25_000):
        buckets.take(f"peer {number}", 0.0)
    assert len(buckets._known) <= 10_000


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 40)), max_size=60))
def test_an_id_is_fresh_once_within_its_time(calls: list[tuple[int, float]]) -> None:
    """Within its time no id is fresh twice, whatever comes between; an id that was never seen always is."""
    seen, now, last = Seen(60.0), 0.0, dict[int, float]()
    for name, pause in calls:
        now += pause
        fresh = seen.fresh(str(name), now)
        if name not in last:
            assert fresh
        elif now - last[name] <= 60.0:
            assert not fresh
        if fresh:
            last[name] = now


def test_old_ids_are_forgotten() -> None:
    """What is too old to be replayed is not kept for ever."""
    seen = Seen(60.0)
    for number in range(10_000):
        assert seen.fresh(str(number), float(number))
    assert sum(len(found) for _, found in seen._sets) < 100
    assert seen.fresh("0", 10_000.0)
