"""A fresh ID token from the identity provider, by the refresh token that signing in has left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from teamconfig.client.errors import SignInError
from teamconfig.errors import StandardsError

if TYPE_CHECKING:
    from teamconfig.client.vault import Session


def fresh_token(session: Session) -> tuple[str, str]:
    """Get a fresh ID token.

    Args:
        session: Keeps what the identity provider gave.

    Returns:
        ID token, and the provider's refresh token to keep.

    Raises:
        SignInError: The provider takes the old one no more.
        StandardsError: The provider is away, or the file that its certificate is checked with.
    """
    from teamconfig.client import authorities  # noqa: PLC0415  # as below
    from teamconfig.identity import discovery, refreshing  # noqa: PLC0415  # httpx, only every few minutes
    from teamconfig.identity.errors import IdentityError, RefusedError  # noqa: PLC0415

    ca = authorities.of_identity(session.identity_authority, "the session")
    try:
        issuer = discovery.discover(session.issuer, ca=ca)
        found = refreshing.refresh(issuer, session.client_id, session.idp_token, ca=ca)
    except RefusedError as err:
        raise SignInError([replace(err.problem, fix="run `wps init`")], reason=err.reason) from err
    except IdentityError as err:
        raise StandardsError([err.problem]) from err
    return found.id_token, found.refresh_token
