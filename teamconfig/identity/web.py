"""HTTP requests to an identity provider, bounded in time and size whatever the other side does.

Owns the cap on an answer, and which addresses may be asked: https, or http on
this machine; `exchange` has the deadline. Follows no redirects. Knows nothing
of OIDC.
"""

from __future__ import annotations

import ipaddress
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from teamconfig.identity import exchange
from teamconfig.identity.errors import unavailable
from teamconfig.identity.names import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.identity.exchange import Answer

DEADLINE_SECONDS = 3.0
MOST_BYTES = 512 << 10
"""An answer of an identity provider has a few KiB; a set of keys with certificates some tens."""

MOST_DEPTH = 16
"""JSON nested deeper is nobody's configuration."""

HTTP_OK = 200


def load() -> None:
    """Load what a request needs, before its time is counted: a busy machine takes seconds for the first one."""
    import httpx  # noqa: F401, PLC0415  # 0.1 s, and most commands of the CLI never get here

    exchange.start()


def permitted(url: str) -> bool:
    """Tell whether an address may be asked.

    Args:
        url: Anything.

    Returns:
        Whether it is https, or http on this machine, and has neither user nor fragment.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None or "#" in url:
        return False
    if not url.isascii() or any(letter <= " " for letter in url):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine.

    Args:
        host: Name or address, without brackets.

    Returns:
        Whether it is "localhost" or an address of the loopback.
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def request(
    url: str,
    *,
    form: Mapping[str, str] | None = None,
    ca: str = "",
    deadline_seconds: float = DEADLINE_SECONDS,
    most_bytes: int = MOST_BYTES,
) -> Answer:
    """Get an address, or post a form to it.

    Args:
        url: One that is permitted.
        form: Posted if given.
        ca: File of certificates to trust instead of the system's.
        deadline_seconds: For everything, from the name's look-up to the last byte.
        most_bytes: Of the answer.

    Returns:
        The answer, whatever its status.

    Raises:
        UnavailableError: No complete answer within deadline and size, or the address is not permitted.
    """
    where = printable(url, 200)
    if not permitted(url):
        raise unavailable(
            "bad_address",
            f"{where} is not asked",
            "identity providers are asked by https only; http is for this machine alone",
            "correct the provider's address",
            where,
        )
    import httpx  # noqa: PLC0415  # 0.1 s, and most commands of the CLI never get here

    try:
        return exchange.answer(url, form, ca=ca, most_bytes=most_bytes, deadline_seconds=deadline_seconds)
    except (TimeoutError, httpx.TimeoutException) as err:
        raise unavailable(
            "timeout",
            f"no complete answer within {deadline_seconds:.2g} s",
            "the identity provider, or the network before it, is slow or silent",
            "try again; if it stays so, tell who runs the identity provider",
            where,
        ) from err
    except exchange.TooLargeError as err:
        raise unavailable(
            "too_large",
            f"the answer has more than {most_bytes >> 10} KiB",
            "that is not an answer of an identity provider",
            "check the provider's address",
            where,
        ) from err
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as err:
        raise unavailable(
            "unreachable",
            "the identity provider cannot be reached",
            f"{type(err).__name__}: {printable(str(err), 200) or 'no further word'}",
            "check the network and the provider's address, then try again",
            where,
        ) from err


def decoded(answer: Answer, where: str) -> dict[str, Any]:
    """Read the JSON object of an answer.

    Args:
        answer: What a server said.
        where: Its address, for the error.

    Returns:
        The object.

    Raises:
        UnavailableError: It is not a JSON object.
    """
    value = json_object(answer.body)
    if value is not None:
        return value
    kind = printable(answer.headers.get("content-type", ""), 60) or "no content type"
    raise unavailable(
        "not_json",
        f"the answer is not a JSON object (status {answer.status}, {kind})",
        "something else than an identity provider answers there: a proxy, a login page, a wrong address",
        "check the provider's address, and open it in a browser",
        printable(where, 200),
    )


def get_object(url: str, *, ca: str = "", deadline_seconds: float = DEADLINE_SECONDS) -> tuple[dict[str, Any], Answer]:
    """Get a JSON object.

    Args:
        url: As in request.
        ca: As in request.
        deadline_seconds: As in request.

    Returns:
        The object, and the answer that it came in.

    Raises:
        UnavailableError: As in request and decoded, or the status is not 200.
    """
    answer = request(url, ca=ca, deadline_seconds=deadline_seconds)
    if answer.status != HTTP_OK:
        raise unavailable(
            "bad_status",
            f"the identity provider answers with status {answer.status}",
            "it has a fault of its own, or the address is wrong",
            "check the provider's address; if it is right, tell who runs the identity provider",
            printable(url, 200),
        )
    return decoded(answer, url), answer


def json_object(data: bytes) -> dict[str, Any] | None:
    """Read a JSON object that somebody else wrote.

    Args:
        data: UTF-8, or anything.

    Returns:
        The object; None if it is none, names a key twice, is nested too deep, or holds what JSON has no word for.
    """
    try:
        text = data.decode()
        if _depth(text) > MOST_DEPTH:
            return None
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _depth(text: str) -> int:
    # Brackets within strings count too: a bound, not a parser.
    depth = deepest = 0
    for letter in text:
        if letter in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in "]}":
            depth -= 1
    return deepest


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)
