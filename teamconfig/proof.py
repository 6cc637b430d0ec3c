"""The words that a device signs with each call; both ends build them here."""

from __future__ import annotations

import base64
import hashlib

TOKEN, TIME, REQUEST, PROOF = "authorization", "waypaas-time", "waypaas-request", "waypaas-proof"
"""Keys of a call's metadata."""

SKEW_SECONDS = 120
"""How far the clocks of both ends may be apart."""

SEED_BYTES = 32
"""Of what a device draws for the tokens that it asks for."""


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


def nonce(device_key: bytes) -> str:
    """Give the nonce that a device asks the identity provider to put into its ID token.

    The service takes a token with a nonce from this device only, so that whoever else gets the token cannot use it.

    Args:
        device_key: Public Ed25519 key, 32 bytes.

    Returns:
        Its SHA-256 in base64url, 43 letters.
    """
    return base64.urlsafe_b64encode(hashlib.sha256(device_key).digest()).decode().rstrip("=")


def token_hash(token: str) -> str:
    """Give what the service keeps of a token: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
