"""The keys by which an issuer signs, cached.

Owns when they are fetched: on the first need, when they are old, and when a
token names an unknown one, which anybody can make happen and which is therefore
rationed. Verifies no token.
"""

from __future__ import annotations

import email.utils
import re
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt

from teamconfig.identity import discovery, web
from teamconfig.identity.breaker import Breaker
from teamconfig.identity.errors import UnavailableError, unavailable
from teamconfig.identity.names import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_AGE_SECONDS = 24 * 3600.0
"""Keys older than this verify nothing, whether the issuer can be reached or not."""

DEFAULT_AGE_SECONDS = 3600.0
LEAST_AGE_SECONDS = 300.0
"""Bounds of what the issuer's Cache-Control may ask for; without it, the default."""

UNKNOWN_KEY_SECONDS = 30.0
"""An unknown key's name makes us ask the issuer at most this often."""

MOST_KEYS = 64
LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 8192
"""A longer one only costs time."""

FAMILIES = {"RSA": ("RS256", "PS256"), "EC": ("ES256",), "OKP": ("EdDSA",)}
"""Algorithms by kind of key: a key verifies by no other."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key.

    Args:
        name: Its `kid`; may be empty.
        algorithms: That it may verify by.
        key: For PyJWT.
    """

    name: str
    algorithms: tuple[str, ...]
    key: Any = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: tuple[Key, ...]
    fetched: float
    refresh_at: float
    skew_seconds: float


