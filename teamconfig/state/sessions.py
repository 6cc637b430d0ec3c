"""Sessions: who is signed in, on which device, with which tokens.

Owns the statements over `sessions` and `spent_tokens`. Knows tokens by their
hash only, and no clock: times come from the caller, in seconds since 1970. One
session is one family of tokens: each refresh makes its next generation.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete, insert, select, update

from teamconfig.identity.principal import Membership, Principal
from teamconfig.state.errors import RefusedError, refused
from teamconfig.state.people import from_columns, to_columns
from teamconfig.state.tables import SESSIONS, SPENT_PROOFS, SPENT_TOKENS

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

Standing = Literal["live", "expired", "closed"]

PROOF_SECONDS = 600.0
"""How long after its end a used token is remembered: clocks differ."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is kept of a pair of tokens.

    Args:
        access: SHA-256 of the access token in hex, see `hash_token`.
        access_expires: Seconds since 1970.
        refresh: SHA-256 of the refresh token in hex.
        refresh_expires: Seconds since 1970.
    """

    access: str
    access_expires: float
    refresh: str
    refresh_expires: float


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody signed in on one device.

    Args:
        id: 32 hex digits; the family of its tokens.
        principal: Who.
        provider: Name of the provider in the service's configuration.
        device_key: The device's Ed25519 public key, 32 bytes.
        device_name: Name of the machine, for people.
        generation: How often its tokens were renewed.
        access_expires: When the present access token ends, seconds since 1970.
        refresh_expires: When the present refresh token ends.
        membership: What the issuer said of the principal, and when.
        created: When it was opened.
        closed_at: When it was closed, or None.
    """

    id: str
    principal: Principal
    provider: str
    device_key: bytes
    device_name: str
    generation: int
    access_expires: float
    refresh_expires: float
    membership: Membership
    created: float
    closed_at: float | None

    def standing(self, now: float) -> Standing:
        """Tell whether the access token is good.

        Args:
            now: Seconds since 1970.

        Returns:
            "closed" if the session was closed, "expired" if the access token is too old, else "live".
        """
        if self.closed_at is not None:
            return "closed"
        return "expired" if now >= self.access_expires else "live"


def hash_token(token: str) -> str:
    """Hash a token as this package keeps it.

    Args:
        token: As the client sends it.

    Returns:
        SHA-256 of its UTF-8 in hex.
    """
    return hashlib.sha256(token.encode()).hexdigest()


def open(  # noqa: A001  # read as sessions.open
    tx: Connection,
    principal: Principal,
    *,
    provider: str,
    device_key: bytes,
    device_name: str,
    membership: Membership,
    tokens: Tokens,
    now: float,
) -> Session:
    """Open a session.

    Args:
        tx: Transaction of the writer.
        principal: Who signed in.
        provider: Name of the provider.
        device_key: The device's Ed25519 public key, 32 bytes.
        device_name: Name of the machine.
        membership: What the issuer says of the principal.
        tokens: Hashes and ends of the tokens that the caller is given.
        now: Seconds since 1970.

    Returns:
        The session, of generation 0.
    """
    session = Session(
        id=secrets.token_hex(16),
        principal=principal,
        provider=provider,
        device_key=device_key,
        device_name=device_name,
        generation=0,
        access_expires=tokens.access_expires,
        refresh_expires=tokens.refresh_expires,
        membership=membership,
        created=now,
        closed_at=None,
    )
    tx.execute(
        insert(SESSIONS),
        {
            "id": session.id,
            **to_columns("principal", principal),
            "provider": provider,
            "device_key": device_key.hex(),
            "device_name": device_name,
            **_token_columns(tokens),
            "generation": 0,
            **_membership_columns(membership),
            "created": now,
            "closed_at": None,
        },
    )
    return session


def by_access(tx: Connection, access_hash: str) -> Session | None:
    """Find the session of an access token; ask its `standing` before it is used.

    Args:
        tx: Any connection.
        access_hash: As `hash_token` gives it.

    Returns:
        The session, closed and expired ones too; None if no session has this token now.
    """
    return _one(tx, SESSIONS.c.access_hash == access_hash)


