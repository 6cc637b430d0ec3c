"""A bundle: the standards of one app, signed, with a serial and an end.

A JWS of Ed25519 whose payload names whom and what it is for. Owns making and
checking it, as pure functions of keys and time; keeping it is `client.cache`.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig import errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TYPE = "waypaas-profile+jws"
MAX_BYTES = 8 * 1024 * 1024
"""Of a bundle: the files of one app are far below it."""

_FIX = "remove the cache, and run the command again while the service can be reached"


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a service says holds for one app in one environment.

    Args:
        principal: For whom, "issuer|subject".
        project: Waypoint's project.
        app: Waypoint's app.
        environment: One of the company's.
        protected: Whether it is a protected one.
        team: That owns the project.
        revision: Of the standards.
        serial: Rises with each revision that the service takes.
        issued_at: Seconds since 1970, by the service's clock.
        not_after: The same, when it ends.
        files: Content by path: the part of the revision that the app's standards come from.
    """

    principal: str
    project: str
    app: str
    environment: str
    protected: bool
    team: str
    revision: str
    serial: int
    issued_at: int
    not_after: int
    files: Mapping[str, bytes]


def sign(bundle: Bundle, key: Ed25519PrivateKey) -> str:
    """Write a bundle.

    Args:
        bundle: What it says.
        key: Of the service.

    Returns:
        JWS in compact form.
    """
    import jwt  # noqa: PLC0415  # the service's side only

    payload = {name: getattr(bundle, name) for name in Bundle.__slots__ if name != "files"}
    payload["files"] = {path: base64.b64encode(content).decode() for path, content in sorted(bundle.files.items())}
    text = json.dumps(payload, sort_keys=True, separators=(",", ":")).encode()
    return jwt.PyJWS().encode(text, key, algorithm="EdDSA", headers={"typ": TYPE})


def read(text: str, keys: Iterable[bytes], where: str) -> Bundle:
    """Check the signature of a bundle, and read it.

    Args:
        text: JWS in compact form, from anywhere.
        keys: Public Ed25519 keys that may have signed it, 32 bytes each.
        where: For the error.

    Returns:
        The bundle; whom it is for and whether it still holds is for `check`.

    Raises:
        StandardsError: It is damaged, or signed by none of the keys (kind state).
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  # 60 ms, paid only with a service
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    parts = text.split(".")
    if len(parts) != 3 or len(text) > MAX_BYTES:  # noqa: PLR2004  # header, payload, signature
        raise _damaged("it is not a signed document", where)
    try:
        header = json.loads(_decoded(parts[0]))
        signature = _decoded(parts[2])
    except (ValueError, RecursionError) as err:
        raise _damaged("it is not a signed document", where) from err
    if not isinstance(header, dict) or header.get("alg") != "EdDSA" or header.get("typ") != TYPE or len(header) > 2:  # noqa: PLR2004
        raise _damaged("its header is not that of signed standards", where)
    signed = f"{parts[0]}.{parts[1]}".encode()
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
        except (InvalidSignature, ValueError):
            continue
        return _bundle(parts[1], where)
    raise _damaged("its signature is not that of the service", where)


def check(bundle: Bundle, wanted: Mapping[str, str], now: float, lowest: int, where: str) -> None:
    """Refuse a bundle that is somebody else's, older than one seen, or over.

    Args:
        bundle: With a good signature.
        wanted: The fields that it must have: "principal", "project", "app", "environment".
        now: Seconds since 1970.
        lowest: Highest serial seen so far.
        where: For the error.

    Raises:
        StandardsError: It does not hold here and now (kind state).
    """
    for name, value in wanted.items():
        if getattr(bundle, name) != value:
            raise _damaged(f"it is for {name} {getattr(bundle, name)}, not {value}", where)
    if bundle.serial < lowest:
        raise _damaged(f"its serial {bundle.serial} is lower than {lowest}, which was seen before", where)
    if now >= bundle.not_after:
        raise errors.state(
            "the kept standards are too old",
            f"they were good until {_clock(bundle.not_after)}",
            "run the command again when the service can be reached: wps status",
            where,
        )
    if now < bundle.issued_at - 120:
        raise errors.state(
            "the kept standards are from the future",
            f"they were issued at {_clock(bundle.issued_at)}, and this machine's clock says {_clock(now)}",
            "set the clock of this machine",
            where,
        )


def _bundle(payload: str, where: str) -> Bundle:
    try:
        found = json.loads(_decoded(payload))
        files = {str(path): base64.b64decode(content, validate=True) for path, content in found.pop("files").items()}
        bundle = Bundle(**found, files=files)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as err:
        raise _damaged("its content is not that of signed standards", where) from err
    numbers = (bundle.serial, bundle.issued_at, bundle.not_after)
    if not all(isinstance(number, int) for number in numbers) or not isinstance(bundle.protected, bool):
        raise _damaged("its content is not that of signed standards", where)
    return bundle


def _decoded(part: str) -> bytes:
    padded = part + "=" * (-len(part) % 4)
    found = base64.b64decode(padded, altchars=b"-_", validate=True)
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode() != part:
        raise ValueError("not canonical")  # else several texts would stand for the same bytes
    return found


def _damaged(why: str, where: str) -> Any:
    return errors.state("the signed standards cannot be used", why, _FIX, where)


def _clock(seconds: float) -> str:
    from datetime import UTC, datetime  # noqa: PLC0415  # for an error only

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