class IssuerKeys:
    """The keys of one issuer. May be used by several threads.

    Args:
        issuer: Its URL.
        ca: File of certificates to trust instead of the system's.
        deadline_seconds: For discovery, and for the keys.
        clock: Seconds that never run back.
        wall_clock: Seconds since 1970, to be compared with the issuer's.
    """

    def __init__(
        self,
        issuer: str,
        *,
        ca: str = "",
        deadline_seconds: float = web.DEADLINE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self._ca = ca
        self._deadline_seconds = deadline_seconds
        self._clock = clock
        self._wall_clock = wall_clock
        self._breaker = Breaker(clock=clock)
        self._lock = threading.Lock()
        self._fetched: _Fetched | None = None
        self._asked_for_unknown = float("-inf")
        self._failure: UnavailableError | None = None
        self._attempts = 0

    @property
    def skew_seconds(self) -> float:
        """How far the issuer's clock was ahead of ours when the keys were fetched."""
        return self._fetched.skew_seconds if self._fetched else 0.0

    def find(self, name: str, algorithm: str) -> Key | None:
        """Find the key that a token names.

        Args:
            name: Its `kid`; empty if the token names none.
            algorithm: Of the token, one of ours.

        Returns:
            The key; None if the issuer has none such.

        Raises:
            UnavailableError: The issuer's keys cannot be had.
        """
        fetched = self._current()
        found = _pick(fetched.keys, name, algorithm)
        if found is not None or not self._may_ask_for_unknown(fetched):
            return found
        return _pick(self._fetch(fetched).keys, name, algorithm)

    def check(self) -> None:
        """Make sure that keys are there.

        Raises:
            UnavailableError: As in find.
        """
        self._current()

    def _current(self) -> _Fetched:
        fetched, now = self._fetched, self._clock()
        if fetched is not None and now < fetched.refresh_at:
            return fetched
        try:
            return self._fetch(fetched)
        except UnavailableError:
            if fetched is not None and now < fetched.fetched + MOST_AGE_SECONDS:
                return fetched
            raise

    def _may_ask_for_unknown(self, fetched: _Fetched) -> bool:
        with self._lock:
            now = self._clock()
            if now - max(self._asked_for_unknown, fetched.fetched) < UNKNOWN_KEY_SECONDS:
                return False
            self._asked_for_unknown = now
            return True

    def _fetch(self, known: _Fetched | None) -> _Fetched:
        attempts = self._attempts
        with self._lock:
            if self._fetched is not None and self._fetched is not known:
                return self._fetched  # another thread was faster
            if self._attempts != attempts and self._failure is not None:
                raise self._failure  # another thread tried while we waited, and failed
            wait = self._breaker.wait_seconds()
            if wait:
                raise self._resting(wait)
            try:
                self._fetched = self._ask()
            except UnavailableError as err:
                self._breaker.failed()
                self._failure = err
                raise
            finally:
                self._attempts += 1
            self._breaker.succeeded()
            self._failure = None
            return self._fetched

    def _ask(self) -> _Fetched:
        web.load()  # else the first sign-in after a start would pay for it out of the identity provider's time
        # Both together end within one and a half times the deadline, so that a sign-in ends within 5 s.
        deadline = time.monotonic() + 1.5 * self._deadline_seconds
        found = discovery.discover(self.issuer, ca=self._ca, deadline_seconds=self._deadline_seconds)
        left = min(max(deadline - time.monotonic(), 0.1), self._deadline_seconds)
        document, answer = web.get_object(found.jwks_uri, ca=self._ca, deadline_seconds=left)
        now = self._clock()
        keys = read(document, found.algorithms, found.jwks_uri)
        skew = _skew_seconds(answer.headers, self._wall_clock())
        return _Fetched(keys, now, now + _age_seconds(answer.headers), skew)

    def _resting(self, wait: float) -> UnavailableError:
        why = f"the last time: {self._failure.problem.what}" if self._failure else "it failed several times"
        return unavailable(
            "resting",
            "the identity provider has failed several times and is left alone for a while",
            why,
            f"try again in {wait:.0f} s",
            printable(self.issuer, 200),
            wait,
        )


def read(document: Mapping[str, Any], algorithms: tuple[str, ...], where: str) -> tuple[Key, ...]:
    """Read a set of keys; those that are not for us are left out.

    Args:
        document: A JWK set.
        algorithms: By which the issuer signs.
        where: Its address.

    Returns:
        The keys that verify signatures by one of our algorithms.

    Raises:
        UnavailableError: It is no set of keys, or none of them is for us.

    Source: RFC 7517, sections 4 and 5.
    """
    entries = document.get("keys")
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise _no_keys(f"the answer has no list of at most {MOST_KEYS} keys", where)
    keys = tuple(key for entry in entries if (key := _key(entry, algorithms)) is not None)
    if not keys:
        raise _no_keys("none of the keys is of a kind that can verify " + ", ".join(algorithms), where)
    return keys


def _no_keys(why: str, where: str) -> UnavailableError:
    return unavailable(
        "no_keys",
        "the identity provider's keys cannot be used",
        why,
        "tell who runs the identity provider",
        printable(where, 200),
    )


def _key(entry: object, algorithms: tuple[str, ...]) -> Key | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig":
        return None
    name, kind, named = entry.get("kid", ""), entry.get("kty"), entry.get("alg")
    usable = [name for name in FAMILIES.get(str(kind), ()) if name in algorithms and named in (None, name)]
    if not usable or not isinstance(name, str) or "d" in entry:
        return None
    if kind in {"EC", "OKP"} and entry.get("crv") != {"EC": "P-256", "OKP": "Ed25519"}[str(kind)]:
        return None
    try:
        made = jwt.PyJWK({part: entry[part] for part in ("kty", "n", "e", "crv", "x", "y") if part in entry}, usable[0])
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if kind == "RSA" and not LEAST_RSA_BITS <= made.key.key_size <= MOST_RSA_BITS:
        return None
    return Key(name, tuple(usable), made.key)


def _pick(keys: tuple[Key, ...], name: str, algorithm: str) -> Key | None:
    fit = [key for key in keys if algorithm in key.algorithms and (not name or key.name == name)]
    return fit[0] if len(fit) == 1 else None


def _age_seconds(headers: Mapping[str, str]) -> float:
    found = re.search(r"(?:^|[\s,])max-age=(\d{1,9})", headers.get("cache-control", ""))
    if found is None:
        return DEFAULT_AGE_SECONDS
    return min(max(float(found[1]), LEAST_AGE_SECONDS), MOST_AGE_SECONDS)


def _skew_seconds(headers: Mapping[str, str], now: float) -> float:
    try:
        return email.utils.parsedate_to_datetime(headers.get("date", "")).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return 0.0