def by_refresh(tx: Connection, refresh_hash: str) -> Session | None:
    """Find the session of a refresh token, a spent one too, so that the device's proof can be checked before `rotate`.

    Args:
        tx: Any connection.
        refresh_hash: As `hash_token` gives it.

    Returns:
        The session, closed and expired ones too; None if the token was never given out.
    """
    found = _one(tx, SESSIONS.c.refresh_hash == refresh_hash)
    if found is not None:
        return found
    spent = select(SPENT_TOKENS.c.session).where(SPENT_TOKENS.c.refresh_hash == refresh_hash).scalar_subquery()
    return _one(tx, SESSIONS.c.id == spent)


def get(tx: Connection, session_id: str) -> Session | None:
    """Find a session by its id.

    Args:
        tx: Any connection.
        session_id: 32 hex digits.

    Returns:
        The session, closed and expired ones too; None if it is unknown.
    """
    return _one(tx, SESSIONS.c.id == session_id)


def rotate(
    tx: Connection, refresh_hash: str, *, tokens: Tokens, now: float, membership: Membership | None = None
) -> Session:
    """Renew a session's tokens: the old ones end at once.

    Args:
        tx: Transaction of the writer.
        refresh_hash: Hash of the refresh token that the caller showed.
        tokens: Hashes and ends of the new tokens.
        now: Seconds since 1970.
        membership: Groups as read just now; None leaves those that are kept.

    Returns:
        The session, one generation on.

    Raises:
        RefusedError: "refresh_reused" (the session is closed by it), "session_closed", "refresh_expired" or
            "refresh_unknown".
    """
    session = by_refresh(tx, refresh_hash)
    if session is None:
        raise _sign_in_again("refresh_unknown", "no session has this refresh token")
    if session.closed_at is not None:
        raise _sign_in_again("session_closed", "the session was closed")
    changes = {**_token_columns(tokens), "generation": session.generation + 1}
    if membership is not None:
        changes |= _membership_columns(membership)
    current = (SESSIONS.c.refresh_hash == refresh_hash) & SESSIONS.c.closed_at.is_(None)
    if now < session.refresh_expires and tx.execute(update(SESSIONS).where(current).values(changes)).rowcount == 1:
        row = {"refresh_hash": refresh_hash, "session": session.id, "generation": session.generation}
        tx.execute(insert(SPENT_TOKENS), row)
        return _must(tx, session.id)
    if tx.execute(select(SESSIONS.c.id).where(current)).first() is not None:
        raise _sign_in_again("refresh_expired", "the refresh token is too old")
    close(tx, session.id, now=now)
    raise _sign_in_again(
        "refresh_reused", "this refresh token was used before: it may be stolen, so its session is closed", keep=True
    )


def close(tx: Connection, session_id: str, *, now: float) -> bool:
    """Close a session.

    Args:
        tx: Transaction of the writer.
        session_id: Which.
        now: Seconds since 1970.

    Returns:
        Whether it was open until now.
    """
    mine = (SESSIONS.c.id == session_id) & SESSIONS.c.closed_at.is_(None)
    return tx.execute(update(SESSIONS).where(mine).values(closed_at=now)).rowcount == 1


def close_all(tx: Connection, principal: Principal, *, now: float) -> int:
    """Close every session of a principal, on all devices.

    Args:
        tx: Transaction of the writer.
        principal: Whose.
        now: Seconds since 1970.

    Returns:
        How many were open until now.
    """
    return close_of(tx, principal.key, now=now)


def close_of(tx: Connection, principal_key: str, *, now: float) -> int:
    """Close every session of somebody who is named by their key, as a lock names them.

    Args:
        tx: Transaction of the writer.
        principal_key: "issuer|subject".
        now: Seconds since 1970.

    Returns:
        How many were open until now.
    """
    theirs = (SESSIONS.c.principal_key == principal_key) & SESSIONS.c.closed_at.is_(None)
    return tx.execute(update(SESSIONS).where(theirs).values(closed_at=now)).rowcount


