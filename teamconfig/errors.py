"""What teamconfig refuses, told to the person who can mend it.

Owns the four lines of a problem (what, why, fix, where) and the one error that
carries problems. Does not know gRPC: whoever answers a caller maps `kind`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["option", "policy", "missing", "state"]
"""option: the user's own file; policy: a rule forbids it; missing: named but not there; state: standards unusable."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Args:
        what: What happened: subject first, then the value as the user typed it.
        why: The rule or cause, and whose rule it is.
        fix: One imperative that the reader can do now.
        where: `file:line`, or the path in the user's own waypoint.hcl.
        kind: Who has to act, see `Kind`.
    """

    what: str
    why: str
    fix: str
    where: str
    kind: Kind = "state"

    def __str__(self) -> str:
        """Give the four lines, the last three indented."""
        place = f"at {self.where}" if self.where else ""
        return "\n  ".join(line for line in (self.what, self.why, self.fix, place) if line)


class StandardsError(Exception):
    """Standards cannot be read, or do not permit what was asked; carries every problem found.

    Args:
        problems: At least one; kept in order.
        head: First line when there are several problems.
    """

    def __init__(self, problems: Iterable[Problem], head: str = "") -> None:
        self.problems = tuple(problems)
        self.head = head
        super().__init__(self.problems[0].what if self.problems else head)

    @property
    def kind(self) -> Kind:
        """The kind that all problems share; "option" if any is one, as the user mends those first."""
        kinds = [problem.kind for problem in self.problems]
        return "option" if "option" in kinds else kinds[0]

    def __str__(self) -> str:
        """Give the complete text."""
        if len(self.problems) == 1:
            return str(self.problems[0])
        head = self.head or f"{len(self.problems)} problems"
        return "\n".join([head, *(str(problem) for problem in self.problems)])


def state(what: str, why: str, fix: str, where: str) -> StandardsError:
    """Build the error of one problem of kind "state".

    Args:
        what: As in Problem.
        why: As in Problem.
        fix: As in Problem.
        where: As in Problem.

    Returns:
        The error, to be raised by the caller.
    """
    return StandardsError([Problem(what, why, fix, where, "state")])


def missing(what: str, why: str, fix: str, where: str) -> StandardsError:
    """Build the error of one problem of kind "missing".

    Args:
        what: As in Problem.
        why: As in Problem.
        fix: As in Problem.
        where: As in Problem.

    Returns:
        The error, to be raised by the caller.
    """
    return StandardsError([Problem(what, why, fix, where, "missing")])
