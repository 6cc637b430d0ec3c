"""Handlers of waypaas.v1.Rights: grants, and the credentials that they or a role give."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import grpc

from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2
from teamconfig.policy.question import environment_kind
from teamconfig.policy.words import Action, EnvironmentKind, Reason
from teamconfig.releases import guarding
from teamconfig.service import ahead, ongoing
from teamconfig.service import grants as tokens
from teamconfig.service.callers import reread
from teamconfig.service.gating import came_before, reading
from teamconfig.service.granted import approvals_needed, right_to
from teamconfig.service.leasing import give, issued
from teamconfig.service.refusal import malformed, refuse
from teamconfig.service.sessions import to_proto
from teamconfig.service.standards import resolved
from teamconfig.state import granting, grants
from teamconfig.state.grants import Wanted
from teamconfig.state.leases import Holding

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.identity.principal import Principal
    from teamconfig.service.call import Call
    from teamconfig.state.grants import Grant
    from teamconfig.state.leases import Lease
    from teamconfig.tree import Tree

GRANT_SECONDS = 10 * 60
"""How long a grant may wait to be used."""

REQUEST_SECONDS = 24 * 3600
"""How long a request may wait for its approvals."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_GRANTED = (Action.PROMOTE, Action.DEPLOY, Action.DESTROY)
_ISSUED = (Action.READ, Action.LOGS, Action.BUILD, Action.DEPLOY, Action.EXEC, Action.DESTROY)
_KEY_BYTES = 32
_PLATFORMS = ("kubernetes", "aws", ahead.PLATFORM)


async def request_grant(call: Call, request: rights_pb2.RequestGrantRequest) -> rights_pb2.Grant:
    """Ask for a grant; one that needs approval waits for it."""
    tree, caller = call.core.tree, call.known()
    project, app, team, environment = call.aim(request.target, tree)
    action = _action(request.action, _GRANTED)
    if not _DIGEST.fullmatch(request.digest) and action is not Action.DESTROY:
        raise malformed("digest is not sha256: and 64 hex digits")
    if (request.plan_hash and not _HASH.fullmatch(request.plan_hash)) or (
        request.idempotency_key and not _KEY.fullmatch(request.idempotency_key)
    ):
        raise malformed("plan_hash is not 64 hex digits, or idempotency_key has other signs than letters and digits")
    await reread_for(call, tree)
    profile = resolved(call, tree, request.stanzas)
    right = right_to(action, caller.principal, environment_kind(tree, environment))
    wanted = approvals_needed(caller.principal, profile, tree)
    call.details |= {"digest": request.digest, "approvals_wanted": wanted}
    call.permit(right, tree, noted=action, digest_seen=True, approvals=max(wanted, 1), approvals_wanted=wanted)
    seen = action is Action.DESTROY or await came_before(
        call, profile, tree, request.digest, request.stanzas, [caller.principal.maker]
    )
    decision = call.decide(right, tree, noted=action, digest_seen=seen, approvals=0, approvals_wanted=wanted)
    waits = decision.reason == Reason.APPROVAL_MISSING
    if not decision.allowed and not waits:
        call.permit(right, tree, noted=action, digest_seen=seen, approvals=0, approvals_wanted=wanted)
    now = call.core.now()
    asked = Wanted(
        project=project, app=app, workspace=request.target.workspace, team=team, environment=environment,
        action=action, digest=request.digest, plan_hash=request.plan_hash, revision=profile.revision,
        stanzas_hash=hashlib.sha256(request.stanzas).hexdigest(),
    )  # fmt: skip
    needed = max(wanted, 1) if waits else 0

    def change(tx: Connection) -> Grant:
        return granting.request(
            tx, caller.principal, asked, idempotency_key=request.idempotency_key, approvals_wanted=needed, now=now,
            expires=now + (REQUEST_SECONDS if needed else GRANT_SECONDS),
        )  # fmt: skip

    made = await call.commit(change, note=lambda grant: {"grant": grant.id, "state": grant.stored})
    return _grant(call, made)


async def approve_grant(call: Call, request: rights_pb2.ApproveGrantRequest) -> rights_pb2.Grant:
    """Approve what somebody else asked for."""
    tree, caller = call.core.tree, call.known()
    found = await _find(call, request.id)
    call.aim(common_pb2.Target(project=found.wanted.project, app=found.wanted.app,
                               workspace=found.wanted.environment), tree)  # fmt: skip
    call.details["grant"] = found.id
    await reread_for(call, tree)
    call.permit(Action.APPROVE, tree, requested_by_another=found.requester.key != caller.principal.key)
    if found.requester.kind == "workload":
        call.permit(Action(found.wanted.action), tree, noted=Action.APPROVE, digest_seen=True, approvals=1)
        await _refuse_own_waivers(call, found)
    elif found.requester.issuer != caller.principal.issuer:
        raise refuse(
            "other_issuer", "the request cannot be approved",
            "you signed in by another provider than who asked, so that you might be one person with two names",
            f"sign in by the provider of {found.requester.issuer}, or ask somebody who did",
        )  # fmt: skip
    now = call.core.now()

    def change(tx: Connection) -> Grant:
        return granting.approve(tx, found.id, caller.principal, now=now, expires=now + GRANT_SECONDS)

    return _grant(call, await call.commit(change, note=lambda grant: {"state": grant.stored}))


async def _refuse_own_waivers(call: Call, found: Grant) -> None:
    """Refuse whose own waivers would not count for the release then: the grant would be approved and of no use."""
    wanted, now = found.wanted, call.core.now()
    place = wanted.project, wanted.app, wanted.environment
    given = await reading(call, lambda store: store.waivers(*place, wanted.digest, now))
    if len(guarding.counting(given, call.known().principal.maker)) < len(given):
        raise refuse(
            "own_waiver", "the request cannot be approved",
            "the image goes by a waiver of yours, or of somebody who signed in by another provider than you",
            "let another lead approve it",
        )  # fmt: skip


