"""What came out of tests: plain values, as JSON too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["passed", "flaky", "failed", "reused"]
"""flaky: passed, but not at the first try. reused: passed before, and still counts."""


@dataclass(frozen=True)
class Case:
    """One case of a program that tests by itself, from its JUnit XML.

    Args:
        name: With its class, if it has one.
        state: How it ended.
        seconds: How long it took.
        text: What it says about a failure.
    """

    name: str
    state: Literal["passed", "failed", "skipped"]
    seconds: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Attempt:
    """One try of one test.

    Args:
        problems: What is wrong; none: it passed.
        output: What it showed, cut to its end.
        cases: Of a program that tests by itself.
        facts: Measured by the test, as latencies, JSON-able.
    """

    problems: tuple[str, ...] = ()
    output: str = ""
    cases: tuple[Case, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """One test, after all its tries.

    Args:
        name: Of the test.
        kind: Of the test.
        origin: Who demands it.
        state: How it ended.
        seconds: Of all tries together.
        attempts: How often it was tried.
        last: The last try.
        earlier: Problems of the tries before.
    """

    name: str
    kind: str
    origin: str
    state: State
    seconds: float
    attempts: int
    last: Attempt
    earlier: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it holds."""
        return self.state != "failed"

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON holds it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "origin": self.origin,
            "state": self.state,
            "seconds": round(self.seconds, 3),
            "attempts": self.attempts,
            "problems": list(self.last.problems),
            "earlier_problems": list(self.earlier),
            "facts": self.last.facts,
            "cases": [
                {"name": one.name, "state": one.state, "seconds": one.seconds, "text": one.text}
                for one in self.last.cases
            ],
            "output": self.last.output,
        }
