"""What every way to use a grant holds it to: nobody of it is locked, and it stands for what was approved."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import grpc

from teamconfig.policy.question import environment_kind
from teamconfig.policy.words import Action, EnvironmentKind
from teamconfig.service import grants as tokens
from teamconfig.service.refusal import refuse
from teamconfig.service.standards import resolved

if TYPE_CHECKING:
    from teamconfig.identity.principal import Principal
    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.state.grants import Grant
    from teamconfig.tree import Tree


def right_to(action: Action, who: Principal, kind: EnvironmentKind) -> Action:
    """Tell by which right somebody deploys: a job has none of its own in production, and uses what leads have granted.

    Args:
        action: That is asked for.
        who: Who asks.
        kind: Of the environment.

    Returns:
        The action whose right counts.
    """
    is_job = who.kind == "workload" and kind is EnvironmentKind.PRODUCTION
    return Action.REDEEM if is_job and action is not Action.DESTROY else action


def approvals_needed(requester: Principal, profile: Profile, tree: Tree) -> int:
    """Count who has to approve: one more what a job asks for in production, as no person has asked for it.

    Args:
        requester: Who asks.
        profile: The standards of the target.
        tree: The standards.

    Returns:
        How many.
    """
    is_production = environment_kind(tree, profile.environment) is EnvironmentKind.PRODUCTION
    return (profile.promotion.approvals or 0) + (requester.kind == "workload" and is_production)


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
    wanted = approvals_needed(found.requester, profile, call.core.tree)
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
