"""Where a user's session is kept: the device's key and tokens, in the keyring if there is one, else a 0600 file.

One vault for each service, under $XDG_STATE_HOME/waypaas. What is not secret
(principal, the service's keys, the highest serial seen) stands in the open file
beside it. The keys and the serial outlive the session, so that nobody can pass
off another service, or older standards, to who signs in anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KEYRING = "waypaas"


@dataclass(frozen=True)
class Session:
    """A session as a client keeps it.

    Args:
        device_key: Ed25519 private key, 32 bytes in hex.
        access_token: For calls.
        access_expires: Seconds since 1970.
        refresh_token: For the next pair.
        refresh_expires: Seconds since 1970.
        seed: Of the tokens that were asked for last, 32 bytes in hex; empty once they are here.
        provider: By which the user signed in.
        idp_token: The identity provider's own refresh token; empty if it gave none.
        issuer: Of the identity provider; empty where groups come from a directory.
        client_id: Ours there.
        certificate_authority: PEM file that the service's certificate is checked with; empty for the system's.
        identity_authority: The same for the identity provider's.
        principal: "issuer|subject".
        name: For people.
        signing_keys: Of the service, hex.
        serial: Highest seen of the standards.
    """

    device_key: str = field(repr=False)
    access_token: str = field(default="", repr=False)
    access_expires: int = 0
    refresh_token: str = field(default="", repr=False)
    refresh_expires: int = 0
    seed: str = field(default="", repr=False)
    provider: str = ""
    idp_token: str = field(default="", repr=False)
    issuer: str = ""
    client_id: str = ""
    certificate_authority: str = ""
    identity_authority: str = ""
    principal: str = ""
    name: str = ""
    signing_keys: tuple[str, ...] = ()
    serial: int = 0

    def public_key(self) -> bytes:
        """Give the public half of the device's key, 32 bytes."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  # 60 ms

        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.device_key))
        return key.public_key().public_bytes_raw()


_SECRET = ("device_key", "access_token", "refresh_token", "seed", "idp_token")


def state_directory(environ: Mapping[str, str]) -> Path:
    """Name the directory of what is kept between runs."""
    home = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "state")
    return Path(home) / "waypaas"


