"""Why there are no credentials: typed, in the four parts of a Problem.

Owns no mapping to gRPC: `service` tells callers which of these is theirs to mend.
"""

from __future__ import annotations

from teamconfig.errors import Kind, Problem


class CredentialsError(Exception):
    """No credentials were handed out.

    Args:
        what: What happened, subject first.
        why: The rule or cause.
        fix: One imperative that the reader can do now.
        where: Name of the cluster or account, and of the thing there.
    """

    kind: Kind = "state"

    def __init__(self, what: str, why: str, fix: str, where: str) -> None:
        self.problem = Problem(what, why, fix, where, self.kind)
        super().__init__(what)

    def __str__(self) -> str:
        """Give the four lines."""
        return str(self.problem)


class PolicyError(CredentialsError):
    """What was asked for may never be handed out."""

    kind: Kind = "policy"


class MissingError(CredentialsError):
    """The cloud lacks something that the platform team has to make there."""

    kind: Kind = "missing"


class StateError(CredentialsError):
    """The service itself is set up wrong: it has no rights, or no credentials of its own."""


class CloudError(CredentialsError):
    """The cloud answered with something else; `why` has its own code and request id."""


class CloudBusyError(CredentialsError):
    """The cloud is overloaded, silent or out of reach; another try may help.

    Args:
        what: As in CredentialsError.
        why: As in CredentialsError.
        fix: As in CredentialsError.
        where: As in CredentialsError.
        retry_after: Seconds that the cloud asks to wait; 0 if it names none.
    """

    def __init__(self, what: str, why: str, fix: str, where: str, retry_after: float = 0.0) -> None:
        super().__init__(what, why, fix, where)
        self.retry_after = retry_after
