"""The service's keys: one signs profiles and grants, one keys the audit. Made at the first start, 0600."""

from __future__ import annotations

import json
import os
import secrets
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from teamconfig import errors
from teamconfig.releases.chain import RetiredKey
from teamconfig.service.call import NOBODY
from teamconfig.state import signingkeys
from teamconfig.state.signers import Ed25519Signer
from teamconfig.state.writer import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from teamconfig.state.database import Database
    from teamconfig.state.writer import Writer

AUDIT_BYTES = 32

SKEW_SECONDS = 300
"""So far apart the clocks of replicas may be, where a checkpoint of a replaced key is held to that key's time."""

_SECONDS = 10.0


def signing(directory: Path, name: str = "signing.key") -> Ed25519PrivateKey:
    """Load a signing key, or make it.

    Args:
        directory: Of the service's state, 0700.
        name: Of the file, PEM.

    Returns:
        The key.

    Raises:
        StandardsError: It is readable for others, or no such key (kind state).
    """

    def fresh() -> bytes:
        return Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    path = directory / name
    content = _load(path, fresh)
    try:
        key = serialization.load_pem_private_key(content, None)
    except ValueError as err:
        raise errors.state(f"{path} is no key", "it is not PEM", "restore it from the backup", str(path)) from err
    if not isinstance(key, Ed25519PrivateKey):
        raise errors.state(f"{path} is of the wrong kind", "profiles are signed by Ed25519", "replace it", str(path))
    return key


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """Give the public half, 32 bytes."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def insist(directory: Path, database: Database) -> None:
    """Refuse to make a new signing key by oversight, as with an empty state directory: another one would be replaced.

    Args:
        directory: Of the service's state.
        database: Knows by which keys the service has signed.

    Raises:
        StandardsError: There is no key, and the service has signed by one before (kind state).
    """
    path = directory / "signing.key"
    if path.exists():
        return
    with database.reading() as tx:
        is_kept = signingkeys.is_kept(tx)
    if is_kept:
        why = "the service has signed by one before, as its database says"
        fix = f"bring the file back, or replace the key: openssl genpkey -algorithm ed25519 -out {path}"
        raise errors.state(f"{path} is missing", why, fix, str(path))


class CheckpointSigner:
    """Signs the audit's checkpoints by the present key; those of a replaced key are good for rows of its time.

    Args:
        key: Of the service.
        retired: Replaced keys.
    """

    def __init__(self, key: Ed25519PrivateKey, retired: Iterable[RetiredKey]) -> None:
        self._present = Ed25519Signer(key, key.public_key())
        self._retired = [
            (one, Ed25519Signer(None, Ed25519PublicKey.from_public_bytes(one.key))) for one in retired
        ]  # fmt: skip

    def sign(self, data: bytes) -> bytes:
        """Sign, as of `state.signers.Signer`."""
        return self._present.sign(data)

    def is_signed(self, data: bytes, signature: bytes) -> bool:
        """Check, as of `state.signers.Signer`; the data is a checkpoint's line, "time_ms" in its JSON."""
        if self._present.is_signed(data, signature):
            return True
        old = next((one for one, by in self._retired if by.is_signed(data, signature)), None)
        if old is None:
            return False
        at = json.loads(data.partition(b"\n")[2])["time_ms"] / 1000
        return bool(old.since - SKEW_SECONDS <= at <= old.until + SKEW_SECONDS)


def signer(
    key: Ed25519PrivateKey, database: Database, audit_key: bytes, now: Callable[[], float]
) -> CheckpointSigner:  # fmt: skip
    """Give who signs the audit's checkpoints.

    Args:
        key: Of the service.
        database: Knows the earlier ones.
        audit_key: Proves that it does.
        now: The clock, seconds since 1970; a key that is being replaced has counted until now.

    Returns:
        The signer.

    Raises:
        RefusedError: "keys_tampered": the database names other keys than the service has noted there.
    """
    own = public_bytes(key).hex()
    with database.reading() as tx:
        found = signingkeys.known(tx, audit_key, own)
    ends = int(now())
    older = [RetiredKey(bytes.fromhex(one.public), one.since, one.until or ends) for one in found if one.public != own]
    return CheckpointSigner(key, older)


def take(
    key: Ed25519PrivateKey, audit_key: bytes, writer: Writer, now: Callable[[], float]
) -> tuple[RetiredKey, ...]:  # fmt: skip
    """Note by which key the service signs, in the database and the audit.

    Args:
        key: Of the service.
        audit_key: Authenticates what the database says of keys.
        writer: Of the database.
        now: The clock, seconds since 1970.

    Returns:
        The keys that it has signed by before, and until when.

    Raises:
        RefusedError: "key_retired": another one has come in its place before. "keys_tampered": as of `signer`.
    """
    public = public_bytes(key).hex()

    def event(result: object) -> Event:
        failed = isinstance(result, Exception)
        return Event(
            time=now(), principal=NOBODY, action="take-signing-key", outcome="failed" if failed else "allowed",
            details={"key": public},
        )  # fmt: skip

    found = writer.submit(lambda tx: signingkeys.take(tx, public, audit_key, now=now()), event).result(_SECONDS)
    return tuple(RetiredKey(bytes.fromhex(one.public), one.since, one.until) for one in found if one.until is not None)


def audit(directory: Path) -> bytes:
    """Load the key of the audit's chain, or make it; 32 bytes.

    Raises:
        StandardsError: It is readable for others, or damaged (kind state).
    """
    path = directory / "audit.key"
    content = _load(path, lambda: secrets.token_bytes(AUDIT_BYTES))
    if len(content) != AUDIT_BYTES:
        raise errors.state(f"{path} is damaged", "it is not 32 bytes", "restore it from the backup", str(path))
    return content


def _load(path: Path, fresh: Callable[[], bytes]) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")  # in containers all have the same pid
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(fresh())
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # unlike a rename, it never replaces the key that another replica has made
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        if path.stat().st_mode & 0o077:
            fix = f"chmod 600 {path}"
            raise errors.state(f"{path} is open to others", "a key is for its service alone", fix, str(path))
        return path.read_bytes()
    except OSError as err:
        why = (err.strerror or "the operating system refuses").lower()
        raise errors.state(f"{path} cannot be used", why, "see to that, and start again", str(path)) from err
