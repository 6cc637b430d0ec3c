"""The public keys that the service has signed by, and from when to when: what an old one has signed stays good.

Owns the entry "signing-keys" of `meta`. Private keys never come here. Knows no
clock: times come from the caller, in seconds since 1970.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from teamconfig.state.errors import refused
from teamconfig.state.tables import META

if TYPE_CHECKING:
    from sqlalchemy import Connection

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


def known(tx: Connection) -> tuple[SigningKey, ...]:
    """Give the keys, the present one last; none before the first start of a service."""
    row = tx.execute(select(META.c.value).where(META.c.name == _ENTRY)).first()
    return () if row is None else tuple(SigningKey(**one) for one in json.loads(row[0]))


def take(tx: Connection, public: str, *, now: float) -> tuple[SigningKey, ...]:
    """Note by which key the service signs from now on.

    Args:
        tx: Transaction of the writer.
        public: 64 hex digits.
        now: Seconds since 1970.

    Returns:
        All keys, this one last; as they were if it is the present one already.

    Raises:
        RefusedError: "key_retired": another one has come in its place before.
    """
    before = known(tx)
    if before and before[-1].public == public:
        return before
    if any(one.public == public for one in before):
        raise refused(
            "key_retired",
            f"the signing key {public[:16]} cannot be used again",
            f"the service signs by {before[-1].public[:16]} instead, which came in its place",
            "bring the present signing.key into the state directory, or let the service make a new one",
            kind="state",
        )
    ended = [SigningKey(one.public, one.since, one.until or int(now)) for one in before]
    made = (*ended, SigningKey(public, int(now) if before else 0))
    value = json.dumps([asdict(one) for one in made])
    if before:
        tx.execute(update(META).where(META.c.name == _ENTRY).values(value=value))
    else:
        tx.execute(insert(META), {"name": _ENTRY, "value": value})
    return made