async def get_grant(call: Call, request: rights_pb2.GetGrantRequest) -> rights_pb2.Grant:
    """Tell how far a grant is; its token to who asked for it only."""
    tree = call.core.tree
    found = await _find(call, request.id)
    call.aim(common_pb2.Target(project=found.wanted.project, app=found.wanted.app,
                               workspace=found.wanted.environment), tree)  # fmt: skip
    await reread_for(call, tree)
    call.permit(Action.READ, tree)
    return _grant(call, found)


async def issue_credentials(call: Call, request: rights_pb2.IssueCredentialsRequest) -> rights_pb2.Credentials:
    """Give credentials for what one's role permits without a grant."""
    tree, caller = call.core.tree, call.known()
    project, app, team, environment = call.aim(request.target, tree)
    action = _action(request.action, _ISSUED)
    await reread_for(call, tree)
    grant: Grant | None = None
    goes_ahead = False
    if environment_kind(tree, environment) is EnvironmentKind.PRODUCTION and action in (Action.DEPLOY, Action.DESTROY):
        right = right_to(action, caller.principal, EnvironmentKind.PRODUCTION)
        if action is Action.DESTROY and request.digest:
            right = Action.REDEEM  # of what a release has replaced
        call.details["digest"] = request.digest[:80]
        call.permit(right, tree, noted=action, digest_seen=True, approvals=1, approvals_wanted=0)
        found = None if request.grant else await ongoing.begun(call, request, action, tree)
        if found is None and (not request.grant or request.platform != ahead.PLATFORM):
            raise ahead.needed(action, environment)
        goes_ahead = found is None
        profile, grant = found or await ahead.permitted(call, request, action, tree)
    else:
        call.permit(action, tree)
        profile = resolved(call, tree, request.stanzas)
    if action is Action.EXEC and profile.kubernetes.exec != "allow":
        origin = profile.origin("kubernetes", "exec")
        why = f"the standard kubernetes.exec is deny, by {origin.winner.layer}" if origin else "kubernetes.exec is deny"
        fix = f"ask {tree.teams[team].owner or tree.org.contact or 'the platform team'}"
        raise refuse("exec_denied", f"a shell in {environment} is not allowed", why, fix)
    wanted_platform(call, request.platform)
    call.details["platform"] = request.platform
    now = call.core.now()
    holding = Holding(
        principal=caller.principal, device_key=call.device_key, project=project, app=app, team=team,
        environment=environment, action=action, platform=request.platform,
    )  # fmt: skip
    if request.digest and not _DIGEST.fullmatch(request.digest):
        raise malformed("digest is not sha256: and 64 hex digits")

    def change(tx: Connection) -> Lease:
        others: tuple[Principal, ...] = ()
        if grant is not None:
            held = granting.check(tx, grant.jti, digest=request.digest, now=now) if goes_ahead else grant
            others = (held.requester, *held.approvers)
        is_release = not tree.is_preview(request.target.workspace)
        return issued(tx, call, holding, digest=request.digest, now=now, others=others, is_release=is_release)

    lease = await call.commit(change, note=lambda one: {"lease": one.id})
    return await give(call, lease, profile)


async def reread_for(call: Call, tree: Tree) -> None:
    """Read the caller's groups for this very call, where it is about production.

    Args:
        call: The call; what it is about is known.
        tree: The standards.

    Raises:
        Refusal: Nobody can tell, or only a new ID token.
    """
    if environment_kind(tree, call.about.environment) is EnvironmentKind.PRODUCTION:
        await reread(call, always=True)


async def _find(call: Call, grant_id: str) -> Grant:
    found = await call.core.read(lambda tx: grants.get(tx, grant_id[:64]))
    if found is None:
        fix = "copy the id from where it was told"
        raise refuse("grant_unknown", "there is no such grant", "none is known by this id", fix,
                     grpc.StatusCode.NOT_FOUND)  # fmt: skip
    return found


def _grant(call: Call, grant: Grant) -> rights_pb2.Grant:
    now = call.core.now()
    state = grant.state(now)
    own = call.caller is not None and grant.requester == call.caller.principal
    return rights_pb2.Grant(
        id=grant.id,
        state=state,
        token=tokens.sign(grant, call.core.key) if own and state == "approved" else "",
        expires=int(grant.expires),
        approvers=[to_proto(person) for person in grant.approvers],
        approvals_wanted=grant.approvals_wanted,
        target=common_pb2.Target(
            project=grant.wanted.project, app=grant.wanted.app, workspace=grant.wanted.environment
        ),
        action=grant.wanted.action,
        digest=grant.wanted.digest,
        requester=to_proto(grant.requester),
    )


def _action(text: str, known: tuple[Action, ...]) -> Action:
    for action in known:
        if text == action.value:
            return action
    raise malformed(f"action is not one of {', '.join(known)}")


def wanted_platform(call: Call, text: str) -> None:
    """Insist on a platform that the service gives credentials of.

    Args:
        call: The call.
        text: As asked for.

    Raises:
        Refusal: There is no such platform, or nothing of it is configured.
    """
    if text not in _PLATFORMS:
        raise malformed(f"platform is not one of {', '.join(_PLATFORMS)}")
    if text not in call.core.issuers:
        section = "clusters" if text == "kubernetes" else "accounts"
        raise refuse("no_platform", f"the service gives no {text} credentials",
                     f"its service.yaml has no {section}", "ask the platform team",
                     grpc.StatusCode.FAILED_PRECONDITION)  # fmt: skip
