"""How the service and its LDAP worker speak: frames of a length and a JSON object, over pipes.

Owns the frame and the words of failures. Loaded by both sides, so it loads nothing.
"""

from __future__ import annotations

import json
from typing import Any

MOST_BYTES = 4 << 20
"""Of a frame: 5,000 groups have some 300 KiB."""

HEAD_BYTES = 4


class LdapFailure(Exception):  # noqa: N818  # travels between the processes; the service turns it into its own errors
    """An operation that did not succeed, as facts; the texts are made where they are shown.

    Args:
        reason: A word of `ldapdirectory.TEXTS`.
        detail: What the server or the library said, without names and secrets.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


def encode(value: dict[str, Any]) -> bytes:
    """Make a frame.

    Args:
        value: JSON-able.

    Returns:
        Length and JSON.
    """
    data = json.dumps(value).encode()
    return len(data).to_bytes(HEAD_BYTES, "big") + data


def length(head: bytes) -> int:
    """Read the length out of a frame's head.

    Args:
        head: Its first four bytes.

    Returns:
        Bytes of the JSON that follows.

    Raises:
        ValueError: More than a frame has.
    """
    number = int.from_bytes(head, "big")
    if number > MOST_BYTES:
        raise ValueError("frame too large")
    return number


def decode(data: bytes) -> dict[str, Any]:
    """Read the JSON of a frame.

    Args:
        data: Without the head.

    Returns:
        The object.

    Raises:
        ValueError: It is none.
    """
    value = json.loads(data)
    if not isinstance(value, dict):
        raise ValueError("no object")  # noqa: TRY004  # broken bytes, not a wrong argument
    return value
