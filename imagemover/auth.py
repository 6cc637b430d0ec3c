"""How to answer a registry that asks who we are: Basic, or Bearer tokens with scopes.

Owns challenges and tokens of one registry, for all threads: one of them fetches
a token, the others wait for it. Credentials go to the registry, and to the token
service that it names if that speaks TLS or is on this machine; nowhere else.

Source: distribution-spec; distribution's docs on token authentication; RFC 9110, 11.6.1.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode

from imagemover import strictjson
from imagemover.errors import BusyError, ConnectionLostError, CredentialError, DeniedError, ManifestError, TrustError
from imagemover.references import is_loopback
from imagemover.urls import parse_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagemover.credentials import Credential, Keyring
    from imagemover.exchange import Response
    from imagemover.transport import Transport
    from imagemover.urls import Url

MOST_BYTES = 1 << 20
"""Of a token service's answer."""

DEFAULT_LIFE_SECONDS = 60.0
"""Of a token whose service does not say."""

FRESH_PART = 0.8
"""Of its life; then it is fetched anew."""

_CHALLENGE = r"\s*([A-Za-z]+)\s+(.*)\Z"
_PARAMETER = r'([A-Za-z_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))'


class _Token(NamedTuple):
    header: str
    fresh_until: float

    def __repr__(self) -> str:
        return f"_Token(fresh_until={self.fresh_until})"


class Authenticator:
    """One registry's tokens.

    Args:
        registry: Host, with its port: what credentials are looked up by.
        keyring: Gives the credential.
        transport: For the token service.
    """

    def __init__(self, registry: str, keyring: Keyring, transport: Transport) -> None:
        self.registry = registry
        self._keyring = keyring
        self._transport = transport
        self._locks: dict[str, threading.Lock] = {}
        self._tokens: dict[str, _Token] = {}
        self._challenge: tuple[str, dict[str, str]] | None = None

    def header(self, scopes: Iterable[str]) -> str:
        """Give the header for a request, as far as it is known how this registry wants it.

        Args:
            scopes: Such as "repository:team/web:pull".

        Returns:
            The value of Authorization; empty before the registry has asked.

        Raises:
            DeniedError: The token service refuses.
            ConnectionLostError: It cannot be reached.
        """
        if self._challenge is None:
            return ""
        key = self._key(scopes)
        token = self._tokens.get(key)
        if token is not None and time.monotonic() < token.fresh_until:
            return token.header
        return self._renew(key, token.header if token else "")

    def answer(self, response: Response, scopes: Iterable[str], refused: str) -> str:
        """Answer a refusal.

        Args:
            response: With status 401, or another that says that the token has expired.
            scopes: Of the request.
            refused: The header that was sent.

        Returns:
            Another header; empty if there is none to be had.

        Raises:
            DeniedError: The token service refuses.
            ConnectionLostError: It cannot be reached.
        """
        challenge = _challenge(response.headers.get("WWW-Authenticate", ""))
        if challenge is not None:
            self._challenge = challenge
        if self._challenge is None:
            return ""
        return self._renew(self._key(scopes), refused)

    def _key(self, scopes: Iterable[str]) -> str:
        # A user and a password are good for all scopes.
        return "" if self._challenge and self._challenge[0] == "basic" else " ".join(sorted(scopes))

    def _renew(self, key: str, refused: str) -> str:
        with self._locks.setdefault(key, threading.Lock()):
            token = self._tokens.get(key)
            if token is not None and token.header != refused and time.monotonic() < token.fresh_until:
                return token.header  # another thread was here first
            made = self._make(key)
            if made is None or made.header == refused:
                # The credential may have been rotated: the keyring was asked, and gave the same.
                self._tokens.pop(key, None)
                return ""
            self._tokens[key] = made
            return made.header

    def _make(self, scopes: str) -> _Token | None:
        kind, parameters = self._challenge or ("", {})
        credential = self._keyring(self.registry)
        if credential is not None and credential.bearer:
            if not credential.bearer.isascii() or not credential.bearer.isprintable():
                why = "it has characters that no header can hold"
                raise CredentialError("the registry token cannot be used", why, "get another one", self.registry)
            return _Token(f"Bearer {credential.bearer}", float("inf"))
        if kind == "basic":
            return _Token(credential.basic(), float("inf")) if credential else None
        realm = parse_url(parameters.get("realm", ""))
        if realm.scheme != "https" and not is_loopback(realm.host):
            what = f"{self.registry} sends us to a token service without TLS"
            raise TrustError(what, "credentials would be readable on the way", "give the service TLS", str(realm))
        return self._fetch(realm, parameters.get("service", ""), scopes.split(), credential)

    def _fetch(self, realm: Url, service: str, scopes: list[str], credential: Credential | None) -> _Token:
        if credential is not None and credential.identity_token:
            form = {
                "grant_type": "refresh_token",
                "refresh_token": credential.identity_token,
                "service": service,
                "client_id": "waypaas",
                "scope": " ".join(scopes),
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            exchange = self._transport.send("POST", realm, headers, urlencode(form).encode())
        else:
            query = urlencode([("service", service), *(("scope", scope) for scope in scopes)])
            joint = "&" if "?" in realm.target else "?"
            url = type(realm)(realm.scheme, realm.host, realm.port, realm.target + joint + query)
            headers = {"Authorization": credential.basic()} if credential else {}
            exchange = self._transport.send("GET", url, headers)
        response = exchange.response()
        body = response.read(MOST_BYTES)
        return self._token(response.status, body, realm, known=credential is not None)

    def _token(self, status: int, body: bytes, realm: Url, *, known: bool) -> _Token:
        what = f"the token service of {self.registry}"
        if status == 429 or status >= 500:  # noqa: PLR2004  # HTTP's own numbers
            raise BusyError(None, status, "", f"{what} answered {status}", "", "try again", str(realm))
        if status != 200:  # noqa: PLR2004
            why = f"it answered {status}" + ("" if known else ", and there are no credentials")
            fix = f"run `docker login {self.registry}`"
            raise DeniedError(f"{what} gives no token", why, fix, str(realm))
        try:
            found = strictjson.read_object(body, what, MOST_BYTES)
        except ManifestError as err:
            raise ConnectionLostError(f"{what} speaks no JSON", err.why, "look at the service", str(realm)) from None
        token = found.get("token") or found.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise DeniedError(f"{what} gives no token", "its answer has none", "look at the service", str(realm))
        life = found.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else DEFAULT_LIFE_SECONDS
        return _Token(f"Bearer {token}", time.monotonic() + seconds * FRESH_PART)


def _challenge(header: str) -> tuple[str, dict[str, str]] | None:
    """Read the challenge that we can answer; of several, Bearer first."""
    found: dict[str, dict[str, str]] = {}
    for text in re.split(r",\s*(?=(?:[Bb]asic|[Bb]earer)\s)", header):
        match = re.match(_CHALLENGE, text, re.DOTALL)
        if match:
            parameters = {name.lower(): quoted or bare for name, quoted, bare in re.findall(_PARAMETER, match[2])}
            found[match[1].lower()] = parameters
        elif text.strip().lower() == "basic":
            found["basic"] = {}
    if found.get("bearer", {}).get("realm"):
        return "bearer", found["bearer"]
    return ("basic", found["basic"]) if "basic" in found else None
