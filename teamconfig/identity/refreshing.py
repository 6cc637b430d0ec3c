"""A fresh ID token for an old refresh token, so that the service can read the groups again.

Owns the client's side. Where the refresh token is kept is the caller's matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.identity import tokenendpoint, web
from teamconfig.identity.tokenendpoint import Refusal, Tokens

if TYPE_CHECKING:
    from teamconfig.identity.discovery import Discovery


def refresh(discovery: Discovery, client_id: str, refresh_token: str, *, ca: str = "") -> Tokens:
    """Get a fresh ID token.

    Args:
        discovery: Of the issuer.
        client_id: Ours there.
        refresh_token: The newest; most providers take one only once.
        ca: File of certificates to trust instead of the system's.

    Returns:
        The ID token, and the refresh token to keep from now on in the old one's place.

    Raises:
        RefusedError: The provider does not take the refresh token any more.
        UnavailableError: The provider does not answer, or gives no ID token. Whether it has taken the refresh token is
            unknown then; the next attempt tells.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client_id}
    answer = tokenendpoint.ask(discovery, form, ca=ca, deadline_seconds=web.DEADLINE_SECONDS)
    if isinstance(answer, Refusal):
        raise tokenendpoint.error(answer, discovery.token_endpoint)
    return Tokens(answer.id_token, answer.refresh_token or refresh_token)