def set_membership(tx: Connection, session_id: str, membership: Membership) -> bool:
    """Keep groups that were read again; older ones never replace newer ones.

    Args:
        tx: Transaction of the writer.
        session_id: Which session.
        membership: What the issuer says now.

    Returns:
        Whether it was kept: the session is open and knew nothing newer.
    """
    mine = (
        (SESSIONS.c.id == session_id) & SESSIONS.c.closed_at.is_(None) & (SESSIONS.c.groups_read <= membership.read_at)
    )
    return tx.execute(update(SESSIONS).where(mine).values(_membership_columns(membership))).rowcount == 1


def spend_proof(tx: Connection, proof: str, *, expires: float, now: float) -> None:
    """Note that a token of an issuer was used; a second use of it is refused until long after its end.

    Args:
        tx: Transaction of the writer.
        proof: Id of the token, the same for the same token only.
        expires: When the token ends, seconds since 1970.
        now: Seconds since 1970.

    Raises:
        RefusedError: "token_used".
    """
    tx.execute(delete(SPENT_PROOFS).where(SPENT_PROOFS.c.expires < now - PROOF_SECONDS))
    if tx.execute(select(SPENT_PROOFS.c.proof).where(SPENT_PROOFS.c.proof == proof)).first() is not None:
        raise refused(
            "token_used", "you are not signed in", "this token has been used before", "sign in again: wps init"
        )
    tx.execute(insert(SPENT_PROOFS), {"proof": proof, "expires": expires})


def prune(tx: Connection, *, before: float) -> int:
    """Forget sessions whose refresh token ended long ago, and their spent tokens.

    Args:
        tx: Transaction of the writer.
        before: Seconds since 1970; what ended earlier goes.

    Returns:
        How many sessions went.
    """
    old = select(SESSIONS.c.id).where(SESSIONS.c.refresh_expires < before)
    tx.execute(delete(SPENT_TOKENS).where(SPENT_TOKENS.c.session.in_(old)))
    return tx.execute(delete(SESSIONS).where(SESSIONS.c.refresh_expires < before)).rowcount


def _sign_in_again(reason: str, why: str, *, keep: bool = False) -> RefusedError:
    return refused(reason, "the session cannot be renewed", why, "sign in again: wps init", keep=keep)


def _token_columns(tokens: Tokens) -> dict[str, str | float | int]:
    return {
        "access_hash": tokens.access,
        "access_expires": tokens.access_expires,
        "refresh_hash": tokens.refresh,
        "refresh_expires": tokens.refresh_expires,
    }


def _membership_columns(membership: Membership) -> dict[str, str | float | int]:
    return {
        "groups": json.dumps(sorted(membership.groups)),
        "groups_read": membership.read_at,
        "claims": json.dumps(dict(membership.claims), sort_keys=True),
        "note": membership.note,
        "disabled": int(membership.disabled),
    }


def _one(tx: Connection, condition: object) -> Session | None:
    row = tx.execute(select(SESSIONS).where(condition)).mappings().first()  # type: ignore[arg-type]  # any clause
    return None if row is None else _from_row(row)


def _must(tx: Connection, session_id: str) -> Session:
    session = get(tx, session_id)
    assert session is not None  # noqa: S101  # its row was updated in this transaction
    return session


def _from_row(row: RowMapping) -> Session:
    return Session(
        id=row["id"],
        principal=from_columns("principal", row),
        provider=row["provider"],
        device_key=bytes.fromhex(row["device_key"]),
        device_name=row["device_name"],
        generation=row["generation"],
        access_expires=row["access_expires"],
        refresh_expires=row["refresh_expires"],
        membership=Membership(
            groups=frozenset(json.loads(row["groups"])),
            read_at=row["groups_read"],
            claims=json.loads(row["claims"]),
            disabled=bool(row["disabled"]),
            note=row["note"],
        ),
        created=row["created"],
        closed_at=row["closed_at"],
    )
