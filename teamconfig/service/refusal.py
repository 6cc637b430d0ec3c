"""Why a call is not answered with what it asked for: problems, a word for programs, a gRPC status."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from teamconfig.errors import Problem, StandardsError
from teamconfig.gen.waypaas.v1 import common_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from teamconfig.state.writer import Outcome

_CODES = {
    "option": grpc.StatusCode.INVALID_ARGUMENT,
    "policy": grpc.StatusCode.PERMISSION_DENIED,
    "missing": grpc.StatusCode.NOT_FOUND,
    "state": grpc.StatusCode.FAILED_PRECONDITION,
}
_TEXT_BYTES = 2000
_PROBLEMS = 20
"""As many fit into the trailing metadata; the first ones tell the most."""


class Refusal(Exception):  # noqa: N818  # what it is, in the words of the contract
    """A call that is answered with no.

    Args:
        problems: At least one.
        reason: Word for programs.
        code: Of gRPC; by the kind of the problems if left out.
        outcome: For the audit.
        head: First line, when there are several problems.
    """

    def __init__(
        self,
        problems: Iterable[Problem],
        reason: str,
        code: grpc.StatusCode | None = None,
        outcome: Outcome = "denied",
        head: str = "",
    ) -> None:
        self.error = StandardsError([shown(problem) for problem in problems], printable(head))
        self.reason = reason
        self.code = code or _CODES[self.error.kind]
        self.outcome = outcome
        super().__init__(str(self.error))

    @property
    def problems(self) -> Sequence[Problem]:
        """What is wrong."""
        return self.error.problems

    def to_proto(self, request_id: str) -> common_pb2.Refusal:
        """Write it as the detail of an error.

        Args:
            request_id: Of the call.

        Returns:
            The detail.
        """
        return common_pb2.Refusal(
            problems=[problem_to_proto(problem) for problem in self.problems[:_PROBLEMS]],
            head=self.error.head,
            request_id=request_id,
            reason=self.reason,
        )


def printable(text: str) -> str:
    """Escape what terminals obey, or show as something else: names in a request are anybody's."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign == "\n" else f"\\u{ord(sign):04x}" for sign in text)


def shown(problem: Problem) -> Problem:
    """Make a problem one that may be shown."""
    what, why, fix, where = map(printable, (problem.what, problem.why, problem.fix, problem.where))
    return Problem(what, why, fix, where, problem.kind)


def problem_to_proto(problem: Problem) -> common_pb2.Problem:
    """Write a problem, its texts cut to what metadata has room for."""
    problem = shown(problem)
    return common_pb2.Problem(
        what=problem.what[:_TEXT_BYTES],
        why=problem.why[:_TEXT_BYTES],
        fix=problem.fix[:_TEXT_BYTES],
        where=problem.where[:_TEXT_BYTES],
        kind=problem.kind,
    )


def refuse(
    reason: str,
    what: str,
    why: str,
    fix: str,
    code: grpc.StatusCode = grpc.StatusCode.PERMISSION_DENIED,
    outcome: Outcome = "denied",
) -> Refusal:
    """Build the refusal of one problem.

    Args:
        reason: Word for programs.
        what: As in Problem.
        why: As in Problem.
        fix: As in Problem.
        code: Of gRPC.
        outcome: For the audit.

    Returns:
        The refusal, to be raised by the caller.
    """
    return Refusal([Problem(what, why, fix, "", "policy")], reason, code, outcome)


def unauthenticated(reason: str, why: str, fix: str = "sign in: wps init") -> Refusal:
    """Build the refusal of somebody who is not known.

    Args:
        reason: Word for programs.
        why: As in Problem.
        fix: As in Problem.

    Returns:
        The refusal, to be raised by the caller.
    """
    outcome: Outcome = "expired" if "expired" in reason else "denied"
    return refuse(reason, "you are not signed in", why, fix, grpc.StatusCode.UNAUTHENTICATED, outcome)


def malformed(why: str) -> Refusal:
    """Build the refusal of a request that is not one."""
    fix = "call it by wps, or as proto/waypaas/v1 says"
    return refuse("malformed", "the request cannot be read", why, fix, grpc.StatusCode.INVALID_ARGUMENT, "failed")


def unavailable(reason: str, why: str, fix: str = "try again; see `wps status`") -> Refusal:
    """Build the refusal of a service that cannot answer now."""
    what = "the team config service cannot answer now"
    return refuse(reason, what, why, fix, grpc.StatusCode.UNAVAILABLE, "failed")
