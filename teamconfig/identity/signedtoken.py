"""Verifies a token that an issuer signed: form, signature, issuer, audience, time.

Owns what OIDC's ID tokens and CI jobs' tokens have in common. What the claims
mean is `oidc`'s and `workload`'s matter.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt

from teamconfig.identity import web
from teamconfig.identity.discovery import ALGORITHMS
from teamconfig.identity.errors import RefusedError, refused
from teamconfig.identity.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from teamconfig.identity.keys import IssuerKeys

MOST_TOKEN_BYTES = 48 << 10
"""A call of the service has at most 64 KiB."""

MOST_SUBJECT = 255
"""Letters, says OpenID Connect."""

SKEW_SECONDS = 60.0
"""By which the issuer's clock may differ from ours."""

TOLD_SKEW_SECONDS = 30.0
"""A difference of clocks that a text mentions."""

TYPES = {"", "jwt", "id_token+jwt"}
"""Of `typ`: an access token (at+jwt) or a logout token is no proof of identity."""

COMPACT = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
SUBJECT = re.compile(r"[\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Claims:
    """What an issuer said and signed.

    Args:
        issuer: Verified.
        subject: 1 to 255 printable ASCII characters.
        issued_at: When, seconds since 1970; never in the future.
        expires: When it ends.
        token_id: The same for the same token only: to see that it is used twice.
        values: All claims, by name.
    """

    issuer: str
    subject: str
    issued_at: float
    expires: float
    token_id: str
    values: Mapping[str, Any] = field(repr=False)


class SignedTokens:
    """Verifies the tokens of one issuer for one audience. May be used by several threads.

    Args:
        keys: The issuer's.
        audience: Whom the tokens have to be for: a client id, or a name of the service's.
        clock: Seconds since 1970.
    """

    def __init__(self, keys: IssuerKeys, audience: str, clock: Callable[[], float] = time.time) -> None:
        self.keys = keys
        self.audience = audience
        self._clock = clock

    def verify(self, token: str) -> Claims:
        """Verify a token.

        Args:
            token: As received from somebody who is not known yet.

        Returns:
            Its claims.

        Raises:
            RefusedError: It proves nothing; the text says why.
            UnavailableError: The issuer's keys cannot be had.

        Source: OpenID Connect Core 1.0, section 3.1.3.7; RFC 7519, section 7.2; RFC 8725.
        """
        header, values = self._parts(token)
        algorithm, name = self._header(header)
        self._addressed(values)
        key = self.keys.find(name, algorithm)
        if key is None:
            raise self._refused(
                "token_key",
                f"the token is signed by a key that the issuer does not have ({printable(name, 60) or 'no name'})",
                "its keys have changed since, or somebody else signed the token",
            )
        try:
            options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_jti": False}
            jwt.decode(
                token, key.key, [algorithm], options | {"verify_sub": False}, issuer=self.keys.issuer,
                audience=self.audience,
            )  # fmt: skip
        except (jwt.PyJWTError, ValueError, TypeError) as err:
            raise self._refused(
                "token_signature", "the token's signature is wrong", "the token was changed, or somebody else made it"
            ) from err
        issued_at, expires = self._times(values)
        return Claims(self.keys.issuer, self._subject(values), issued_at, expires, _token_id(token, values), values)

    def _parts(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        data = token.encode(errors="replace")
        if len(data) > MOST_TOKEN_BYTES:
            raise self._refused(
                "token_malformed",
                f"the token has more than {MOST_TOKEN_BYTES >> 10} KiB",
                "one of that size is usually full of groups",
                "have the identity provider put fewer groups into the token",
            )
        header = values = None
        if COMPACT.fullmatch(data):
            first, second, _ = data.split(b".")
            header, values = _decoded(first), _decoded(second)
        if header is None or values is None:
            raise self._refused(
                "token_malformed", "that is not a token", "a token is three parts in base64 with JSON in the first two"
            )
        return header, values

    def _header(self, header: dict[str, Any]) -> tuple[str, str]:
        algorithm, name, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "")
        if algorithm not in ALGORITHMS:
            raise self._refused(
                "token_algorithm",
                f"the token is signed by {_shown(algorithm)}",
                f"only {', '.join(ALGORITHMS)} prove who made it",
            )
        if not isinstance(name, str) or not isinstance(kind, str) or kind.lower() not in TYPES or "crit" in header:
            raise self._refused(
                "token_malformed",
                "the token is of a kind that proves no identity",
                f"its header says typ {_shown(kind)}, kid {_shown(name)}" + (", crit" if "crit" in header else ""),
            )
        return str(algorithm), name

    def _addressed(self, values: dict[str, Any]) -> None:
        if values.get("iss") != self.keys.issuer:
            raise self._refused(
                "token_issuer",
                f"the token is from {_shown(values.get('iss'))}",
                f"this provider takes tokens of {printable(self.keys.issuer, 200)}",
            )
        audience = values.get("aud")
        several = audience if isinstance(audience, list) else [audience]
        party = values.get("azp")
        if self.audience not in several or (len(several) > 1 and party != self.audience):
            raise self._refused(
                "token_audience",
                f"the token is for {_shown(audience)}" + (f", by {_shown(party)}" if party is not None else ""),
                f"this service takes tokens that are for {printable(self.audience)}",
                "correct the provider's client_id or audience, or get a token for it",
            )
        if party is not None and party != self.audience:
            raise self._refused(
                "token_audience",
                f"the token was given to {_shown(party)}",
                f"this service takes tokens that were given to {printable(self.audience)}",
            )
        if "events" in values:
            raise self._refused(
                "token_malformed", "the token is of a kind that proves no identity", "it tells of an event"
            )

    def _times(self, values: dict[str, Any]) -> tuple[float, float]:
        issued_at, expires, begins = (_time(values.get(name)) for name in ("iat", "exp", "nbf"))
        if "nbf" not in values:
            begins = issued_at
        if issued_at is None or expires is None or begins is None:
            raise self._refused(
                "token_malformed",
                "the token does not say when it was made and when it ends",
                ", ".join(f"{name} is {_shown(values.get(name))}" for name in ("iat", "exp", "nbf")),
            )
        now = self._clock()
        if now >= expires + SKEW_SECONDS:
            raise self._refused(
                "token_expired",
                f"the token expired {_span(now - expires)} ago",
                f"it was good until {_moment(expires)}, and it is {_moment(now)} here{self._skew(now)}",
                "sign in again",
            )
        ahead = max(issued_at, begins) - now
        if ahead > SKEW_SECONDS:
            raise self._refused(
                "token_early",
                f"the token is good only {_span(ahead)} from now",
                f"it was made at {_moment(issued_at)} by its issuer's clock, and it is {_moment(now)} here"
                f"{self._skew(now)}",
                "set the clock that is wrong",
            )
        return min(issued_at, now), expires

    def _skew(self, now: float) -> str:
        skew = self.keys.skew_seconds
        if abs(skew) < TOLD_SKEW_SECONDS:
            return ""
        return f"; by the issuer's clock it is {_moment(now + skew)}: one of the two clocks is wrong"

    def _subject(self, values: dict[str, Any]) -> str:
        subject = values.get("sub")
        if not isinstance(subject, str) or len(subject) > MOST_SUBJECT or not SUBJECT.fullmatch(subject):
            raise self._refused(
                "token_malformed",
                "the token does not say whom it is about",
                f"sub is {_shown(subject)}, and has to be 1 to {MOST_SUBJECT} printable characters",
            )
        return subject

    def _refused(self, reason: str, what: str, why: str, fix: str = "sign in again") -> RefusedError:
        return refused(reason, what, why, fix, f"a token for provider {printable(self.keys.issuer, 200)}")


def _decoded(part: bytes) -> dict[str, Any] | None:
    try:
        return web.json_object(base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return None


def _token_id(token: str, values: Mapping[str, Any]) -> str:
    # Of what is signed, not of the whole: a signature may have several spellings.
    signed = token.rpartition(".")[0].encode()
    identifier = values.get("jti")
    if isinstance(identifier, str) and identifier:
        signed = f"{values.get('iss')}|{identifier}".encode(errors="replace")
    return hashlib.sha256(signed).hexdigest()


def _time(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1 << 35:
        return float(value)
    return None


def _span(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length:.0f} {unit}s"
    return f"{seconds:.0f} s"


def _moment(seconds: float) -> str:
    # A far year has no name in every C library.
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(min(seconds, 253402300799)))


def _shown(value: object) -> str:
    return printable(repr(value), 120) if value is not None else "nothing"
