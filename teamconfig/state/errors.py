"""What the state refuses or cannot do, told to the person who can mend it.

Owns the typed errors of this package. Each carries a Problem (what, why, fix,
where) and one lower-case word for programs. Does not know gRPC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.errors import Problem

if TYPE_CHECKING:
    from teamconfig.errors import Kind


class StateError(Exception):
    """Something of the state is wrong; base of the others.

    Args:
        problem: The four lines for the reader.
        reason: One word for programs, "refresh_reused" for example.
    """

    def __init__(self, problem: Problem, reason: str) -> None:
        self.problem = problem
        self.reason = reason
        super().__init__(problem.what)

    def __str__(self) -> str:
        """Give the complete text."""
        return str(self.problem)


class UnavailableError(StateError):
    """The database is away, full, or does not take audit rows; the caller may try again later.

    Args:
        problem: The four lines for the reader.
        reason: "database_away", "disk_full", "audit_refused" or "closing".
        unknown: Whether the change may have been made all the same: its commit was sent and not answered.
    """

    def __init__(self, problem: Problem, reason: str = "database_away", *, unknown: bool = False) -> None:
        self.unknown = unknown
        super().__init__(problem, reason)


class BusyError(StateError):
    """More changes wait than the writer takes; the caller may try again in a second."""


class DamagedError(StateError):
    """The database is not as it was left: truncated, garbage, gone, or of another program; nobody may start with it."""


class TooNewError(StateError):
    """The database was made by a newer version."""


class ReadOnlyError(StateError):
    """The database cannot be written by this process."""


class InUseError(StateError):
    """Another process has the SQLite file."""


class RefusedError(StateError):
    """A change is not permitted by the state it meets: a grant used twice, a project of another team.

    The writer takes its writes back and still keeps its audit row.

    Args:
        problem: The four lines for the reader.
        reason: One word for programs and the audit.
        keep: Keep what was written before the refusal, as when a stolen refresh token ends its session.
    """

    def __init__(self, problem: Problem, reason: str, *, keep: bool = False) -> None:
        self.keep = keep
        super().__init__(problem, reason)


def refused(
    reason: str, what: str, why: str, fix: str, *, kind: Kind = "policy", where: str = "", keep: bool = False
) -> RefusedError:
    """Build the refusal of a change.

    Args:
        reason: One word for programs and the audit.
        what: As in Problem.
        why: As in Problem.
        fix: As in Problem.
        kind: As in Problem.
        where: As in Problem.
        keep: As in RefusedError.

    Returns:
        The error, to be raised by the caller.
    """
    return RefusedError(Problem(what, why, fix, where, kind), reason, keep=keep)
