"""Ed25519 keys and signatures of manifests: made, read, used; the envelope is that of DSSE.

Owns key files and the envelope's form. What is signed is in `manifest`.

Source: secure-systems-lab/dsse protocol.md and envelope.md.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from teamconfig import errors
from teamconfig.dsse import pre_authentication
from wps.pluginset import refusals

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAYLOAD_TYPE = "application/vnd.waypaas.plugins.v1+json"
MOST_BYTES = 1 << 20
PUBLIC = re.compile(r"ed25519:[A-Za-z0-9+/]{43}=")
_KEY_BYTES = 4096
_PUBLIC_BYTES = 32


def make(path: Path) -> str:
    """Make a key, in a new file that only its owner can read.

    Args:
        path: The file; it must not be there.

    Returns:
        The public key, as `sync` and the standards want it.

    Raises:
        StandardsError: The file is there, or cannot be written (kind state).
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # costs 30 ms
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        with (
            refusals.writing("the key cannot be written", path),
            os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        ):
            file.write(text)
    except errors.StandardsError as err:
        if isinstance(err.__cause__, FileExistsError):
            why, fix = "it is there, and a key is never replaced", "name another file"
            raise errors.state(f"the key {path} is not made", why, fix, str(path)) from err
        raise
    return public(key)


def read(path: Path) -> Ed25519PrivateKey:
    """Read a private key.

    Args:
        path: PEM file of its owner alone: mode 0600 or less.

    Returns:
        The key.

    Raises:
        StandardsError: It is not there (kind missing), others can read it, or it is no such key (state).
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415

    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            if stat.S_IMODE(found.st_mode) & 0o177 or found.st_uid != os.geteuid():
                why = f"its mode is {stat.S_IMODE(found.st_mode):04o}, so that others could sign plugins"
                if found.st_uid == os.geteuid():
                    raise errors.state(f"the key {path} is not used", why, f"chmod 600 {path}", str(path))
                raise errors.state(f"the key {path} is not used", "it is somebody else's file", "copy it", str(path))
            data = file.read(_KEY_BYTES)
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        raise errors.missing(
            f"the key {path} cannot be read", why, "make one: wps plugins key FILE", str(path)
        ) from err
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as err:
        why = "it is no PEM of an unencrypted private key"
        raise errors.state(f"the key {path} is not used", why, "make one: wps plugins key FILE", str(path)) from err
    if not isinstance(key, Ed25519PrivateKey):
        raise errors.state(
            f"the key {path} is not used", "it is not Ed25519", "make one: wps plugins key FILE", str(path)
        )
    return key


def public(key: Ed25519PrivateKey) -> str:
    """Give the public half of a key.

    Args:
        key: The private one.

    Returns:
        "ed25519:" and 44 letters of Base64.
    """
    return "ed25519:" + base64.b64encode(key.public_key().public_bytes_raw()).decode()


def identity(key: str) -> str:
    """Name a key shortly.

    Args:
        key: The public key.

    Returns:
        16 hex digits.
    """
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def sign(payload: bytes, key: Ed25519PrivateKey) -> bytes:
    """Put a payload in a signed envelope.

    Args:
        payload: The bytes.
        key: Signs.

    Returns:
        The envelope.
    """
    signature = {
        "keyid": identity(public(key)),
        "sig": base64.b64encode(key.sign(pre_authentication(PAYLOAD_TYPE, payload))).decode(),
    }
    envelope = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [signature],
    }
    return json.dumps(envelope, indent=1).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Opened:
    """What was in an envelope.

    Args:
        payload: What was signed.
        key: The public key that has signed it.
    """

    payload: bytes
    key: str


def opened(envelope: bytes, keys: tuple[str, ...], where: str) -> Opened:
    """Take the payload out of an envelope, if one of the keys has signed it.

    Args:
        envelope: As it came.
        keys: Public keys that are trusted; at least one.
        where: Where it came from, for errors.

    Returns:
        The payload, and who has signed it.

    Raises:
        StandardsError: It is no envelope (kind state), or no key that is trusted has signed it (policy).
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    try:
        read = json.loads(envelope)
        kind, payload = read["payloadType"], base64.b64decode(read["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in read["signatures"]]
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as err:
        what = "the manifest of the plugins is not understood"
        raise errors.state(
            what, "it is no signed envelope (DSSE)", "publish again, or name another source", where
        ) from err
    if kind != PAYLOAD_TYPE:
        what, why = "the manifest of the plugins is not understood", f"what was signed is {str(kind)[:80]!r}"
        raise errors.state(what, why, f"name a source of {PAYLOAD_TYPE}", where)
    for key in keys:
        known = Ed25519PublicKey.from_public_bytes(checked(key))
        for signature in signatures:
            try:
                known.verify(signature, pre_authentication(PAYLOAD_TYPE, payload))
            except InvalidSignature:
                continue
            return Opened(payload, key)
    why = (
        f"none of its signatures is by the trusted key {', '.join(identity(key) for key in keys)}: it was tampered with"
    )
    fix = "do not use it; ask the platform team whether the key has changed"
    problem = errors.Problem(
        "the manifest of the plugins is refused", f"{why}, or signed by somebody else", fix, where, "policy"
    )
    raise errors.StandardsError([problem])


def checked(key: str) -> bytes:
    """Read a public key.

    Args:
        key: As `public` gives it.

    Returns:
        Its 32 bytes.

    Raises:
        StandardsError: It has another form (kind option).
    """
    if PUBLIC.fullmatch(key):
        found = base64.b64decode(key.partition(":")[2])
        if len(found) == _PUBLIC_BYTES:
            return found
    why, fix = "a key is ed25519: and 44 letters of Base64", "give what `wps plugins key` and `publish` print"
    raise errors.StandardsError([errors.Problem(f"{key[:80]!r} is no public key", why, fix, "", "option")])
