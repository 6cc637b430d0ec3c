"""Digests: their syntax, and whether bytes have one.

Pure. Knows the two algorithms that OCI registers, and takes no other.
"""

from __future__ import annotations

import hashlib
import re

from imagemover.errors import ContentError, ReferenceSyntaxError

_SYNTAX = re.compile(r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")


def check(text: object, where: str = "") -> str:
    """Check a digest's syntax.

    Args:
        text: Such as "sha256:" and 64 lower case hex digits; anything else is refused.
        where: Where it stands, for the error.

    Returns:
        The text.

    Raises:
        ReferenceSyntaxError: It is none.

    Source: opencontainers/image-spec descriptor.md, Digests.
    """
    if isinstance(text, str) and _SYNTAX.match(text):
        return text
    shown = repr(text)[:100]
    why = "a digest is sha256: with 64, or sha512: with 128, lower case hex digits"
    raise ReferenceSyntaxError(f"{shown} is not a digest", why, "copy the digest anew from where it was shown", where)


def of(data: bytes, algorithm: str = "sha256") -> str:
    """Give the digest of some bytes.

    Args:
        data: The bytes.
        algorithm: "sha256" or "sha512".

    Returns:
        The digest.
    """
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def verify(data: bytes, digest: str, where: str = "") -> None:
    """Check that bytes have a digest.

    Args:
        data: The bytes.
        digest: With good syntax.
        where: Where the bytes came from.

    Raises:
        ContentError: They have another.
    """
    found = of(data, digest.partition(":")[0])
    if found != digest:
        raise mismatch(found, digest, where)


def mismatch(found: str, wanted: str, where: str) -> ContentError:
    """Build the error of bytes that have another digest.

    Args:
        found: Digest of the bytes.
        wanted: The digest that they were asked for by.
        where: Where they came from.

    Returns:
        The error.
    """
    return ContentError(
        f"bytes of {wanted} have the digest {found}",
        "the registry, its storage or something between it and here changed them",
        "copy again; if it stays, push the image to the source again",
        where,
    )


class Verifier:
    """The digest of a stream, as far as it was read.

    Bytes that are read a second time, because something behind wants them
    again, are counted once: pass the offset of each piece.

    Args:
        digest: That the whole must have.
        size: Of the whole, in bytes.
    """

    def __init__(self, digest: str, size: int) -> None:
        self.digest = digest
        self.size = size
        self.seen = 0
        self._hash = hashlib.new(digest.partition(":")[0])

    def update(self, offset: int, piece: memoryview, where: str = "") -> None:
        """Take a piece; with the last one, check the whole.

        Args:
            offset: Of the piece in the stream; at most `seen`.
            piece: The bytes.
            where: Where they came from, for the error.

        Raises:
            ContentError: The stream is longer than announced, or has another digest.
        """
        end = offset + len(piece)
        if end > self.size:
            what = f"{self.digest} is longer than its {self.size} bytes"
            raise ContentError(what, "its descriptor says how long it is", "push the image to the source again", where)
        if end > self.seen:
            self._hash.update(piece[self.seen - offset :])
            self.seen = end
        if end == self.size:
            found = f"{self._hash.name}:{self._hash.hexdigest()}"
            if found != self.digest:
                raise mismatch(found, self.digest, where)
