"""The public keys that the service has signed by, and from when to when: what an old one has signed stays good.

Owns the entry "signing-keys" of `meta`. It decides whose signatures count, so it
is authenticated by the audit's key, which is not in the database: who can write
there alone adds no key. Private keys never come here. Knows no clock: times
come from the caller, in seconds since 1970.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from teamconfig.state.chain import canonical
from teamconfig.state.errors import refused
from teamconfig.state.tables import META

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from teamconfig.state.errors import RefusedError

_ENTRY = "signing-keys"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that the service signs by, or has signed by.

    Args:
        public: Ed25519 public key, 64 hex digits.
        since: When it came into use, seconds since 1970; 0 for the first one.
        until: When another one came in its place; None for the present one.
    """

    public: str
    since: int
    until: int | None = None


def is_kept(tx: Connection) -> bool:
    """Tell whether a service has signed by any key before; by which is `known`'s to say."""
    return _read(tx) is not None


def known(tx: Connection, key: bytes, own: str) -> tuple[SigningKey, ...]:
    """Give the keys, the present one last; none before the first start of a service.

    Args:
        tx: Any connection.
        key: Of the audit.
        own: The key that the service starts with, 64 hex digits. An entry without a MAC, as the service wrote it once,
            is taken if it names this key alone.

    Returns:
        The keys.

    Raises:
        RefusedError: "keys_tampered": the entry is not what a service with this key of the audit has written.
    """
    value = _read(tx)
    if value is None:
        return ()
    try:
        content: Any = json.loads(value)
        if content == [asdict(SigningKey(own, 0))]:
            return (SigningKey(own, 0),)
        if isinstance(content, list):
            raise _tampered("it has no MAC, and names more than the present key")
        found = tuple(SigningKey(**one) for one in content["keys"])
        is_good = hmac.compare_digest(_mac(found, key).encode(), content["mac"].encode())
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as err:
        raise _tampered("it is not in the form that the service writes") from err
    if not is_good or not found:
        raise _tampered("its MAC is not by this state directory's audit.key")
    return found


def take(tx: Connection, public: str, key: bytes, *, now: float) -> tuple[SigningKey, ...]:
    """Note by which key the service signs from now on.

    Args:
        tx: Transaction of the writer.
        public: 64 hex digits.
        key: Of the audit.
        now: Seconds since 1970.

    Returns:
        All keys, this one last; as they were if it is the present one already.

    Raises:
        RefusedError: "key_retired": another one has come in its place before. "keys_tampered": as of `known`.
    """
    before = known(tx, key, public)
    if before and before[-1].public == public:
        _write(tx, before, key)
        return before
    if any(one.public == public for one in before):
        raise refused(
            "key_retired",
            f"the signing key {public[:16]} cannot be used again",
            f"the service signs by {before[-1].public[:16]} instead, which came in its place",
            "bring the present signing.key into the state directory, or make another: openssl genpkey -algorithm "
            "ed25519 -out signing.key",
            kind="state",
        )
    ended = [SigningKey(one.public, one.since, one.until or int(now)) for one in before]
    made = (*ended, SigningKey(public, int(now) if before else 0))
    _write(tx, made, key)
    return made


def _read(tx: Connection) -> str | None:
    row = tx.execute(select(META.c.value).where(META.c.name == _ENTRY)).first()
    return None if row is None else str(row[0])


def _write(tx: Connection, keys: Sequence[SigningKey], key: bytes) -> None:
    before = _read(tx)
    value = json.dumps({"keys": [asdict(one) for one in keys], "mac": _mac(keys, key)})
    if before is None:
        tx.execute(insert(META), {"name": _ENTRY, "value": value})
    elif before != value:
        tx.execute(update(META).where(META.c.name == _ENTRY).values(value=value))


def _mac(keys: Sequence[SigningKey], key: bytes) -> str:
    rows = canonical([asdict(one) for one in keys]).encode()
    return hmac.digest(key, _ENTRY.encode() + b"\0" + rows, "sha256").hex()


def _tampered(why: str) -> RefusedError:
    return refused(
        "keys_tampered",
        "the list of signing keys in the database is not what the service has written",
        f"{why}; who writes that list decides whose signatures count",
        "bring the audit.key that the replicas share into the state directory; if it is there, find out who has "
        "written to the database, and bring the row 'signing-keys' of its table meta back from a backup. Without that "
        "row the service starts, too, and takes nothing that an earlier key has signed",
        kind="state",
        where="meta: signing-keys",
    )
