"""Providers of identity, as handlers use them: asynchronous, each with what is wrong with it at the moment.

What they do is `identity`'s; it blocks, and runs in threads.
"""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from teamconfig import proof
from teamconfig.gen.waypaas.v1 import sessions_pb2
from teamconfig.identity.errors import IdentityError, UnavailableError
from teamconfig.service.refusal import Refusal, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from teamconfig.identity.identities import Identities
    from teamconfig.identity.oidc import Identity
    from teamconfig.identity.principal import Membership, Principal
    from teamconfig.identity.providers import Settings
    from teamconfig.state.sessions import Session

T = TypeVar("T")

LINK = "link"
"""Claim of a membership that holds the id by which a directory knows somebody who signed in by OIDC."""

_SECONDS = 10.0


class Provider:
    """One provider.

    Args:
        settings: As in service.yaml.
        identities: Of all providers.
    """

    def __init__(self, settings: Settings, identities: Identities) -> None:
        self.settings = settings
        self.name = settings.name
        self.kind = settings.kind
        self.problem = ""
        self._identities = identities

    @property
    def rereads(self) -> bool:
        """Whether groups can be read without the user."""
        return self.kind == "directory" or bool(getattr(self.settings, "groups_from", ""))

    @property
    def signs_in(self) -> bool:
        """Whether one may sign in here; a directory may be for groups only."""
        return bool(getattr(self.settings, "sign_in", True))

    def to_proto(self) -> sessions_pb2.Provider:
        """Write what a client needs to know."""
        found = self.settings
        return sessions_pb2.Provider(
            name=found.name,
            kind=found.kind,
            issuer=getattr(found, "issuer", ""),
            client_id=getattr(found, "client_id", ""),
            scopes=getattr(found, "scopes", ()),
            flows=getattr(found, "flows", ()),
            audience=getattr(found, "audience", ""),
            loopback_port=getattr(found, "loopback_port", 0),
        )

    async def verify(self, token: str, device_key: bytes) -> Identity:
        """Verify a token.

        Args:
            token: An ID token, or that of a job.
            device_key: Public key of the device that shows it.

        Returns:
            Who it is of, and what is said of them.

        Raises:
            IdentityError: It proves nothing, or nobody can tell.
        """
        asked = functools.partial(self._identities.by_token, nonce=proof.nonce(device_key))
        found = await self._ask(asked, self.name, token)
        return replace(found, membership=_linked(found.membership, found.link))

    async def sign_in(self, user: str, password: str) -> tuple[Principal, Membership]:
        """Sign in by password.

        Args:
            user: As typed.
            password: As typed.

        Returns:
            Who it is, and what the directory says of them.

        Raises:
            IdentityError: Wrong, or nobody can tell.
        """
        found = await self._ask(self._identities.by_password, self.name, user, password)
        return found.principal, found.membership

    async def membership(self, session: Session) -> Membership:
        """Read the groups of somebody who is signed in.

        Args:
            session: Theirs.

        Returns:
            What the directory says now; `disabled` if they are gone.

        Raises:
            IdentityError: Nobody can tell.
        """
        link = session.membership.claims.get(LINK, "")
        found = await self._ask(self._identities.membership, self.name, session.principal, link)
        return _linked(found or session.membership, link)

    async def _ask(self, what: Callable[..., T], *arguments: Any) -> T:
        try:
            async with asyncio.timeout(_SECONDS):
                found = await asyncio.to_thread(what, *arguments)
        except UnavailableError as err:
            self.problem = f"{err.problem.what}: {err.problem.why}"
            raise
        self.problem = ""
        return found


async def told(asked: Awaitable[Any]) -> Any:
    """Wait for what a provider says; its refusals become ours.

    Args:
        asked: Of a provider.

    Returns:
        What it says.

    Raises:
        Refusal: The proof is not good, or the provider is away.
    """
    try:
        return await asked
    except UnavailableError as err:
        why = ": ".join(filter(None, (err.problem.what, err.problem.why)))
        raise unavailable("identity_away", why, err.problem.fix) from err
    except IdentityError as err:
        raise Refusal([err.problem], err.reason, grpc.StatusCode.UNAUTHENTICATED) from err
    except TimeoutError as err:
        raise unavailable("identity_away", "the identity provider gave no answer in time") from err


def _linked(membership: Membership, link: str) -> Membership:
    """Keep the link beside what was said, as it is needed to ask again."""
    return replace(membership, claims={**membership.claims, LINK: link}) if link else membership
