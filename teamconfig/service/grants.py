"""The token of a grant: a JWS of Ed25519 that names it. The database decides what it is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from teamconfig.service.refusal import unauthenticated

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    from teamconfig.state.grants import Grant

AGAIN = "run `waypoint deploy` again: it asks for a new one"
"""What to do where a grant is worth nothing."""

_AUDIENCE = "waypaas-grant"
_TOKEN_BYTES = 4096


def sign(grant: Grant, key: Ed25519PrivateKey) -> str:
    """Write the token of a grant.

    Args:
        grant: Approved.
        key: Of the service.

    Returns:
        JWS in compact form.
    """
    wanted = grant.wanted
    return jwt.encode(
        {
            "jti": grant.jti,
            "aud": _AUDIENCE,
            "exp": int(grant.expires),
            "project": wanted.project,
            "app": wanted.app,
            "environment": wanted.environment,
            "action": wanted.action,
            "digest": wanted.digest,
            "plan_hash": wanted.plan_hash,
            "revision": wanted.revision,
        },
        key,
        algorithm="EdDSA",
    )


def read(token: str, key: Ed25519PublicKey) -> str:
    """Check a token, and give the id that the database knows it by.

    Args:
        token: From anywhere.
        key: Of the service.

    Returns:
        The jti.

    Raises:
        Refusal: It is not ours, or over.
    """
    if len(token) > _TOKEN_BYTES:
        raise unauthenticated("grant_invalid", "it is no grant of this service", AGAIN)
    try:
        found = jwt.decode(
            token, key, algorithms=["EdDSA"], audience=_AUDIENCE, options={"require": ["jti", "exp"]}, leeway=0
        )
    except jwt.ExpiredSignatureError as err:
        raise unauthenticated("grant_expired", "the grant is over", AGAIN) from err
    except (jwt.InvalidTokenError, ValueError) as err:
        raise unauthenticated("grant_invalid", "it is no grant of this service", AGAIN) from err
    return str(found["jti"])
