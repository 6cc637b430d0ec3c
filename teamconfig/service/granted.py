"""What every way to use a grant holds it to: nobody of it is locked, and it stands for what was approved."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import grpc

from teamconfig.service import grants as tokens
from teamconfig.service.refusal import refuse
from teamconfig.service.standards import resolved

if TYPE_CHECKING:
    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.state.grants import Grant


def as_approved(call: Call, stanzas: bytes, found: Grant) -> Profile:
    """Resolve the standards, and refuse what is not what was approved, or would need more approvals now.

    Args:
        call: The call.
        stanzas: Options of waypoint.hcl at hand.
        found: The grant.

    Returns:
        The standards, with these options.

    Raises:
        Refusal: "stanzas_mismatch" or "approval_missing".
    """
    if hashlib.sha256(stanzas).hexdigest() != found.wanted.stanzas_hash:
        raise refuse(
            "stanzas_mismatch", "the grant is for other options of waypoint.hcl",
            "what was approved is what is done", tokens.AGAIN, grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip
    profile = resolved(call, call.core.tree, stanzas)
    wanted = profile.promotion.approvals or 0
    if len(found.approvers) < wanted:
        why = f"the standards want {wanted} approvals now, and it has {len(found.approvers)}"
        raise refuse("approval_missing", "the grant cannot be used any more", why, tokens.AGAIN)
    return profile


def refuse_locked(call: Call, found: Grant) -> None:
    """Refuse a grant of somebody who was locked meanwhile, or approved by somebody who was: it is worth nothing.

    Args:
        call: The call.
        found: The grant.

    Raises:
        Refusal: "session_locked".
    """
    for key in (
        ("user", found.requester.key),
        *(("user", one.key) for one in found.approvers),
        ("device", call.device_key.hex()),
        ("team", found.wanted.team),
        ("project", found.wanted.project),
    ):
        if key in call.core.facts.locked:
            why = f"{key[0]} {key[1]} is locked: {call.core.facts.locked[key]}"
            raise refuse("session_locked", "the grant cannot be used", why, "ask the platform team")
