"""Handlers of waypaas.v1.Rights: grants, and the credentials that they or a role give."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import grpc

from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2
from teamconfig.policy.question import environment_kind
from teamconfig.policy.words import Action, EnvironmentKind, Reason
from teamconfig.service import grants as tokens
from teamconfig.service.callers import identify, reread
from teamconfig.service.issuing import IssueError, Wish
from teamconfig.service.refusal import Refusal, malformed, refuse, unauthenticated
from teamconfig.service.sessions import to_proto
from teamconfig.service.standards import resolved
from teamconfig.state import grants, leases, releases
from teamconfig.state.grants import Wanted
from teamconfig.state.leases import Holding
from teamconfig.state.releases import Draft

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.service.callers import Signed
    from teamconfig.state.grants import Grant
    from teamconfig.state.leases import Lease
    from teamconfig.tree import Tree

GRANT_SECONDS = 10 * 60
"""How long a grant may wait to be used."""

REQUEST_SECONDS = 24 * 3600
"""How long a request may wait for its approvals."""

LEASE_SECONDS = 15 * 60
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HASH = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_GRANTED = (Action.PROMOTE, Action.DEPLOY, Action.DESTROY)
_ISSUED = (Action.READ, Action.LOGS, Action.BUILD, Action.DEPLOY, Action.EXEC, Action.DESTROY)
_RUNS = (Action.DEPLOY, Action.PROMOTE)
"""What leaves an image running, if it succeeds."""

_PLATFORMS = ("kubernetes", "aws")


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
    await _reread_for(call, tree)
    profile = resolved(call, tree, request.stanzas)
    wanted = profile.promotion.approvals or 0
    seen = await _ran_before(call, profile, tree, request.digest)
    call.details |= {"digest": request.digest, "approvals_wanted": wanted}
    decision = call.decide(action, tree, digest_seen=seen, approvals=0, approvals_wanted=wanted)
    waits = decision.reason == Reason.APPROVAL_MISSING
    if not decision.allowed and not waits:
        call.permit(action, tree, digest_seen=seen, approvals=0, approvals_wanted=wanted)
    now = call.core.now()
    asked = Wanted(
        project=project, app=app, workspace=request.target.workspace, team=team, environment=environment,
        action=action, digest=request.digest, plan_hash=request.plan_hash, revision=profile.revision,
        stanzas_hash=hashlib.sha256(request.stanzas).hexdigest(),
    )  # fmt: skip
    needed = max(wanted, 1) if waits else 0

    def change(tx: Connection) -> Grant:
        return grants.request(
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
    await _reread_for(call, tree)
    call.permit(Action.APPROVE, tree, requested_by_another=found.requester.key != caller.principal.key)
    now = call.core.now()

    def change(tx: Connection) -> Grant:
        return grants.approve(tx, found.id, caller.principal, now=now, expires=now + GRANT_SECONDS)

    return _grant(call, await call.commit(change, note=lambda grant: {"state": grant.stored}))


async def get_grant(call: Call, request: rights_pb2.GetGrantRequest) -> rights_pb2.Grant:
    """Tell how far a grant is; its token to who asked for it only."""
    tree = call.core.tree
    found = await _find(call, request.id)
    call.aim(common_pb2.Target(project=found.wanted.project, app=found.wanted.app,
                               workspace=found.wanted.environment), tree)  # fmt: skip
    await _reread_for(call, tree)
    call.permit(Action.READ, tree)
    return _grant(call, found)


async def redeem_grant(
    call: Call, given: tuple[rights_pb2.RedeemGrantRequest, Signed]
) -> rights_pb2.Credentials:  # fmt: skip
    """Use a grant, once, for credentials."""
    request, signed = given
    tree = call.core.tree
    call.action = Action.REDEEM
    jti = tokens.read(request.token, call.core.key.public_key())
    found = await call.core.read(lambda tx: grants.by_jti(tx, jti))
    if found is None:
        raise unauthenticated("grant_unknown", "the service has no such grant", "ask for a new one: wps promote")
    call.details["grant"] = found.id
    if signed.token:
        await identify(call, signed)
    call.aim(common_pb2.Target(project=found.wanted.project, app=found.wanted.app,
                               workspace=found.wanted.environment), tree)  # fmt: skip
    _refuse_locked(call, found)
    if call.caller is not None:
        await _reread_for(call, tree)
        call.permit(Action.REDEEM, tree, approvals=len(found.approvers), approvals_wanted=found.approvals_wanted)
    if _platform(request.platform) not in call.core.issuers:
        raise _no_platform(request.platform)
    now = call.core.now()
    if hashlib.sha256(request.stanzas).hexdigest() != found.wanted.stanzas_hash:
        raise refuse(
            "stanzas_mismatch", "the grant is for other options of waypoint.hcl",
            "what was approved is what is done", "ask for a new one: wps promote", grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip
    holding = Holding(
        principal=found.requester, device_key=b"", project=found.wanted.project, app=found.wanted.app,
        team=found.wanted.team, environment=found.wanted.environment, action=found.wanted.action,
        platform=request.platform, grant_id=found.id,
    )  # fmt: skip

    def change(tx: Connection) -> Lease:
        grants.redeem(tx, jti, digest=request.digest, plan_hash=request.plan_hash, now=now)
        handle = {"digest": found.wanted.digest}
        return leases.issue(tx, holding, now=now, expires=now + LEASE_SECONDS, handle=handle)

    lease = await call.commit(change, note=lambda one: {"lease": one.id, "digest": found.wanted.digest})
    profile = resolved(call, tree, request.stanzas)
    return await _issue(call, lease, profile)


async def issue_credentials(call: Call, request: rights_pb2.IssueCredentialsRequest) -> rights_pb2.Credentials:
    """Give credentials for what one's role permits without a grant."""
    tree, caller = call.core.tree, call.known()
    project, app, team, environment = call.aim(request.target, tree)
    action = _action(request.action, _ISSUED)
    await _reread_for(call, tree)
    if environment_kind(tree, environment) is EnvironmentKind.PRODUCTION and action in (Action.DEPLOY, Action.DESTROY):
        call.permit(action, tree, digest_seen=True, approvals=1, approvals_wanted=0)
        raise refuse(
            "grant_needed", f"{action} in {environment} needs a grant",
            "what goes to production is a release that ran before, named by its digest",
            "use `wps promote`", grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip
    call.permit(action, tree)
    profile = resolved(call, tree, request.stanzas)
    if action is Action.EXEC and profile.kubernetes.exec != "allow":
        origin = profile.origin("kubernetes", "exec")
        why = f"the standard kubernetes.exec is deny, by {origin.winner.layer}" if origin else "kubernetes.exec is deny"
        fix = f"ask {tree.teams[team].owner or tree.org.contact or 'the platform team'}"
        raise refuse("exec_denied", f"a shell in {environment} is not allowed", why, fix)
    if _platform(request.platform) not in call.core.issuers:
        raise _no_platform(request.platform)
    now = call.core.now()
    holding = Holding(
        principal=caller.principal, device_key=call.device_key, project=project, app=app, team=team,
        environment=environment, action=action, platform=request.platform,
    )  # fmt: skip
    handle = {"digest": request.digest} if request.digest else {}
    if request.digest and not _DIGEST.fullmatch(request.digest):
        raise malformed("digest is not sha256: and 64 hex digits")

    def change(tx: Connection) -> Lease:
        return leases.issue(tx, holding, now=now, expires=now + LEASE_SECONDS, handle=handle)

    lease = await call.commit(change, note=lambda one: {"lease": one.id})
    return await _issue(call, lease, profile)


async def close_lease(call: Call, request: rights_pb2.CloseLeaseRequest) -> rights_pb2.CloseLeaseReply:
    """Note how the use of credentials ended, and end them where that is possible."""
    caller = call.known()
    call.action = "close-lease"
    if request.outcome not in {"succeeded", "failed"}:
        raise malformed("outcome is not succeeded or failed")
    lease = await call.core.read(lambda tx: leases.get(tx, request.lease_id))
    if lease is None or lease.holding.principal != caller.principal:
        raise refuse("lease_unknown", "there is no such lease of yours", "none is known by this id", "nothing to do",
                     grpc.StatusCode.NOT_FOUND)  # fmt: skip
    held = lease.holding
    call.about.project, call.about.app, call.about.team, call.about.environment = (
        held.project, held.app, held.team, held.environment,
    )  # fmt: skip
    revoke = held.platform == "kubernetes"

    ran = request.outcome == "succeeded" and held.action in _RUNS and lease.handle.get("digest", "")
    now, revision = call.core.now(), call.core.revision.name

    def change(tx: Connection) -> Lease:
        if ran:
            draft = Draft(held.project, held.app, held.environment, ran, revision, "")
            releases.record(tx, draft, now=now)
        return leases.close(tx, lease.id, outcome=request.outcome, revoke=revoke)  # type: ignore[arg-type]  # checked

    await call.commit(change, note=lambda _: {"lease": lease.id, "outcome": request.outcome, "ran": ran or ""})
    if revoke and await call.core.issuers["kubernetes"].revoke(lease):
        await call.commit(lambda tx: leases.revoked(tx, lease.id), note=lambda _: {"lease": lease.id})
    return rights_pb2.CloseLeaseReply()


async def _issue(call: Call, lease: Lease, profile: Profile) -> rights_pb2.Credentials:
    """Get credentials for a lease that stands in the database; how that ended is a row of its own."""
    issuer = call.core.issuers[lease.holding.platform]
    try:
        handle, made = await issuer.issue(Wish(lease, profile))
    except IssueError as err:
        await call.commit(
            lambda tx: leases.close(tx, lease.id, outcome="failed", revoke=False),
            outcome="failed", reason=err.reason, note=lambda _: {"lease": lease.id},
        )  # fmt: skip
        raise Refusal([err.problem], err.reason, err.code, "failed") from err
    whole = {**lease.handle, **handle}
    await call.commit(lambda tx: leases.set_handle(tx, lease.id, whole), note=lambda _: {"lease": lease.id})
    found: rights_pb2.Credentials = made
    found.lease_id = lease.id
    return found


async def _reread_for(call: Call, tree: Tree) -> None:
    """Read the caller's groups for this very call, where it is about production."""
    if environment_kind(tree, call.about.environment) is EnvironmentKind.PRODUCTION:
        await reread(call, always=True)


async def _ran_before(call: Call, profile: Profile, tree: Tree, digest: str) -> bool:
    """Tell whether an image ran in the environment that it has to come from."""
    names = tree.org.environments
    place = names.index(profile.environment)
    source = profile.promotion.source or (names[place - 1] if place else "")
    if not source:
        return True
    found = await call.core.read(
        lambda tx: releases.find(tx, profile.project, profile.app, source, digest)
    )  # fmt: skip
    return found is not None


async def _find(call: Call, grant_id: str) -> Grant:
    found = await call.core.read(lambda tx: grants.get(tx, grant_id[:64]))
    if found is None:
        raise refuse("grant_unknown", "there is no such grant", "none is known by this id", "see `wps promote --list`",
                     grpc.StatusCode.NOT_FOUND)  # fmt: skip
    return found


def _refuse_locked(call: Call, found: Grant) -> None:
    """A grant of somebody who was locked meanwhile is worth nothing."""
    for key in (
        ("user", found.requester.key),
        ("team", found.wanted.team),
        ("project", found.wanted.project),
    ):
        if key in call.core.facts.locked:
            why = f"{key[0]} {key[1]} is locked: {call.core.facts.locked[key]}"
            raise refuse("session_locked", "the grant cannot be used", why, "ask the platform team")


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


def _platform(text: str) -> str:
    if text not in _PLATFORMS:
        raise malformed(f"platform is not one of {', '.join(_PLATFORMS)}")
    return text


def _no_platform(platform: str) -> Refusal:
    section = "clusters" if platform == "kubernetes" else "accounts"
    return refuse("no_platform", f"the service gives no {platform} credentials",
                  f"its service.yaml has no {section}", "ask the platform team",
                  grpc.StatusCode.FAILED_PRECONDITION)  # fmt: skip
