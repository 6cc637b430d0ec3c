"""Grants are asked for, approved, used and refused.

Owns the changes of `grants` and `approvals`, and what holds for them whatever
the policy says: nobody approves their own request, a grant is used once. What
a grant is, and how it is found, is `grants`'. Knows no clock: times come from
the caller, in seconds since 1970.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from teamconfig.state import grants
from teamconfig.state.errors import RefusedError, refused
from teamconfig.state.people import to_columns
from teamconfig.state.tables import APPROVALS, GRANTS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.identity.principal import Principal
    from teamconfig.state.grants import Grant, Wanted


def request(
    tx: Connection,
    requester: Principal,
    wanted: Wanted,
    *,
    idempotency_key: str,
    approvals_wanted: int,
    now: float,
    expires: float,
) -> Grant:
    """Ask for a grant; the same key of the same requester gives the same grant.

    Args:
        tx: Transaction of the writer.
        requester: Who asks.
        wanted: What for.
        idempotency_key: The requester's name for the request; empty for a new grant in any case.
        approvals_wanted: How many others have to approve; with 0 it is approved at once.
        now: Seconds since 1970.
        expires: When it ends unused.

    Returns:
        The grant, new or as it was.

    Raises:
        RefusedError: "idempotency_mismatch": the key was used for something else.
    """
    grant_id = secrets.token_hex(16)
    key = idempotency_key or grant_id
    mine = (GRANTS.c.requester_key == requester.key) & (GRANTS.c.idempotency_key == key)
    before = grants.one(tx, mine)
    if before is not None:
        if before.wanted != wanted:
            raise refused(
                "idempotency_mismatch",
                f"the request {key} cannot be repeated",
                "the same key was used for another request",
                "choose another idempotency key",
            )
        return before
    tx.execute(
        insert(GRANTS),
        {
            "id": grant_id,
            "jti": secrets.token_hex(16),
            **to_columns("requester", requester),
            **asdict(wanted),
            "state": "requested" if approvals_wanted else "approved",
            "reason": "",
            "approvals_wanted": approvals_wanted,
            "idempotency_key": key,
            "created": now,
            "expires": expires,
            "redeemed_at": None,
        },
    )
    return grants.must(tx, GRANTS.c.id == grant_id)


def approve(tx: Connection, grant_id: str, approver: Principal, *, now: float, expires: float | None = None) -> Grant:
    """Approve somebody else's request; a second approval of the same person changes nothing.

    Args:
        tx: Transaction of the writer.
        grant_id: Which.
        approver: Who approves.
        now: Seconds since 1970.
        expires: When the grant ends unused, from the moment it has all approvals; None leaves it as it was.

    Returns:
        The grant, "approved" once enough have approved.

    Raises:
        RefusedError: "self_approval", "other_issuer", "grant_unknown", "grant_expired", or "grant_settled" (redeemed
            or refused).
    """
    grant = grants.get(tx, grant_id)
    if grant is None:
        raise _unknown(grant_id)
    if approver.key == grant.requester.key:
        raise refused(
            "self_approval",
            f"grant {grant_id} cannot be approved by {approver.name or approver.subject}",
            "nobody approves what they asked for themselves",
            "ask another approver of the team",
        )
    _still_open(grant, now)
    if grant.stored == "approved" or approver.key in {person.key for person in grant.approvers}:
        return grant
    if any(one.issuer != approver.issuer for one in grant.approvers):
        raise refused(
            "other_issuer",
            f"grant {grant_id} cannot be approved by {approver.name or approver.subject}",
            "you signed in by another provider than who approved it before, so that you might be one person with two "
            "names",
            f"sign in by the provider of {grant.approvers[0].issuer}, or ask somebody who did",
        )
    number = len(grant.approvers) + 1
    row = {"grant_id": grant_id, "number": number, **to_columns("principal", approver), "created": now}
    tx.execute(insert(APPROVALS), row)
    if number >= grant.approvals_wanted:
        until = grant.expires if expires is None else expires
        waiting = (GRANTS.c.id == grant_id) & (GRANTS.c.state == "requested")
        tx.execute(update(GRANTS).where(waiting).values(state="approved", expires=until))
    return grants.must(tx, GRANTS.c.id == grant_id)


def redeem(tx: Connection, jti: str, *, digest: str, plan_hash: str, now: float) -> Grant:
    """Use a grant: exactly one call succeeds. A refused call does not use it up.

    Args:
        tx: Transaction of the writer.
        jti: Of its token.
        digest: Of the image at hand; must be the grant's.
        plan_hash: Of what will be applied; must be the grant's, where the grant has one.
        now: Seconds since 1970.

    Returns:
        The grant, redeemed.

    Raises:
        RefusedError: "grant_unknown", "grant_used", "grant_expired", "grant_settled", "approval_missing",
            "digest_mismatch" or "plan_mismatch".
    """
    grant = grants.by_jti(tx, jti)
    if grant is None:
        raise _unknown("of this token")
    _redeemable(grant, digest, plan_hash, now)
    usable = (GRANTS.c.jti == jti) & (GRANTS.c.state == "approved") & (GRANTS.c.expires > now)
    if tx.execute(update(GRANTS).where(usable).values(state="redeemed", redeemed_at=now)).rowcount != 1:
        raise _used(grant)
    return grants.must(tx, GRANTS.c.jti == jti)


def check(tx: Connection, jti: str, *, digest: str, now: float) -> Grant:
    """Insist that a grant could be used now; it stays as it is.

    Args:
        tx: Transaction of the writer.
        jti: Of its token.
        digest: Of the image at hand; must be the grant's.
        now: Seconds since 1970.

    Returns:
        The grant.

    Raises:
        RefusedError: As in `redeem`; what will be applied is not known yet, and not compared.
    """
    grant = grants.by_jti(tx, jti)
    if grant is None:
        raise _unknown("of this token")
    _redeemable(grant, digest, grant.wanted.plan_hash, now)
    return grant


def refuse(tx: Connection, grant_id: str, *, reason: str, now: float) -> Grant:
    """Settle a request or an unused grant with a no.

    Args:
        tx: Transaction of the writer.
        grant_id: Which.
        reason: Why, one word.
        now: Seconds since 1970.

    Returns:
        The grant, refused.

    Raises:
        RefusedError: "grant_unknown", "grant_expired", or "grant_settled".
    """
    grant = grants.get(tx, grant_id)
    if grant is None:
        raise _unknown(grant_id)
    _still_open(grant, now)
    tx.execute(update(GRANTS).where(GRANTS.c.id == grant_id).values(state="refused", reason=reason))
    return grants.must(tx, GRANTS.c.id == grant_id)


def _redeemable(grant: Grant, digest: str, plan_hash: str, now: float) -> None:
    if grant.stored == "redeemed":
        raise _used(grant)
    _still_open(grant, now)
    name = f"grant {grant.id} cannot be used"
    if grant.stored != "approved":
        missing = grant.approvals_wanted - len(grant.approvers)
        raise refused("approval_missing", name, f"{missing} approvals are missing", "ask an approver of the team")
    if digest != grant.wanted.digest:
        why = f"it is for {grant.wanted.digest}, the image at hand is {digest or 'unknown'}"
        raise refused("digest_mismatch", name, why, "ask for a grant for this image")
    if grant.wanted.plan_hash and plan_hash != grant.wanted.plan_hash:
        raise refused("plan_mismatch", name, "what would be applied is not what was granted", "ask for a new grant")


def _still_open(grant: Grant, now: float) -> None:
    state = grant.state(now)
    if state == "expired":
        raise refused("grant_expired", f"grant {grant.id} has ended", "it was not used in time", "ask for a new grant")
    if state in {"redeemed", "refused"}:
        raise refused("grant_settled", f"grant {grant.id} is settled", f"it was {state}", "ask for a new grant")


def _used(grant: Grant) -> RefusedError:
    return refused("grant_used", f"grant {grant.id} was used before", "a grant can be used once", "ask for a new grant")


def _unknown(name: str) -> RefusedError:
    return refused(
        "grant_unknown", f"the grant {name} is unknown", "none was given out", "ask for a grant", kind="missing"
    )
