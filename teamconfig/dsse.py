"""What is signed of a payload in a DSSE envelope. Pure.

How an envelope may look is for its readers: release records have one form
alone, manifests of plugins may have several signatures.

Source: secure-systems-lab/dsse, protocol.md (v1.0).
"""

from __future__ import annotations


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """Encode what is signed: the type is part of it, so that nothing can be passed off as something else.

    Args:
        payload_type: What the payload is.
        payload: The bytes.

    Returns:
        DSSE's pre-authentication encoding.
    """
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
