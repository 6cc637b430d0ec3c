"""Who signs the audit's checkpoints: a shared key, or a pair of keys.

Owns the two ways of signing; what is signed is `checkpoints`'.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidSignature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Signer(Protocol):
    """Signs checkpoints, and knows its own signature."""

    def sign(self, data: bytes) -> bytes:
        """Sign.

        Args:
            data: What is signed.

        Returns:
            The signature.
        """

    def is_signed(self, data: bytes, signature: bytes) -> bool:
        """Tell whether a signature is good.

        Args:
            data: What was signed.
            signature: As found.

        Returns:
            Whether `sign` made it of the data.
        """


class HmacSigner:
    """Signs by HMAC-SHA-256: who can check can also sign.

    Args:
        key: At least 32 bytes; not the chain's.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, data: bytes) -> bytes:
        """Sign, as of Signer.

        Args:
            data: What is signed.

        Returns:
            32 bytes.
        """
        return hmac.digest(self._key, data, "sha256")

    def is_signed(self, data: bytes, signature: bytes) -> bool:
        """Check, as of Signer.

        Args:
            data: What was signed.
            signature: As found.

        Returns:
            Whether it is good.
        """
        return hmac.compare_digest(self.sign(data), signature)


class Ed25519Signer:
    """Signs by Ed25519: the public key is enough to check.

    Args:
        private: None where signatures are only checked.
        public: Of the same pair.
        older: Public keys of pairs that have signed before.
    """

    def __init__(
        self, private: Ed25519PrivateKey | None, public: Ed25519PublicKey, older: Iterable[Ed25519PublicKey] = ()
    ) -> None:
        self._private = private
        self._publics = (public, *older)

    def sign(self, data: bytes) -> bytes:
        """Sign, as of Signer.

        Args:
            data: What is signed.

        Returns:
            64 bytes.

        Raises:
            ValueError: There is no private key.
        """
        if self._private is None:
            raise ValueError("checkpoints are only read here: there is no private key")
        return self._private.sign(data)

    def is_signed(self, data: bytes, signature: bytes) -> bool:
        """Check, as of Signer.

        Args:
            data: What was signed.
            signature: As found.

        Returns:
            Whether it is good.
        """
        return any(_is_good(one, data, signature) for one in self._publics)


def _is_good(public: Ed25519PublicKey, data: bytes, signature: bytes) -> bool:
    try:
        public.verify(signature, data)
    except InvalidSignature:
        return False
    return True
