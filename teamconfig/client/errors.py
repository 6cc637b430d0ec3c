"""What a service refused, or that it could not be reached: in the words of the standards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.errors import Problem, StandardsError

if TYPE_CHECKING:
    from collections.abc import Iterable


class ServiceError(StandardsError):
    """The service refused.

    Args:
        problems: At least one.
        head: As in StandardsError.
        reason: Word for programs: "no_role", "stale_groups", ...
        request_id: To find the call in the service's audit.
    """

    def __init__(self, problems: Iterable[Problem], head: str = "", reason: str = "", request_id: str = "") -> None:
        super().__init__(problems, head)
        self.reason = reason
        self.request_id = request_id

    def __str__(self) -> str:
        """Give the complete text, with the request's id."""
        text = super().__str__()
        return f"{text}\n  request {self.request_id}" if self.request_id else text


class SignInError(ServiceError):
    """There is no session, or it is over: sign in."""


class UnreachableError(StandardsError):
    """The service could not be reached, or does not answer.

    Args:
        address: Of the service.
        why: The cause.
        tries: How often it was tried.
        told: What the service itself says, if it is there and cannot answer.
    """

    def __init__(self, address: str, why: str, tries: int, told: Problem | None = None) -> None:
        if told is not None:
            what, why = f"the team config service {address} cannot answer now", told.why
            fix = told.fix
        else:
            what = f"the team config service {address} cannot be reached"
            fix = "check the network, or see `wps status --wait`"
        times = f"{tries} tries" if tries > 1 else "1 try"
        super().__init__([Problem(what, f"{why} ({times})", fix, "")])


def not_signed_in(address: str, why: str = "there is no session on this machine") -> SignInError:
    """Build the error of somebody who has to sign in.

    Args:
        address: Of the service.
        why: What is missing.

    Returns:
        The error, to be raised by the caller.
    """
    problem = Problem(f"you are not signed in at {address}", why, "run `wps init`", "", "policy")
    return SignInError([problem], reason="no_session")
