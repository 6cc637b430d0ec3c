"""Providers of identity, as handlers use them: asynchronous, each with what is wrong with it at the moment.

What they do is `identity`'s; it blocks, and runs in threads.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from teamconfig.gen.waypaas.v1 import sessions_pb2
from teamconfig.identity.errors import IdentityError, UnavailableError, refused
from teamconfig.identity.keys import IssuerKeys
from teamconfig.identity.ldapdirectory import LdapDirectory
from teamconfig.identity.oidc import OidcVerifier
from teamconfig.identity.providers import ISSUERS, DirectorySettings, OidcSettings
from teamconfig.identity.signedtoken import SignedTokens
from teamconfig.identity.workload import LAYOUTS, WorkloadVerifier
from teamconfig.service.refusal import Refusal, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from teamconfig.identity.principal import Membership, Principal
    from teamconfig.identity.providers import Settings
    from teamconfig.state.sessions import Session

T = TypeVar("T")

LINK = "link"
"""Claim of a membership that holds the id by which a directory knows somebody who signed in by OIDC."""

_SECONDS = 10.0


def build(found: Sequence[Settings]) -> dict[str, Provider]:
    """Make the providers of a configuration.

    Args:
        found: As `identity.providers.read` gives them.

    Returns:
        By name, in order.
    """
    directories = {
        one.name: LdapDirectory(one.name, one.worker()) for one in found if isinstance(one, DirectorySettings)
    }
    made = {}
    for one in found:
        if isinstance(one, DirectorySettings):
            made[one.name] = Provider(one, None, directories[one.name])
        elif isinstance(one, OidcSettings):
            verifier = OidcVerifier(
                SignedTokens(IssuerKeys(one.issuer, ca=one.ca), one.client_id),
                groups_claim="" if one.groups_from else one.groups_claim,
                link_claim=one.link_claim,
                overage_refused=one.overage == "refuse",
            )
            made[one.name] = Provider(one, verifier, directories.get(one.groups_from))
        else:
            issuer = one.issuer or ISSUERS[one.system]
            jobs = WorkloadVerifier(SignedTokens(IssuerKeys(issuer, ca=one.ca), one.audience), LAYOUTS[one.system])
            made[one.name] = Provider(one, jobs, None)
    return made


class Provider:
    """One provider.

    Args:
        settings: As in service.yaml.
        verifier: Verifies tokens; None for a directory.
        directory: Where groups come from; None where they come by a claim.
    """

    def __init__(self, settings: Any, verifier: Any, directory: Any) -> None:
        self.settings = settings
        self.name: str = settings.name
        self.kind: str = settings.kind
        self.problem = ""
        self._verifier = verifier
        self._directory = directory

    @property
    def rereads(self) -> bool:
        """Whether groups can be read without the user."""
        return self._directory is not None

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
        )

    async def verify(self, token: str) -> tuple[Principal, Membership, str]:
        """Verify a token.

        Args:
            token: An ID token, or that of a job.

        Returns:
            Who it is of, what is said of them, and an id of the token.

        Raises:
            IdentityError: It proves nothing, or nobody can tell.
        """
        if self._verifier is None:
            raise refused("no_tokens", f"{self.name} takes no tokens", "it is a directory", "give a password")
        found = await self._ask(self._verifier.verify, token)
        if self._directory is None:
            return found.principal, found.membership, found.token_id
        if not found.link:
            why = f"the token lacks the claim {self.settings.link_claim}"
            fix = "tell who runs the identity provider"
            raise refused("link_missing", "your groups cannot be looked up", why, fix, self.name)
        _, membership = await self._ask(self._directory.linked, found.link)
        return found.principal, _linked(membership, found.link), found.token_id

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
        if self.kind != "directory":
            raise refused("no_passwords", f"{self.name} takes no passwords", "it gives tokens", "run `wps init`")
        return await self._ask(self._directory.sign_in, user, password)

    async def membership(self, session: Session) -> Membership:
        """Read the groups of somebody who is signed in.

        Args:
            session: Theirs.

        Returns:
            What the directory says now; `disabled` if they are gone.

        Raises:
            IdentityError: Nobody can tell.
        """
        link = session.membership.claims.get(LINK)
        if link is None:
            return await self._ask(self._directory.membership, session.principal)
        _, membership = await self._ask(self._directory.linked, link)
        return _linked(membership, link)

    def close(self) -> None:
        """End what belongs to it."""
        if self.kind == "directory" and self._directory is not None:
            self._directory.close()

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
        raise unavailable("identity_away", str(err.problem.why or err.problem.what), err.problem.fix) from err
    except IdentityError as err:
        raise Refusal([err.problem], err.reason, grpc.StatusCode.UNAUTHENTICATED) from err
    except TimeoutError as err:
        raise unavailable("identity_away", "the identity provider gave no answer in time") from err


def _linked(membership: Membership, link: str) -> Membership:
    claims: Mapping[str, str] = {**membership.claims, LINK: link}
    return replace(membership, claims=claims)
