"""Handler of waypaas.v1.Rights: a grant is used, once, by whoever may, for what was approved and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2
from teamconfig.policy.question import environment_kind
from teamconfig.policy.words import Action, EnvironmentKind
from teamconfig.service import grants as tokens
from teamconfig.service.callers import identify
from teamconfig.service.gating import came_before
from teamconfig.service.granted import as_approved, refuse_locked
from teamconfig.service.leasing import give, issued
from teamconfig.service.refusal import malformed, unauthenticated
from teamconfig.service.rights import reread_for, wanted_platform
from teamconfig.state import granting, grants
from teamconfig.state.leases import Holding

if TYPE_CHECKING:
    from sqlalchemy import Connection

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
    refuse_locked(call, found)
    await _check_holder(call, found, tree)
    wanted_platform(call, request.platform)
    profile = as_approved(call, request.stanzas, found)
    if found.wanted.action != Action.DESTROY:
        seen = await came_before(call, profile, tree, found.wanted.digest, request.stanzas, found.makers)
        _permit(call, found, tree, seen=seen)
    now = call.core.now()
    holding = Holding(
        principal=call.caller.principal if call.caller is not None else found.requester,
        device_key=call.device_key, project=found.wanted.project, app=found.wanted.app, team=found.wanted.team,
        environment=found.wanted.environment, action=found.wanted.action, platform=request.platform,
        grant_id=found.id,
    )  # fmt: skip

    def change(tx: Connection) -> Lease:
        granting.redeem(tx, jti, digest=request.digest, plan_hash=request.plan_hash, now=now)
        others = (found.requester, *found.approvers)
        is_release = not tree.is_preview(found.wanted.workspace)
        return issued(tx, call, holding, digest=found.wanted.digest, now=now, others=others, is_release=is_release)

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
        _permit(call, found, tree, seen=True)
    elif environment_kind(tree, found.wanted.environment) is EnvironmentKind.PRODUCTION:
        raise unauthenticated(
            "session_needed", f"a grant for {found.wanted.environment} is used by somebody who is signed in",
            "sign in: wps init; a CI job signs in by its token",
        )  # fmt: skip


def _permit(call: Call, found: Grant, tree: Tree, *, seen: bool) -> None:
    if call.caller is not None:
        given, needs = len(found.approvers), found.approvals_wanted
        call.permit(Action.REDEEM, tree, digest_seen=seen, approvals=given, approvals_wanted=needs)
