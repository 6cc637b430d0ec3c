"""Handler of waypaas.v1.Rights: a grant is used, once, by whoever may, for what was approved and nothing else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import grpc

from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2
from teamconfig.policy.question import environment_kind
from teamconfig.policy.words import Action, EnvironmentKind
from teamconfig.service import grants as tokens
from teamconfig.service.callers import identify
from teamconfig.service.leasing import give, issued
from teamconfig.service.refusal import malformed, refuse, unauthenticated
from teamconfig.service.rights import reread_for, wanted_platform
from teamconfig.service.standards import resolved
from teamconfig.state import grants
from teamconfig.state.leases import Holding

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.service.callers import Signed
    from teamconfig.state.grants import Grant
    from teamconfig.state.leases import Lease
    from teamconfig.tree import Tree

_KEY_BYTES = 32


async def redeem_grant(call: Call, given: tuple[rights_pb2.RedeemGrantRequest, Signed]) -> rights_pb2.Credentials:
    """Use a grant, once, for credentials."""
    request, signed = given
    tree = call.core.tree
    call.action = Action.REDEEM
    jti = tokens.read(request.token, call.core.key.public_key())
    found = await call.core.read(lambda tx: grants.by_jti(tx, jti))
    if found is None:
        raise unauthenticated("grant_unknown", "the service has no such grant", tokens.AGAIN)
    call.details["grant"] = found.id
    if signed.token:
        await identify(call, signed)
    call.aim(common_pb2.Target(project=found.wanted.project, app=found.wanted.app,
                               workspace=found.wanted.environment), tree)  # fmt: skip
    _check_device(call, request, signed)
    _refuse_locked(call, found)
    await _check_holder(call, found, tree)
    wanted_platform(call, request.platform)
    profile = _as_approved(call, request, found)
    now = call.core.now()
    holding = Holding(
        principal=call.caller.principal if call.caller is not None else found.requester,
        device_key=call.device_key, project=found.wanted.project, app=found.wanted.app, team=found.wanted.team,
        environment=found.wanted.environment, action=found.wanted.action, platform=request.platform,
        grant_id=found.id,
    )  # fmt: skip

    def change(tx: Connection) -> Lease:
        grants.redeem(tx, jti, digest=request.digest, plan_hash=request.plan_hash, now=now)
        others = (found.requester, *found.approvers)
        return issued(tx, call, holding, digest=found.wanted.digest, now=now, others=others)

    lease = await call.commit(change, note=lambda one: {"lease": one.id, "digest": found.wanted.digest})
    return await give(call, lease, profile)


def _check_device(call: Call, request: rights_pb2.RedeemGrantRequest, signed: Signed) -> None:
    """Hold the call to the device that signs it: that of the session, if there is one."""
    if len(request.device_key) != _KEY_BYTES:
        raise malformed("device_key is not 32 bytes")
    if call.caller is None:
        signed.check(request.device_key, "")
        call.device_key = request.device_key
    elif request.device_key != call.device_key:
        raise malformed("device_key is not that of the session")


async def _check_holder(call: Call, found: Grant, tree: Tree) -> None:
    """Hold who is signed in to their rights; nobody uses a grant for production without being signed in."""
    if call.caller is not None:
        await reread_for(call, tree)
        call.permit(Action.REDEEM, tree, approvals=len(found.approvers), approvals_wanted=found.approvals_wanted)
    elif environment_kind(tree, found.wanted.environment) is EnvironmentKind.PRODUCTION:
        raise unauthenticated(
            "session_needed", f"a grant for {found.wanted.environment} is used by somebody who is signed in",
            "sign in: wps init; a CI job signs in by its token",
        )  # fmt: skip


def _as_approved(call: Call, request: rights_pb2.RedeemGrantRequest, found: Grant) -> Profile:
    """Resolve the standards, and refuse what is not what was approved, or would need more approvals now."""
    if hashlib.sha256(request.stanzas).hexdigest() != found.wanted.stanzas_hash:
        raise refuse(
            "stanzas_mismatch", "the grant is for other options of waypoint.hcl",
            "what was approved is what is done", tokens.AGAIN, grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip
    profile = resolved(call, call.core.tree, request.stanzas)
    wanted = profile.promotion.approvals or 0
    if len(found.approvers) < wanted:
        why = f"the standards want {wanted} approvals now, and it has {len(found.approvers)}"
        raise refuse("approval_missing", "the grant cannot be used any more", why, tokens.AGAIN)
    return profile


def _refuse_locked(call: Call, found: Grant) -> None:
    """A grant of somebody who was locked meanwhile, or approved by somebody who was, is worth nothing."""
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
