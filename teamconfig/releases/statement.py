"""A record as a signed statement: in-toto's form in a DSSE envelope, signed by Ed25519.

Owns the bytes: the same record always gives the same ones, and only those are
read. Knows nothing of chains, see `chain`.

Source: in-toto attestation framework, Statement v1; secure-systems-lab/dsse, protocol.md and envelope.md (v1.0).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING, Any

from teamconfig.dsse import pre_authentication
from teamconfig.releases import record as records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from teamconfig.releases.record import Record

STATEMENT = "application/vnd.in-toto+json"
"""Type of a record's payload."""

PREDICATE = "urn:waypaas:release:v1"
"""Type of what a statement says of its image."""

MAX_BYTES = 256 * 1024
"""No envelope is longer."""

_TYPE = "https://in-toto.io/Statement/v1"


def key_id(public_key: bytes) -> str:
    """Name a key.

    Args:
        public_key: Ed25519, 32 bytes.

    Returns:
        Its SHA-256 in hex.
    """
    return hashlib.sha256(public_key).hexdigest()


def canonical(content: Any) -> bytes:
    """Write JSON values in the one way that is signed.

    Args:
        content: JSON values.

    Returns:
        ASCII, keys in order, no spaces.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def payload(record: Record) -> bytes:
    """Write the statement of a record.

    Args:
        record: Any; its id is not part of it, as it is the hash of these bytes.

    Returns:
        JSON of in-toto's form: the image is the subject, the record the predicate.
    """
    algorithm, _, value = record.digest.partition(":")
    return canonical(
        {
            "_type": _TYPE,
            "subject": [{"name": record.image, "digest": {algorithm: value}}],
            "predicateType": PREDICATE,
            "predicate": records.to_json(record),
        }
    )


def id_of(content: bytes) -> str:
    """Give the id of a record from the bytes of its statement.

    Args:
        content: As `payload` wrote them.

    Returns:
        64 hex digits.
    """
    return hashlib.sha256(content).hexdigest()


def read(content: bytes) -> Record:
    """Read the statement of a record; any other bytes than `payload` writes are refused.

    Args:
        content: From anywhere, its signature checked.

    Returns:
        The record.

    Raises:
        ValueError: It is no statement of ours.
    """
    try:
        found = json.loads(content)
        made = records.from_json(id_of(content), found["predicate"])
    except (KeyError, TypeError, AttributeError, RecursionError) as err:
        raise ValueError("it is no statement of a release") from err
    if payload(made) != content:
        raise ValueError("it is no statement of a release in the form that is signed")
    return made


def seal(payload_type: str, content: bytes, key: Ed25519PrivateKey) -> str:
    """Sign bytes.

    Args:
        payload_type: What they are.
        content: The bytes.
        key: Whose word it is.

    Returns:
        The DSSE envelope, JSON.
    """
    name = key_id(key.public_key().public_bytes_raw())
    signature = key.sign(pre_authentication(payload_type, content))
    return _envelope(payload_type, content, name, signature)


def unseal(envelope: str, payload_type: str, keys: Mapping[str, bytes]) -> bytes:
    """Check the signature of an envelope.

    Args:
        envelope: JSON, from anywhere.
        payload_type: What it has to hold.
        keys: Ed25519 public keys that count, by id.

    Returns:
        The bytes that were signed.

    Raises:
        ValueError: It is no envelope of ours, or the signature is not of one of the keys; says which.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # 60 ms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    if len(envelope) > MAX_BYTES:
        raise ValueError("it is longer than an envelope may be")
    try:
        found = json.loads(envelope)
        (given,) = found["signatures"]
        name, signature = str(given["keyid"]), base64.b64decode(given["sig"], validate=True)
        content = base64.b64decode(found["payload"], validate=True)
        whole = _envelope(str(found["payloadType"]), content, name, signature)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, binascii.Error) as err:
        raise ValueError("it is no DSSE envelope with one signature") from err
    if whole != envelope or found["payloadType"] != payload_type:
        raise ValueError(f"it is no DSSE envelope of {payload_type} in the form that is written")
    if name not in keys:
        raise ValueError(f"it is signed by the key {name[:16]}, which is not one that is trusted")
    try:
        Ed25519PublicKey.from_public_bytes(keys[name]).verify(signature, pre_authentication(payload_type, content))
    except InvalidSignature as err:
        raise ValueError("its signature is not of what it says") from err
    return content


def signer(envelope: str) -> str:
    """Name the key that an envelope says it is signed by.

    Args:
        envelope: As `unseal` has found it good.

    Returns:
        Its id.
    """
    return str(json.loads(envelope)["signatures"][0]["keyid"])


def _envelope(payload_type: str, content: bytes, name: str, signature: bytes) -> str:
    signed = {"keyid": name, "sig": base64.b64encode(signature).decode()}
    found = {"payloadType": payload_type, "payload": base64.b64encode(content).decode(), "signatures": [signed]}
    return canonical(found).decode()