class Vault:
    """Keeps the session at one service.

    Args:
        address: Of the service.
        environ: The process's environment.
    """

    def __init__(self, address: str, environ: Mapping[str, str]) -> None:
        self.address = address
        self.directory = state_directory(environ) / hashlib.sha256(address.encode()).hexdigest()[:24]
        self._file = self.directory / "session.json"
        self._trusted = self.directory / "trusted"
        self._wants_keyring = environ.get("WAYPAAS_KEYRING", "auto") != "off"
        self.fallback = ""

    def load(self) -> Session | None:
        """Read the session; None if there is none.

        Raises:
            StandardsError: What is kept is damaged, or readable for others (kind state).
        """
        try:
            with self._file.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    fix = f"chmod 600 {self._file}, and sign out everywhere if others had it: wps logout --everywhere"
                    what = f"{self._file} is open to others"
                    raise errors.state(what, "it holds your session", fix, str(self._file))
                content = json.loads(file.read())
            backend = content.pop("backend")
            if backend == "keyring":
                content |= json.loads(self._get() or "{}")
            content["signing_keys"] = tuple(content["signing_keys"])
            return Session(**content)
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError, AttributeError) as err:
            what = f"the session in {self._file} is damaged"
            raise errors.state(what, "it is not what wps has written", "run `wps init`", str(self._file)) from err
        except OSError as err:
            raise _unusable(self._file, err) from err

    def save(self, session: Session) -> None:
        """Keep a session, in one step.

        Args:
            session: Replaces the one before.

        Raises:
            StandardsError: It cannot be written (kind state).
        """
        content: dict[str, Any] = asdict(session)
        content["backend"] = "file"
        ring = self._ring()
        if ring is not None and self._put(ring, json.dumps({name: content[name] for name in _SECRET})):
            content = {name: value for name, value in content.items() if name not in _SECRET}
            content["backend"] = "keyring"
        trusted = {"signing_keys": session.signing_keys, "serial": session.serial}
        try:
            self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.directory.chmod(0o700)
            if session.signing_keys:  # never forgotten for a session that has none
                write(self._trusted, json.dumps(trusted).encode())
            write(self._file, json.dumps(content).encode())
        except OSError as err:
            raise _unusable(self._file, err) from err

    def trusted(self) -> tuple[tuple[str, ...], int]:
        """Give what is known of the service from before, with or without a session.

        Returns:
            Its signing keys in hex, none if this machine has never met it, and the highest serial seen.

        Raises:
            StandardsError: What is kept is damaged (kind state).
        """
        try:
            content = json.loads(self._trusted.read_bytes())
            return tuple(str(key) for key in content["signing_keys"]), int(content["serial"])
        except FileNotFoundError:
            return (), 0
        except (ValueError, KeyError, TypeError) as err:
            what, fix = f"{self._trusted} is damaged", "run `wps init --trust-new-key`"
            raise errors.state(what, "it is not what wps has written", fix, str(self._trusted)) from err
        except OSError as err:
            raise _unusable(self._trusted, err) from err

    def update(self, **changes: Any) -> Session:
        """Change fields of the session.

        Args:
            changes: By field.

        Returns:
            The session as it is now.

        Raises:
            StandardsError: There is none, or it cannot be written (kind state).
        """
        session = self.load()
        if session is None:
            raise errors.state(f"there is no session at {self.address}", "none is kept", "run `wps init`", "")
        session = replace(session, **changes)
        self.save(session)
        return session

    def forget(self) -> None:
        """Remove the session, and the signed profiles; whom to trust is kept."""
        ring = self._ring()
        if ring is not None:
            from keyring import errors as keyring_errors  # noqa: PLC0415  # with the keyring only

            with suppress(keyring_errors.PasswordDeleteError):
                ring.delete_password(_KEYRING, self.address)
        for path in [*self.directory.glob("*.json"), *self.directory.glob("*.jws")]:
            path.unlink(missing_ok=True)

    def keyring(self) -> bool:
        """Tell whether secrets go into a keyring; if not for want of one, `fallback` says so."""
        return self._ring() is not None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the vault alone: a refresh token works once, and several plugins run at the same time."""
        import fcntl  # noqa: PLC0415  # only where something is written

        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _get(self) -> str | None:
        """Take secrets from the keyring."""
        from keyring import errors as keyring_errors  # noqa: PLC0415  # with the keyring only

        try:
            return _keyring().get_password(_KEYRING, self.address)  # type: ignore[no-any-return]  # keyring's own
        except keyring_errors.KeyringError as err:
            what = "the keyring does not give your session"
            raise errors.state(what, "it is locked, or away", "unlock it, or run `wps init`", "the keyring") from err

    def _put(self, ring: Any, secret: str) -> bool:
        """Give secrets to the keyring; one that is locked or broken does without."""
        from keyring import errors as keyring_errors  # noqa: PLC0415  # with the keyring only

        try:
            ring.set_password(_KEYRING, self.address, secret)
        except keyring_errors.KeyringError:
            self.fallback = f"the keyring takes nothing: the session is kept in {self._file}, readable for you only"
            return False
        return True

    def _ring(self) -> Any:
        if not self._wants_keyring:
            return None
        try:
            ring = _keyring()
        except ImportError:
            return None
        backend = ring.get_keyring()
        if backend.priority < 1 or "fail" in type(backend).__module__ or "null" in type(backend).__module__:
            self.fallback = f"no keyring is on this machine: the session is kept in {self._file}, readable for you only"
            return None
        return ring


def _keyring() -> Any:
    import keyring  # noqa: PLC0415  # 100 ms, and many machines have none

    return keyring


def write(path: Path, content: bytes) -> None:
    """Replace a file in one step, 0600, so that a crash leaves the old one or the new one.

    Args:
        path: Of the file.
        content: All of it.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unusable(path: Path, err: OSError) -> errors.StandardsError:
    why = (err.strerror or "the operating system refuses").lower()
    return errors.state(f"{path} cannot be used", why, "see to that, and run the command again", str(path))
