"""An image goes ahead of its deploy into a protected environment: credentials of its repository, on a grant's word.

Owns what such a grant must be. It is not used up: the deploy redeems it, and
everything that a redeem holds it to is held to here, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from teamconfig.policy.words import Action, EnvironmentKind
from teamconfig.service import grants as tokens
from teamconfig.service.gating import came_before
from teamconfig.service.granted import approvals_needed, as_approved, refuse_locked, right_to
from teamconfig.service.refusal import refuse, unauthenticated
from teamconfig.state import grants

if TYPE_CHECKING:
    from teamconfig.gen.waypaas.v1 import rights_pb2
    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.state.grants import Grant
    from teamconfig.tree import Tree

PLATFORM = "ecr"
"""The only platform on which anything goes ahead."""


async def permitted(
    call: Call, request: rights_pb2.IssueCredentialsRequest, action: Action, tree: Tree
) -> tuple[Profile, Grant]:
    """Insist on a grant that lets this image go ahead, here and now.

    Args:
        call: The call; what it is about is known, and who calls was read anew.
        request: Names grant and digest.
        action: That is asked for.
        tree: The standards.

    Returns:
        The standards of the target, with the options of waypoint.hcl, and the grant.

    Raises:
        Refusal: The grant is not the caller's, is for something else, was used, is over, or would not be redeemed.
    """
    caller = call.known()
    jti = tokens.read(request.grant, call.core.key.public_key())
    found = await call.core.read(lambda tx: grants.by_jti(tx, jti))
    if found is None:
        raise unauthenticated("grant_unknown", "the service has no such grant", tokens.AGAIN)
    call.details["grant"] = found.id
    if found.requester != caller.principal:
        why = "an image goes ahead by the grant of who brings it"
        raise refuse("grant_of_another", "the grant is not yours", why, tokens.AGAIN)
    wanted, about = found.wanted, call.about
    names = {"project": about.project, "app": about.app, "environment": about.environment, "action": str(action)}
    other = [name for name, value in names.items() if getattr(wanted, name) != value]
    if other:
        why = "; ".join(f"its {name} is {getattr(wanted, name)}, not {names[name]}" for name in other)
        raise refuse("grant_mismatch", "the grant is for something else", why, tokens.AGAIN)
    refuse_locked(call, found)
    profile = as_approved(call, request.stanzas, found)
    given, needs = len(found.approvers), approvals_needed(found.requester, profile, tree)
    call.permit(Action.REDEEM, tree, noted=action, digest_seen=True, approvals=given, approvals_wanted=needs)
    seen = await came_before(call, profile, tree, wanted.digest, request.stanzas, found.makers)
    right = right_to(action, caller.principal, EnvironmentKind.PRODUCTION)
    call.permit(right, tree, noted=action, digest_seen=seen, approvals=given, approvals_wanted=needs)
    return profile, found


def needed(action: Action, environment: str) -> Exception:
    """Say that a grant is needed.

    Args:
        action: That is asked for.
        environment: Where; a protected one.

    Returns:
        The refusal, to be raised.
    """
    return refuse(
        "grant_needed", f"{action} in {environment} needs a grant",
        "what goes to production is a release that ran before, named by its digest",
        "deploy it by its digest: the plugin then asks for one", grpc.StatusCode.FAILED_PRECONDITION,
    )  # fmt: skip
