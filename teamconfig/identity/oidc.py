"""People who prove who they are by an OIDC provider's ID token.

Owns the step from verified claims to a principal and its groups. The signature
is `signedtoken`'s matter, the client's side of signing in `deviceflow`'s and
`loopback`'s.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig.identity import groups
from teamconfig.identity.errors import refused
from teamconfig.identity.names import first_printable, printable
from teamconfig.identity.principal import Membership, Principal

if TYPE_CHECKING:
    from teamconfig.identity.signedtoken import Claims, SignedTokens

NAME_CLAIMS = ("preferred_username", "email", "name")


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody whose token was verified.

    Args:
        principal: Who.
        membership: What the issuer says of them, as old as the token.
        link: Value of the claim by which a directory knows them; empty if there is none.
        expires: When the token ends, seconds since 1970.
        token_id: The same for the same token only.
    """

    principal: Principal
    membership: Membership
    link: str
    expires: float
    token_id: str


class OidcVerifier:
    """Verifies ID tokens of one provider. May be used by several threads.

    Args:
        tokens: Verifies signature, issuer, audience and times.
        groups_claim: Name of the claim with the groups; empty if groups come from elsewhere.
        link_claim: Name of the claim that a directory knows the person by; empty if none does.
        overage_refused: Refuse a token that leaves groups out for their number, instead of taking it without groups.
    """

    def __init__(
        self, tokens: SignedTokens, *, groups_claim: str = "groups", link_claim: str = "", overage_refused: bool = False
    ) -> None:
        self.tokens = tokens
        self.groups_claim = groups_claim
        self.link_claim = link_claim
        self.overage_refused = overage_refused

    def verify(self, token: str, *, nonce: str | None = None, needed: bool = True) -> Identity:
        """Verify an ID token.

        Args:
            token: As received.
            nonce: That the token has to hold, if the caller made one.
            needed: Whether a token without a nonce is refused too; one of the device flow has none.

        Returns:
            Who it is about.

        Raises:
            RefusedError: The token proves nothing.
            UnavailableError: The provider's keys cannot be had.
        """
        claims = self.tokens.verify(token)
        if nonce is not None:
            told = claims.values.get("nonce") if needed else claims.values.get("nonce", nonce)
            if not isinstance(told, str) or not hmac.compare_digest(told.encode(errors="replace"), nonce.encode()):
                raise refused(
                    "token_nonce",
                    "the token answers another request than ours",
                    "its nonce is not the one that was sent",
                    "sign in again",
                    f"a token of {printable(claims.issuer, 200)}",
                )
        return self._identity(claims)

    def _identity(self, claims: Claims) -> Identity:
        values = claims.values
        found, note = groups.of(values, self.groups_claim) if self.groups_claim else (frozenset[str](), "")
        if note and self.overage_refused and groups.is_overage(values, self.groups_claim):
            raise refused(
                "groups_overage",
                "the token leaves the groups out, as there are too many",
                note,
                "tell who runs the identity provider, or set groups_from to a directory",
                f"claim {self.groups_claim}",
            )
        name = first_printable(values.get(claim) for claim in NAME_CLAIMS) or printable(claims.subject)
        link = values.get(self.link_claim) if self.link_claim else None
        return Identity(
            Principal(claims.issuer, claims.subject, name),
            Membership(found, claims.issued_at, note=note),
            link if isinstance(link, str) and groups.is_id(link) else "",
            claims.expires,
            claims.token_id,
        )
