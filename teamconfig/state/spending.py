"""Tokens that work once: a session's refresh token, and an issuer's ID token that opens or renews one.

Owns the statements over `spent_tokens` and `spent_proofs`, and what the second
use of a token does. Knows no clock: times come from the caller, in seconds
since 1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from teamconfig.state import closing, sessions
from teamconfig.state.errors import RefusedError, refused
from teamconfig.state.tables import SESSIONS, SPENT_PROOFS, SPENT_TOKENS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.identity.principal import Membership
    from teamconfig.state.sessions import Session, Tokens

PROOF_SECONDS = 600.0
"""How long after its end a used token is remembered: clocks differ."""


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
    session = sessions.by_refresh(tx, refresh_hash)
    if session is None:
        raise _sign_in_again("refresh_unknown", "no session has this refresh token")
    if session.closed_at is not None:
        raise _sign_in_again("session_closed", "the session was closed")
    changes = {**sessions.token_columns(tokens), "generation": session.generation + 1}
    if membership is not None:
        changes |= sessions.membership_columns(membership)
    current = (SESSIONS.c.refresh_hash == refresh_hash) & SESSIONS.c.closed_at.is_(None)
    if now < session.refresh_expires and tx.execute(update(SESSIONS).where(current).values(changes)).rowcount == 1:
        row = {"refresh_hash": refresh_hash, "session": session.id, "generation": session.generation}
        tx.execute(insert(SPENT_TOKENS), row)
        return sessions.must(tx, session.id)
    if tx.execute(select(SESSIONS.c.id).where(current)).first() is not None:
        raise _sign_in_again("refresh_expired", "the refresh token is too old")
    closing.close(tx, session.id, now=now)
    raise _sign_in_again(
        "refresh_reused", "this refresh token was used before: it may be stolen, so its session is closed", keep=True
    )


def renewed(tx: Connection, refresh_hash: str, tokens: Tokens) -> Session | None:
    """Find the session that a refresh token was used for to get these very tokens: the answer was lost.

    Args:
        tx: Transaction of the writer.
        refresh_hash: Hash of the refresh token that the caller showed.
        tokens: Made of what only the first caller knows.

    Returns:
        The session; None if it has others, or was closed.
    """
    session = sessions.by_refresh(tx, refresh_hash)
    if session is None or session.closed_at is not None or not sessions.has_tokens(tx, session.id, tokens):
        return None
    return session


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


def _sign_in_again(reason: str, why: str, *, keep: bool = False) -> RefusedError:
    return refused(reason, "the session cannot be renewed", why, "sign in again: wps init", keep=keep)
