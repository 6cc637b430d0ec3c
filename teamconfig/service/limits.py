"""Limits: how much one caller, and all together, may ask. Pure but for its own counters."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass

MAX_MESSAGE_BYTES = 256 * 1024
"""Of a request: options of a waypoint.hcl are the largest part of one."""

MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_METADATA_BYTES = 16 * 1024
MAX_CALLS_AT_ONCE = 512
"""Calls running at once in one process; more are answered RESOURCE_EXHAUSTED."""

DEADLINE_SECONDS = 30.0
"""Of a call that names none, and the most that any gets."""

_REMEMBERED = 10_000
_STEPS = 5


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at: float


class Buckets:
    """A token bucket for each caller; the longest silent are forgotten.

    Args:
        rate: Calls per second.
        burst: Calls at once.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self._known: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, who: str, now: float) -> float:
        """Take one token.

        Args:
            who: Of the caller.
            now: Monotonic seconds.

        Returns:
            0 if there was one, else the seconds until there is.
        """
        bucket = self._known.pop(who, None) or _Bucket(self.burst, now)
        bucket.tokens = min(self.burst, bucket.tokens + max(0.0, now - bucket.at) * self.rate)
        bucket.at = now
        self._known[who] = bucket
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        if bucket.tokens >= 1.0:
            bucket.tokens -= 1.0
            return 0.0
        return (1.0 - bucket.tokens) / self.rate


class Seen:
    """Request ids seen of late, so that none is used twice: sets by age, as hundreds come in a second.

    Args:
        seconds: How long they are kept, at least.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._step = seconds / _STEPS
        self._sets: deque[tuple[float, set[int]]] = deque()  # an int takes half of its digits' memory

    def fresh(self, request: str, now: float) -> bool:
        """Note a request id.

        Args:
            request: The id, in hex.
            now: Monotonic seconds.

        Returns:
            False if it was seen before.
        """
        number = int(request, 16)
        while self._sets and self._sets[0][0] + self._step < now - self.seconds:
            self._sets.popleft()
        if any(number in found for _, found in self._sets):
            return False
        if not self._sets or now - self._sets[-1][0] >= self._step:
            self._sets.append((now, set()))
        self._sets[-1][1].add(number)
        return True
