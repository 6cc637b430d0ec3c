"""What an OIDC issuer says of itself: its endpoints and algorithms.

Owns the reading of the discovery document, for the service and for the client's
side of signing in alike. Verifies no token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.identity import web
from teamconfig.identity.errors import UnavailableError, unavailable
from teamconfig.identity.names import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHMS = ("RS256", "ES256", "EdDSA", "PS256")
"""By which a token may be signed; never by a shared secret, never by nothing."""

PATH = "/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class Discovery:
    """An issuer's endpoints.

    Args:
        issuer: As configured, and as the issuer calls itself.
        jwks_uri: Where its keys are.
        algorithms: By which it signs ID tokens, of those that we take.
        token_endpoint: Gives tokens; empty if it has none, as the others.
        authorization_endpoint: For a browser.
        device_authorization_endpoint: For the device flow.
        names_issuer_in_answer: It adds `iss` to the answer of the authorization endpoint (RFC 9207).
    """

    issuer: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    token_endpoint: str = ""
    authorization_endpoint: str = ""
    device_authorization_endpoint: str = ""
    names_issuer_in_answer: bool = False


def discover(issuer: str, *, ca: str = "", deadline_seconds: float = web.DEADLINE_SECONDS) -> Discovery:
    """Ask an issuer for its endpoints.

    Args:
        issuer: Its URL.
        ca: File of certificates to trust instead of the system's.
        deadline_seconds: For all of it.

    Returns:
        What it says.

    Raises:
        UnavailableError: It does not answer, or not as an issuer does.

    Source: OpenID Connect Discovery 1.0, sections 3 and 4.
    """
    document, _ = web.get_object(issuer.rstrip("/") + PATH, ca=ca, deadline_seconds=deadline_seconds)
    return read(issuer, document)


def read(issuer: str, document: Mapping[str, Any]) -> Discovery:
    """Read a discovery document.

    Args:
        issuer: Whose it should be.
        document: As received.

    Returns:
        What it says.

    Raises:
        UnavailableError: It is another issuer's, or lacks what is needed.
    """
    if document.get("issuer") != issuer:
        raise _wrong(
            issuer,
            f"the identity provider calls itself {_shown(document.get('issuer'))}",
            f"{printable(issuer, 200)} is configured, and the two have to be the same, letter by letter",
        )
    signed_by = document.get("id_token_signing_alg_values_supported")
    offered = signed_by if isinstance(signed_by, list) else []
    algorithms = tuple(name for name in ALGORITHMS if name in offered)
    if not algorithms:
        raise _wrong(
            issuer,
            "the identity provider signs by none of " + ", ".join(ALGORITHMS),
            f"it says that it signs by {_shown(signed_by)}",
        )
    return Discovery(
        issuer,
        _endpoint(issuer, document, "jwks_uri", needed=True),
        algorithms,
        _endpoint(issuer, document, "token_endpoint"),
        _endpoint(issuer, document, "authorization_endpoint"),
        _endpoint(issuer, document, "device_authorization_endpoint"),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _endpoint(issuer: str, document: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    url = document.get(name)
    if url is None and not needed:
        return ""
    if not isinstance(url, str) or not web.permitted(url):
        raise _wrong(
            issuer,
            f"{name} of the identity provider is {_shown(url)}",
            "endpoints are asked by https only; http is for this machine alone",
        )
    return url


def _shown(value: object) -> str:
    return printable(repr(value), 200) if value is not None else "nothing"


def _wrong(issuer: str, what: str, why: str) -> UnavailableError:
    return unavailable(
        "bad_discovery",
        what,
        why,
        "correct the issuer in the provider's configuration, or the identity provider's own",
        printable(issuer + PATH, 250),
    )
