"""The words that a device signs with each call; both ends build them here."""

from __future__ import annotations

import hashlib

TOKEN, TIME, REQUEST, PROOF = "authorization", "waypaas-time", "waypaas-request", "waypaas-proof"
"""Keys of a call's metadata."""

SKEW_SECONDS = 120
"""How far the clocks of both ends may be apart."""


def message(method: str, request: str, time: str, token: str) -> bytes:
    """Build what is signed.

    Args:
        method: Full name of the method: "/waypaas.v1.Sessions/WhoAmI".
        request: Id of the call, 32 hex digits.
        time: Seconds since 1970, as sent.
        token: That the call carries; empty if it carries none.

    Returns:
        Four lines.
    """
    return "\n".join((method, request, time, token_hash(token))).encode()


def token_hash(token: str) -> str:
    """Give what the service keeps of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
