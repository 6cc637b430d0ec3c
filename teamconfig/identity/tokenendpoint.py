"""The token endpoint, from the client's side: asks for tokens, and reads the answer or the refusal.

Owns what the device flow, the loopback flow and refreshing share. Verifies no
signature: these tokens came over TLS from the issuer itself, and the service
verifies them before anybody believes them.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from teamconfig.identity import web
from teamconfig.identity.errors import RefusedError, refused, unavailable
from teamconfig.identity.names import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.identity.discovery import Discovery

SCOPES = ("openid", "profile", "email", "offline_access")

REFUSALS = {
    "access_denied": ("the sign-in was refused at the identity provider", "you, or a rule there, said no"),
    "expired_token": ("the code has expired", "it was not confirmed in time"),
    "invalid_grant": ("the identity provider does not take the proof any more", "it expired, was used, or was revoked"),
    "invalid_client": ("the identity provider does not know this client", "client_id is wrong, or needs a secret"),
    "unauthorized_client": (
        "the identity provider does not let this client sign in this way",
        "the flow is not switched on for it",
    ),
    "invalid_scope": ("the identity provider does not give what was asked for", "a scope is unknown there"),
    "interaction_required": ("the identity provider wants you to sign in again", "its session ended"),
    "login_required": ("the identity provider wants you to sign in again", "its session ended"),
}
"""What happened and why, by the code of RFC 6749, RFC 8628 or OpenID Connect."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an identity provider gave.

    Args:
        id_token: To show to the service.
        refresh_token: To get a fresh ID token later; empty if there is none.
    """

    id_token: str = field(repr=False)
    refresh_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error that the token endpoint answered with.

    Args:
        code: As in RFC 6749, section 5.2.
        text: The provider's own words, printable.
    """

    code: str
    text: str


def ask(discovery: Discovery, form: Mapping[str, str], *, ca: str, deadline_seconds: float) -> Tokens | Refusal:
    """Ask for tokens.

    Args:
        discovery: Of the issuer.
        form: Grant and its parameters.
        ca: File of certificates to trust instead of the system's.
        deadline_seconds: For the answer.

    Returns:
        Tokens, or why not.

    Raises:
        UnavailableError: The provider does not answer, or not as a token endpoint does.
    """
    document = post(discovery.token_endpoint, form, ca=ca, deadline_seconds=deadline_seconds)
    if isinstance(document, Refusal):
        return document
    token, refresh_token = document.get("id_token"), document.get("refresh_token", "")
    if not isinstance(token, str) or not token or not isinstance(refresh_token, str):
        raise unavailable(
            "no_id_token",
            "the identity provider gave no ID token",
            "it gives one when scope openid is asked for and the client may have it",
            "have scope openid permitted for this client",
            printable(discovery.token_endpoint, 200),
        )
    return Tokens(token, refresh_token)


def post(url: str, form: Mapping[str, str], *, ca: str, deadline_seconds: float) -> dict[str, Any] | Refusal:
    """Post a form to an endpoint of OAuth.

    Args:
        url: Of the endpoint.
        form: What to post.
        ca: File of certificates to trust instead of the system's.
        deadline_seconds: For the answer.

    Returns:
        The answer's object, or the refusal that it is.

    Raises:
        UnavailableError: No answer, or none in OAuth's form.
    """
    answer = web.request(url, form=form, ca=ca, deadline_seconds=deadline_seconds)
    document = web.decoded(answer, url)
    if answer.status == web.HTTP_OK:
        return document
    code = document.get("error")
    if isinstance(code, str):
        return Refusal(printable(code, 60), printable(str(document.get("error_description") or ""), 200))
    raise unavailable(
        "bad_status",
        f"the identity provider answers with status {answer.status}",
        "it has a fault of its own, or the address is wrong",
        "try again; if it stays so, tell who runs the identity provider",
        printable(url, 200),
    )


def error(refusal: Refusal, where: str) -> RefusedError:
    """Build the error for a refusal that ends the attempt.

    Args:
        refusal: As answered.
        where: Address of the endpoint.

    Returns:
        The error, to be raised by the caller.
    """
    what, why = REFUSALS.get(refusal.code, (f"the identity provider refuses: {refusal.code}", ""))
    why = f"{why}: {refusal.text}" if why and refusal.text else why or refusal.text or "it says no more"
    return refused(refusal.code or "refused", what, why, "sign in again: wps init", printable(where, 200))


def needed(url: str, name: str, issuer: str) -> str:
    """Give an endpoint that a flow cannot do without.

    Args:
        url: As discovered; empty if the issuer has none.
        name: Of the endpoint.
        issuer: Whose.

    Returns:
        The URL.

    Raises:
        UnavailableError: There is none.
    """
    if url:
        return url
    raise unavailable(
        "no_endpoint",
        f"the identity provider has no {name}",
        "this way of signing in is not switched on there",
        "sign in the other way, or tell who runs the identity provider",
        printable(issuer, 200),
    )


def unverified_claim(token: str, name: str) -> Any:
    """Read a claim of a token that came from the issuer itself a moment ago.

    Args:
        token: Never one of somebody else: nothing is verified.
        name: Of the claim.

    Returns:
        Its value; None if there is none, or that is no token.
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004  # header, claims, signature
        return None
    try:
        data = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
    except (binascii.Error, ValueError):
        return None
    return (web.json_object(data) or {}).get(name)
