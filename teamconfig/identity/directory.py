"""What a directory of people is to the service: somebody to sign in at, and a source of groups.

Owns the port and its values. `ldapdirectory` is the one that there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from teamconfig.identity.principal import Membership, Principal

Dialect = Literal["active-directory", "generic"]


@dataclass(frozen=True, slots=True)
class Probed:
    """What a directory said of itself.

    Args:
        dialect: How it keeps groups and accounts.
        issuer: Of its principals: "ldap:" and the domain's SID or naming context.
        base: Where people and groups are looked for.
    """

    dialect: Dialect
    issuer: str
    base: str


class Directory(Protocol):
    """A directory of people. May be used by several threads; every call ends by its deadline."""

    def sign_in(self, user: str, password: str) -> tuple[Principal, Membership]:
        """Prove who somebody is by their password.

        Args:
            user: As typed; for the look-up only.
            password: As typed.

        Returns:
            Who it is, and what the directory says of them.

        Raises:
            RefusedError: User or password wrong, or the account is not good.
            UnavailableError: The directory does not answer.
        """
        ...

    def membership(self, principal: Principal) -> Membership:
        """Read what the directory says of somebody now.

        Args:
            principal: One of this directory's.

        Returns:
            Groups and state of the account; `disabled` if it is gone.

        Raises:
            RefusedError: The principal is another issuer's, or has more groups than can be taken.
            UnavailableError: The directory does not answer.
        """
        ...

    def linked(self, link: str) -> tuple[Principal, Membership]:
        """Find somebody by an unchanging id that another issuer vouches for.

        Args:
            link: Value of the other issuer's claim: a UUID, a SID, or a UUID's bytes in base64.

        Returns:
            Who it is here, and what the directory says of them.

        Raises:
            RefusedError: There is nobody with that id.
            UnavailableError: The directory does not answer.
        """
        ...

    def probe(self) -> Probed:
        """Ask the directory what it is.

        Returns:
            What it says.

        Raises:
            UnavailableError: It does not answer, or refuses the service's own account.
        """
        ...

    def close(self) -> None:
        """End what belongs to it."""
        ...
