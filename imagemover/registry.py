"""One registry's API: requests with credentials, redirects, and a typed error for each refusal.

Owns what all repositories of a registry share: scheme, tokens, connections, the
gate. What repositories hold is in `repository`. A request is tried once; who
knows whether it may be repeated does that.

Source: opencontainers/distribution-spec spec.md.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from imagemover import strictjson
from imagemover.auth import Authenticator
from imagemover.credentials import nobody
from imagemover.errors import (
    BusyError,
    ConnectionLostError,
    DeniedError,
    ImageError,
    ManifestError,
    MissingError,
    RegistryError,
    TrustError,
)
from imagemover.patience import Gate, Patience
from imagemover.references import HUB, HUB_HOST, is_loopback, parse
from imagemover.transport import Transport
from imagemover.urls import Url, parse_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imagemover.credentials import Keyring
    from imagemover.exchange import Exchange, Response
    from imagemover.repository import Repository

MOST_ERROR_BYTES = 64 << 10
MOSTREDIRECTS = 5
MOST_RENEWALS = 2

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_BUSY = frozenset({408, 425, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_BUSY_CODES = frozenset({"TOOMANYREQUESTS", "SlowDown", "RequestTimeout", "ThrottlingException"})
_TEXT_BYTES = 200


class Registry:
    """A registry.

    Args:
        host: With its port, as in references.
        keyring: Gives credentials by host.
        patience: Shared by all that takes part in a copy.
        plain_http: True: without TLS; False: with; None: without on this machine's loopback only.
        ca_file: Authorities that are trusted instead of this machine's.
        chunk_bytes: Length of the pieces of an upload; None: each blob in one piece.
    """

    def __init__(
        self,
        host: str,
        *,
        keyring: Keyring = nobody,
        patience: Patience | None = None,
        plain_http: bool | None = None,
        ca_file: str | None = None,
        chunk_bytes: int | None = None,
    ) -> None:
        self.host = host
        self.patience = patience or Patience()
        self.chunk_bytes = chunk_bytes
        self.gate = Gate()
        self.transport = Transport(self.patience.policy.stall_seconds, ca_file, self.patience.cancellation)
        plain = is_loopback(host) if plain_http is None else plain_http
        self.root = parse_url(f"{'http' if plain else 'https'}://{HUB_HOST if host == HUB else host}/")
        self._auth = Authenticator(host, keyring, self.transport)

    def repository(self, path: str) -> Repository:
        """Give a repository.

        Args:
            path: Its name in the registry.

        Returns:
            The repository; whether it exists is seen when it is used.

        Raises:
            ReferenceSyntaxError: No repository can have this name.
        """
        parse(f"{self.host}/{path}")
        from imagemover.repository import Repository  # noqa: PLC0415  # the two know each other

        return Repository(self, path)

    def close(self) -> None:
        """Close idle connections."""
        self.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def resolve(self, target: str, origin: Url | None = None) -> Url:
        """Make an absolute URL of what a registry gave.

        Args:
            target: A path, or a URL.
            origin: What it is relative to; None: the registry.

        Returns:
            The URL.

        Raises:
            TrustError: It leads from TLS to plain http, or is not followed for its form.
        """
        origin = origin or self.root
        if target.startswith("/") and not target.startswith("//"):
            return Url(origin.scheme, origin.host, origin.port, target)
        if "://" not in target:
            raise TrustError(
                f"{self.host} gave a URL that is not followed", "it is neither absolute nor a path", "", ""
            )
        url = parse_url(target)
        if origin.scheme == "https" and url.scheme != "https":
            why = "bytes and signatures would be readable on the way"
            raise TrustError(f"{self.host} redirects from TLS to plain http", why, "mend the registry", str(url))
        return url

    def send(
        self,
        method: str,
        url: Url,
        scopes: Iterable[str],
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        announced: int | None = None,
    ) -> Exchange:
        """Send a request, with what is known of how this registry wants credentials.

        Args:
            method: Of HTTP.
            url: Where to; credentials go to the registry's own scheme, host and port only.
            scopes: Of the token.
            headers: Of the request.
            body: If it is small.
            announced: Length of a body that the caller writes.

        Returns:
            The exchange, unanswered.
        """
        complete = dict(headers or {})
        authorization = self._auth.header(scopes) if url.key == self.root.key else ""
        if authorization:
            complete["Authorization"] = authorization
        exchange = self.transport.send(method, url, complete, body, announced=announced)
        exchange.authorization = authorization
        return exchange

    def request(
        self,
        method: str,
        target: str | Url,
        scopes: Iterable[str],
        what: str,
        *,
        expected: Iterable[int] = (200,),
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        pending: Exchange | None = None,
    ) -> Response:
        """Make a request: renew the token if it is refused, follow redirects of reads.

        Args:
            method: Of HTTP.
            target: A path of the API, or a URL.
            scopes: Of the token.
            what: What it is about, for errors.
            expected: Statuses that the caller handles.
            headers: Of the request.
            body: Of the request.
            pending: The same request, sent already.

        Returns:
            The answer; the caller reads or closes it.

        Raises:
            ImageError: The type says what the registry answered.
        """
        url = target if isinstance(target, Url) else self.resolve(target)
        renewals = redirects = 0
        while True:
            exchange = pending or self.send(method, url, scopes, headers, body)
            pending = None
            response = exchange.response()
            if response.status in expected:
                return response
            if response.status in REDIRECTS and method in {"GET", "HEAD"} and redirects < MOSTREDIRECTS:
                redirects += 1
                location = response.headers.get("Location", "")
                response.close()
                url = self.resolve(location, url)
                continue
            told = response.read(MOST_ERROR_BYTES) if method != "HEAD" else _closed(response)
            at_registry = url.key == self.root.key
            if not at_registry and response.status in {400, 401, 403}:
                why = f"{url.host} answered {response.status}; its URL was signed for a short time"
                raise ConnectionLostError(f"{what} could not be read where the registry led us", why, "", str(url))
            if at_registry and renewals < MOST_RENEWALS and _is_expired(response.status, told):
                renewals += 1
                if self._auth.answer(response, scopes, exchange.authorization):
                    continue
            raise self.error(response, told, what, url)

    def renewed(self, response: Response, told: bytes, scopes: Iterable[str], refused: str) -> bool:
        """Renew the token after a refusal in the middle of an upload.

        Args:
            response: The refusal.
            told: Its body.
            scopes: Of the token.
            refused: The header that was sent.

        Returns:
            Whether another try may succeed.
        """
        return _is_expired(response.status, told) and bool(self._auth.answer(response, scopes, refused))

    def error(self, response: Response, told: bytes, what: str, url: Url) -> ImageError:
        """Give the error of an answer.

        Args:
            response: The answer.
            told: Its body.
            what: What the request was about.
            url: Where it went.

        Returns:
            The error.
        """
        status = response.status
        code, message = _reason(told)
        why = f"{url.host} answered {status}" + (f" {code}" if code else "") + (f": {message}" if message else "")
        where = str(url)
        if status in _BUSY or code in _BUSY_CODES:
            seconds = _retry_after(response.headers.get("Retry-After", ""))
            fix = "try again later; the registry is busy or broken"
            return BusyError(seconds, status, code, f"{what}: {self.host} is busy", why, fix, where)
        if status == 407:  # noqa: PLR2004  # HTTP's own number
            fix = "put user and password into HTTP_PROXY, or the host into NO_PROXY"
            return DeniedError(f"the proxy does not lead to {self.host}", why, fix, where)
        if status in {401, 403}:
            fix = f"run `docker login {self.host}`, or ask the owner of the repository for the right"
            return DeniedError(f"{what} is denied", why, fix, where)
        if status == 404:  # noqa: PLR2004  # HTTP's own number
            fix = "check the name; the repository may have to be created first"
            return MissingError(f"{what} is not there", why, fix, where)
        return RegistryError(status, code, f"{what} is refused", why, "read what the registry says", where)


def _closed(response: Response) -> bytes:
    response.close()
    return b""


def _is_expired(status: int, told: bytes) -> bool:
    # ECR says 403, its public sister 400, with a text that says so.
    return status == 401 or (status in {400, 403} and b"expired" in told.lower())  # noqa: PLR2004


def _reason(told: bytes) -> tuple[str, str]:
    """Read the registry's own code and message, made harmless for a terminal."""
    code = message = ""
    try:
        errors = strictjson.read_object(told, "error", MOST_ERROR_BYTES).get("errors")
        first = errors[0] if isinstance(errors, list) and errors else {}
        if isinstance(first, dict):
            code, message = str(first.get("code") or ""), str(first.get("message") or "")
    except ManifestError:
        message = told[:_TEXT_BYTES].decode("ascii", "replace")
    return _plain(code)[:60], _plain(message)[:_TEXT_BYTES]


def _plain(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text).strip()


def _retry_after(text: str) -> float | None:
    if text.strip().isdecimal():
        return min(float(text), 1e6)
    import email.utils  # noqa: PLC0415  # slow to load, and seldom needed

    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
