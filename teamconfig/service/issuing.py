"""From a lease to credentials: what an issuer is asked, and in what words it fails.

The issuers are `clusters` and `accounts`, each loaded where service.yaml has some.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import grpc

from teamconfig.credentials.errors import CloudBusyError, CredentialsError, MissingError, PolicyError, StateError
from teamconfig.errors import Problem, StandardsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from teamconfig.gen.waypaas.v1 import rights_pb2
    from teamconfig.profile import Profile
    from teamconfig.state.leases import Lease

T = TypeVar("T")

_CODES: tuple[tuple[type[CredentialsError], grpc.StatusCode, str], ...] = (
    (PolicyError, grpc.StatusCode.PERMISSION_DENIED, "credentials_refused"),
    (MissingError, grpc.StatusCode.FAILED_PRECONDITION, "credentials_missing"),
    (StateError, grpc.StatusCode.FAILED_PRECONDITION, "credentials_state"),
    (CloudBusyError, grpc.StatusCode.UNAVAILABLE, "cloud_busy"),
    (CredentialsError, grpc.StatusCode.INTERNAL, "cloud_failed"),
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What credentials are wanted for.

    Args:
        lease: In the database already.
        profile: The standards of the target, with the options of waypoint.hcl.
        bounds: The standards alone: what credentials may reach is not for waypoint.hcl to say.
    """

    lease: Lease
    profile: Profile
    bounds: Profile


class IssueError(Exception):
    """No credentials were given.

    Args:
        problem: Why.
        reason: Word for programs.
        code: Of gRPC.
    """

    def __init__(self, problem: Problem, reason: str, code: grpc.StatusCode) -> None:
        self.problem = problem
        self.reason = reason
        self.code = code
        super().__init__(problem.what)


class Issuer(Protocol):
    """Gives credentials of one platform."""

    async def issue(self, wish: Wish) -> tuple[Mapping[str, str], rights_pb2.Credentials]:
        """Give credentials, and where they can be revoked.

        Raises:
            IssueError: There are none.
        """

    async def runs(self, profile: Profile, digest: str) -> bool:
        """Look whether an image runs, by the service's own eyes; False if nobody can tell."""

    async def revoke(self, lease: Lease) -> bool:
        """End them; tells whether that was possible."""

    async def sweep(self, now: float) -> None:
        """Remove what ended credentials have left."""


def place(find: Callable[[str], T], environment: str) -> T:
    """Find where an environment lives.

    Args:
        find: Of `Clouds`.
        environment: One of the company's.

    Returns:
        What it finds.

    Raises:
        IssueError: service.yaml names no such place.
    """
    try:
        return find(environment)
    except StandardsError as err:
        raise IssueError(err.problems[0], "no_place", grpc.StatusCode.FAILED_PRECONDITION) from err


def failed(err: CredentialsError) -> IssueError:
    """Say in the service's words why a cloud gave nothing.

    Args:
        err: Of the cloud's side.

    Returns:
        The error, to be raised by the caller.
    """
    for kind, code, reason in _CODES:
        if isinstance(err, kind):
            return IssueError(err.problem, reason, code)
    raise AssertionError("the last kind is all of them")
