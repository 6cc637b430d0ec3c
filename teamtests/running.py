"""Runs tests side by side, tries failed ones again, and ends them all when the call is cancelled."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from teamtests import commandtest, contracttest, httptest
from teamtests.attempt import limited
from teamtests.outcome import Attempt, Outcome
from waypaas_sdk.call import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from teamtests.attempt import Clock
    from teamtests.outcome import State
    from teamtests.planning import Test
    from teamtests.target import Target

PAUSE_SECONDS = 1.0
"""Between two tries."""


class Runner(Protocol):
    """Tries one test once."""

    def __call__(self, test: Test, target: Target, clock: Clock) -> Attempt:
        """Try once."""


RUNNERS: Mapping[str, Runner] = {
    "http": httptest.run,
    "command": commandtest.run,
    "contract": contracttest.run,
}
"""By kind; `job` needs a plugin, and is given to `run`."""


@dataclass(frozen=True)
class Order:
    """How tests run.

    Args:
        parallel: How many at a time.
        runners: For kinds beside RUNNERS.
        notify: Told when a test has ended; called from one thread.
    """

    parallel: int
    runners: Mapping[str, Runner]
    notify: Callable[[Outcome], None]


def run(tests: Sequence[Test], target: Target, order: Order, call: Call) -> list[Outcome]:
    """Run tests.

    Args:
        tests: Of one stage.
        target: What they test.
        order: How they run.
        call: Ours.

    Returns:
        What came out, in the order of the tests.

    Raises:
        CancelledError: Our call was cancelled; nothing of the tests runs any more.
    """
    runners = {**RUNNERS, **order.runners}
    done: dict[str, Outcome] = {}
    within = Call("test")  # so that an exception of ours ends the tests, too
    with (
        call.on_cancel(within.cancel),
        ThreadPoolExecutor(max(1, order.parallel), thread_name_prefix="test") as pool,
    ):
        waiting = [pool.submit(_tried, test, target, runners[test.kind], within) for test in tests]
        try:
            for future in as_completed(waiting):
                outcome = future.result()
                done[outcome.name] = outcome
                order.notify(outcome)
        except BaseException:
            within.cancel()
            for future in waiting:
                future.cancel()
            raise
    call.check()
    return [done[test.name] for test in tests]


def _tried(test: Test, target: Target, runner: Runner, call: Call) -> Outcome:
    """Try until it passes or has no more tries."""
    begun = time.monotonic()
    earlier: list[str] = []
    for number in range(1, test.retries + 2):
        with limited(call, test.timeout_seconds) as clock:
            attempt = _attempt(runner, test, target, clock)
        if not attempt.problems:
            break
        if number <= test.retries:
            earlier += attempt.problems
            call.sleep(PAUSE_SECONDS)
    state: State = "failed" if attempt.problems else "flaky" if number > 1 else "passed"
    seconds = time.monotonic() - begun
    return Outcome(test.name, test.kind, test.origin, state, seconds, number, attempt, tuple(earlier))


def _attempt(runner: Runner, test: Test, target: Target, clock: Clock) -> Attempt:
    from waypaas_sdk.errors import CancelledError, PluginError  # noqa: PLC0415  # beside the start

    try:
        return runner(test, target, clock)
    except CancelledError:
        return Attempt((f"it took longer than {test.timeout_seconds:g} s",))
    except PluginError as err:
        return Attempt((str(err),))
