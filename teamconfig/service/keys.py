"""The service's keys: one signs profiles and grants, one keys the audit. Made at the first start, 0600."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig import errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AUDIT_BYTES = 32


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
