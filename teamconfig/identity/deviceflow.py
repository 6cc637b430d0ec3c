"""Signing in on a machine without a browser: a code is shown, and confirmed on another device.

Owns the client's side of the device flow: asking, waiting as long as the
provider wants, giving up. Shows nothing itself; the caller does.

Source: RFC 8628.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from teamconfig.errors import Problem
from teamconfig.identity import tokenendpoint, web
from teamconfig.identity.errors import CancelledError, UnavailableError, unavailable
from teamconfig.identity.names import printable
from teamconfig.identity.tokenendpoint import SCOPES, Refusal, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from teamconfig.identity.discovery import Discovery

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEFAULT_INTERVAL_SECONDS = 5.0
SLOWER_SECONDS = 5.0
MOST_INTERVAL_SECONDS = 60.0
MOST_SECONDS = 900.0
"""However long the provider would wait."""

MOST_CODE = 40
"""Letters of a code that a person types."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the user has to be shown.

    Args:
        user_code: To be typed.
        verification_uri: Where.
        expires_seconds: How long the code is good.
        verification_uri_complete: With the code in it; empty if there is none. Not to be shown unasked: who types
            the code compares it, who follows a link that somebody sent does not.
    """

    user_code: str
    verification_uri: str
    expires_seconds: float
    verification_uri_complete: str = ""


@dataclass(frozen=True, slots=True)
class _Started:
    prompt: Prompt
    device_code: str = field(repr=False)
    interval: float


def sign_in(
    discovery: Discovery,
    client_id: str,
    show: Callable[[Prompt], None],
    *,
    scopes: Iterable[str] = SCOPES,
    cancelled: threading.Event | None = None,
    most_seconds: float = MOST_SECONDS,
    ca: str = "",
) -> Tokens:
    """Sign in.

    Args:
        discovery: Of the issuer.
        client_id: Ours there.
        show: Shows the code to the user; called once.
        scopes: To ask for.
        cancelled: Ends the wait when it is set.
        most_seconds: To wait for the user.
        ca: File of certificates to trust instead of the system's.

    Returns:
        Tokens.

    Raises:
        RefusedError: The user or the provider said no, or the code expired.
        CancelledError: It was cancelled, or took too long.
        UnavailableError: The provider does not answer.
    """
    begun = time.monotonic()
    started = _start(discovery, client_id, " ".join(scopes), ca)
    show(started.prompt)
    form = {"grant_type": GRANT, "device_code": started.device_code, "client_id": client_id}
    return _poll(
        discovery,
        form,
        started.interval,
        begun + min(most_seconds, started.prompt.expires_seconds + SLOWER_SECONDS),
        cancelled or threading.Event(),
        ca,
    )


def _start(discovery: Discovery, client_id: str, scope: str, ca: str) -> _Started:
    url = tokenendpoint.needed(
        discovery.device_authorization_endpoint, "device authorization endpoint", discovery.issuer
    )
    deadline = web.DEADLINE_SECONDS
    answer = tokenendpoint.post(url, {"client_id": client_id, "scope": scope}, ca=ca, deadline_seconds=deadline)
    if isinstance(answer, Refusal):
        raise tokenendpoint.error(answer, url)
    texts = [answer.get(name) for name in ("device_code", "user_code", "verification_uri")]
    device_code, user_code, verification_uri = (text if isinstance(text, str) else "" for text in texts)
    complete = answer.get("verification_uri_complete", "")
    odd = printable(user_code, MOST_CODE) != user_code or not web.permitted(verification_uri)
    if not (device_code and user_code) or odd:
        raise unavailable(
            "bad_device_answer",
            "the identity provider's answer lacks a code that can be shown",
            "it gives device_code, user_code and verification_uri (https), says RFC 8628",
            "tell who runs the identity provider",
            printable(url, 200),
        )
    if not isinstance(complete, str) or not web.permitted(complete):
        complete = ""
    return _Started(
        Prompt(user_code, verification_uri, _seconds(answer.get("expires_in"), MOST_SECONDS), complete),
        device_code,
        min(_seconds(answer.get("interval"), DEFAULT_INTERVAL_SECONDS), MOST_INTERVAL_SECONDS),
    )


def _poll(
    discovery: Discovery, form: dict[str, str], interval: float, deadline: float, cancelled: threading.Event, ca: str
) -> Tokens:
    failure: UnavailableError | None = None
    while True:
        left = deadline - time.monotonic()
        if cancelled.wait(max(min(interval, left), 0.0)):
            raise CancelledError(
                Problem("signing in was given up", "it was cancelled", "start again: wps init", "", "policy"),
                "cancelled",
            )
        if left <= interval:
            raise failure or _too_late()
        try:
            answer = tokenendpoint.ask(discovery, form, ca=ca, deadline_seconds=web.DEADLINE_SECONDS)
        except UnavailableError as err:
            # RFC 8628, 3.5: on a timeout, poll less often; the user may still be typing.
            failure, interval = err, min(interval * 2, MOST_INTERVAL_SECONDS)
            continue
        failure = None
        if isinstance(answer, Tokens):
            return answer
        if answer.code == "slow_down":
            interval += SLOWER_SECONDS
        elif answer.code != "authorization_pending":
            raise tokenendpoint.error(answer, discovery.token_endpoint)


def _too_late() -> CancelledError:
    return CancelledError(
        Problem(
            "the code was not confirmed in time",
            "a code is good for some minutes only",
            "start again: wps init",
            "",
            "policy",
        ),
        "expired_token",
    )


def _seconds(value: Any, otherwise: float) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1 << 20
    return float(value) if good else otherwise
