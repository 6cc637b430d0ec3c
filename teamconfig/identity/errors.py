"""What identity refuses, or cannot find out, told in four parts with a word for programs.

Owns the errors of this package. Whoever answers a caller maps the class: refused
is the caller's matter, unavailable is nobody's fault and may be tried again.
"""

from __future__ import annotations

from teamconfig.errors import Problem


class IdentityError(Exception):
    """Somebody's identity is not established.

    Args:
        problem: What, why, what to do, where. Holds no secret, and no foreign text but printable, short one.
        reason: Lower-case word for programs: "token_expired", "wrong_password" ...
    """

    def __init__(self, problem: Problem, reason: str) -> None:
        self.problem = problem
        self.reason = reason
        super().__init__(problem.what)

    def __str__(self) -> str:
        """Give the complete text."""
        return str(self.problem)


class RefusedError(IdentityError):
    """The proof of identity is not good, or the account is not."""


class UnavailableError(IdentityError):
    """Who could tell does not answer, or answers wrongly.

    Args:
        problem: As in IdentityError.
        reason: As in IdentityError.
        retry_after: Seconds after which a new attempt makes sense.
    """

    def __init__(self, problem: Problem, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(problem, reason)
        self.retry_after = retry_after


class CancelledError(IdentityError):
    """The user gave up signing in, or took too long."""


def refused(reason: str, what: str, why: str, fix: str, where: str = "") -> RefusedError:
    """Build the error of a proof that is not good.

    Args:
        reason: As in IdentityError.
        what: As in Problem.
        why: As in Problem.
        fix: As in Problem.
        where: As in Problem.

    Returns:
        The error, to be raised by the caller.
    """
    return RefusedError(Problem(what, why, fix, where, "policy"), reason)


def unavailable(
    reason: str, what: str, why: str, fix: str, where: str = "", retry_after: float = 0.0
) -> UnavailableError:
    """Build the error of somebody who could tell and does not.

    Args:
        reason: As in IdentityError.
        what: As in Problem.
        why: As in Problem.
        fix: As in Problem.
        where: As in Problem.
        retry_after: As in UnavailableError.

    Returns:
        The error, to be raised by the caller.
    """
    return UnavailableError(Problem(what, why, fix, where, "state"), reason, retry_after)
