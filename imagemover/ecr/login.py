"""Passwords of ECR registries: GetAuthorizationToken, once for all threads, anew before it ends and when refused.

Owns passwords in memory and where each registry is: what `proxyEndpoint` names,
which may be a host that stands for ECR. Shows no password.

Source: Amazon ECR user guide, Private registry authentication.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from imagemover.credentials import Credential, nobody
from imagemover.ecr import hosts
from imagemover.ecr.cloud import clock
from imagemover.errors import CredentialError, DeniedError, ImageError, RegistryError

if TYPE_CHECKING:
    from imagemover.credentials import Keyring
    from imagemover.ecr.cloud import Cloud
    from imagemover.ecr.hosts import Host

LIFE_SECONDS = 12 * 3600.0
"""Of a password, as documented; what is said to live longer, or to be dead already, is not believed."""

FRESH_PART = 0.8
"""Of its life; then it is fetched anew."""

_GALLERY = hosts.Host("public", hosts.PUBLIC_REGION)

YOUNG_SECONDS = 1.0
"""A password that is refused at this age, without a word of expiry, is refused for another reason."""


@dataclass(frozen=True, slots=True)
class _Password:
    credential: Credential
    endpoint: str
    got_at: float
    life_seconds: float = field(default=LIFE_SECONDS)

    @property
    def age_seconds(self) -> float:
        """Since it was given."""
        return time.monotonic() - self.got_at

    @property
    def is_fresh(self) -> bool:
        """Whether it is far from its end."""
        return self.age_seconds < self.life_seconds * FRESH_PART


class Login:
    """A keyring for hosts of ECR; other hosts are for another one.

    Args:
        cloud: Gives the passwords.
        others: Keyring of all other hosts, such as `DockerConfig()`.
    """

    def __init__(self, cloud: Cloud, others: Keyring = nobody) -> None:
        self._cloud = cloud
        self._others = others
        self._lock = threading.Lock()
        self._locks: dict[Host, threading.Lock] = {}
        self._passwords: dict[Host, _Password] = {}
        self._known: dict[str, Host] = {}

    def __call__(self, registry: str) -> Credential | None:
        """Look up a registry, as a keyring does.

        A client asks once, and again after a refusal; so a question about a
        password that is not new any more gets a new one.

        Args:
            registry: Host, with its port.

        Returns:
            Its credential; None if there is none, and for the public gallery without AWS credentials.

        Raises:
            CredentialError: There are no AWS credentials.
            ImageError: ECR gives no password.
        """
        if registry == hosts.PUBLIC:
            try:
                return self._current(_GALLERY, None)
            except (CredentialError, DeniedError):
                return None  # everybody may read there
        host = hosts.parse(registry) or self._known.get(registry)
        if host is None:
            return self._others(registry)
        with self._lock:
            before = self._passwords.get(host)
        refused = before.credential if before and before.age_seconds > YOUNG_SECONDS else None
        return self._current(host, refused)

    def credential(self, host: Host) -> Credential:
        """Give a registry's credential.

        Args:
            host: The registry.

        Returns:
            What is good for now.

        Raises:
            ImageError: ECR gives none.
        """
        return self._current(host, None)

    def renewed(self, host: Host, refused: str, *, expired: bool = True) -> Credential | None:
        """Give another credential after a refusal.

        Args:
            host: The registry.
            refused: Value of the Authorization header that was refused; empty if there was none.
            expired: Whether the refusal said that it had expired; else it may be a lack of rights.

        Returns:
            Another one; None if the refused one is new, so that another would be refused too.

        Raises:
            ImageError: ECR gives none.
        """
        with self._lock:
            before = self._passwords.get(host)
        if before is None or before.credential.basic() != refused:
            return self._current(host, None)
        if not expired and before.age_seconds < YOUNG_SECONDS:
            return None
        return self._current(host, before.credential)

    def endpoint(self, host: Host) -> str:
        """Say where a registry is.

        Args:
            host: The registry.

        Returns:
            Host, with its port if it has one: the registry's own name, or what ECR's API names in its stead.

        Raises:
            ImageError: ECR does not say.
        """
        self._current(host, None)
        with self._lock:
            found = self._passwords[host].endpoint
        told = hosts.parse(found)
        if told is None:
            return found
        # FIPS and dual stack are a wish, and the API may name the registry of whoever asks.
        return str(hosts.Host(host.account or told.account, host.region, host.is_fips, host.is_dual_stack))

    def _current(self, host: Host, refused: Credential | None) -> Credential:
        with self._lock:
            lock = self._locks.setdefault(host, threading.Lock())
        with lock:
            before = self._passwords.get(host)
            if before is not None and before.is_fresh and before.credential != refused:
                return before.credential
            try:
                made = self._fetch(host)
            except ImageError:
                if before is None or before.credential == refused or before.age_seconds >= before.life_seconds:
                    raise
                return before.credential  # good for a while yet
            with self._lock:
                self._passwords[host] = made
                self._known[made.endpoint] = host
            return made.credential

    def _fetch(self, host: Host) -> _Password:
        if host == _GALLERY:
            answer = self._cloud.call(host, "get_authorization_token", service="ecr-public")
            data = answer.get("authorizationData") or {}
        else:
            given: dict[str, Any] = {"registryIds": [host.account]} if host.account else {}
            answer = self._cloud.call(host, "get_authorization_token", **given)
            data = (answer.get("authorizationData") or [{}])[0]
        try:
            token = base64.b64decode(data["authorizationToken"], validate=True).decode("ascii")
        except (KeyError, TypeError, ValueError, binascii.Error):
            token = ""
        username, _, password = token.partition(":")
        endpoint = urlsplit(str(data.get("proxyEndpoint") or "")).netloc or str(host)
        if not username or not password.isprintable() or not password:
            what, fix = f"{host} gives no password", "try again; if it stays, look at ECR's API"
            raise RegistryError(200, "", what, "the answer of GetAuthorizationToken has none", fix, str(host))
        return _Password(Credential(username, password), endpoint, time.monotonic(), _life(answer, data))


def _life(answer: dict[str, Any], data: dict[str, Any]) -> float:
    """Give the seconds that a password lives, by the clock of who gave it."""
    expires = data.get("expiresAt")
    if not isinstance(expires, dt.datetime):
        return LIFE_SECONDS
    seconds = expires.timestamp() - clock(answer) - 1  # the clock of HTTP knows whole seconds
    return seconds if 0 < seconds < LIFE_SECONDS else LIFE_SECONDS
