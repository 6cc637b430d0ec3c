"""Handlers of waypaas.v1.Rights: grants, and the credentials that they or a role give."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import grpc

from teamconfig import resolve, units
from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2
from teamconfig.policy.question import environment_kind
from teamconfig.policy.words import Action, EnvironmentKind, Reason
from teamconfig.service import grants as tokens
from teamconfig.service.callers import reread
from teamconfig.service.issuing import IssueError, KubernetesIssuer, Wish
from teamconfig.service.refusal import Refusal, malformed, refuse
from teamconfig.service.sessions import to_proto
from teamconfig.service.standards import resolved
from teamconfig.state import grants, leases, releases
from teamconfig.state.errors import refused
from teamconfig.state.grants import Wanted
from teamconfig.state.leases import Holding
from teamconfig.state.releases import Draft

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
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

_KEY_BYTES = 32
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
    await reread_for(call, tree)
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
    await reread_for(call, tree)
    call.permit(Action.APPROVE, tree, requested_by_another=found.requester.key != caller.principal.key)
    if found.requester.kind == "person" and found.requester.issuer != caller.principal.issuer:
        raise refuse(
            "other_issuer", "the request cannot be approved",
            "you signed in by another provider than who asked, so that you might be one person with two names",
            f"sign in by the provider of {found.requester.issuer}, or ask somebody who did",
        )  # fmt: skip
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
    await reread_for(call, tree)
    call.permit(Action.READ, tree)
    return _grant(call, found)


async def issue_credentials(call: Call, request: rights_pb2.IssueCredentialsRequest) -> rights_pb2.Credentials:
    """Give credentials for what one's role permits without a grant."""
    tree, caller = call.core.tree, call.known()
    project, app, team, environment = call.aim(request.target, tree)
    action = _action(request.action, _ISSUED)
    await reread_for(call, tree)
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
    wanted_platform(call, request.platform)
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
    return await give(call, lease, profile)


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
    now, revision = call.core.now(), call.core.revision.name
    digest = lease.handle.get("digest", "")
    told = request.outcome == "succeeded" and held.action in _RUNS and bool(digest)
    ran = digest if told and _is_open(lease, now) and await _runs(call, lease, digest) else ""

    def change(tx: Connection) -> Lease:
        kept = leases.get(tx, lease.id)
        if ran and kept is not None and _is_open(kept, now):
            draft = Draft(held.project, held.app, held.environment, ran, revision, "")
            releases.record(tx, draft, now=now)
        return leases.close(tx, lease.id, outcome=request.outcome, revoke=revoke)  # type: ignore[arg-type]  # checked

    await call.commit(change, note=lambda _: {"lease": lease.id, "outcome": request.outcome, "ran": ran})
    if revoke and await call.core.issuers["kubernetes"].revoke(lease):
        await call.commit(lambda tx: leases.revoked(tx, lease.id), note=lambda _: {"lease": lease.id})
    return rights_pb2.CloseLeaseReply()


def _is_open(lease: Lease, now: float) -> bool:
    """Tell whether credentials were given for a lease and nobody has said yet how their use ended."""
    return lease.state == "issued" and not lease.outcome and now < lease.expires and "cluster" in lease.handle


async def _runs(call: Call, lease: Lease, digest: str) -> bool:
    """Look whether the image runs: that it did is what lets it go on to the next environment."""
    issuer = call.core.issuers.get(lease.holding.platform)
    if not isinstance(issuer, KubernetesIssuer):
        return False
    held = lease.holding
    profile = resolve.profile(call.core.tree, project=held.project, app=held.app, workspace=held.environment)
    return await issuer.runs(lease, profile, digest)


async def give(call: Call, lease: Lease, profile: Profile) -> rights_pb2.Credentials:
    """Get credentials for a lease that stands in the database; how that ended is a row of its own.

    Args:
        call: The call.
        lease: In the database already.
        profile: The standards of the target, with the options of waypoint.hcl.

    Returns:
        The credentials.

    Raises:
        Refusal: There are none; the lease is closed.
    """
    issuer = call.core.issuers[lease.holding.platform]
    try:
        handle, made = await issuer.issue(Wish(lease, profile, resolved(call, call.core.tree, b"")))
    except IssueError as err:
        await call.commit(
            lambda tx: leases.close(tx, lease.id, outcome="failed", revoke=False),
            outcome="failed", reason=err.reason, note=lambda _: {"lease": lease.id},
        )  # fmt: skip
        raise Refusal([err.problem], err.reason, err.code, "failed") from err
    whole = {**lease.handle, **handle}

    def kept(tx: Connection) -> None:
        leases.set_handle(tx, lease.id, whole)
        now = leases.get(tx, lease.id)
        if now is None or now.state != "issued":
            raise refused("session_locked", "the credentials are not given", "somebody was locked meanwhile",
                          "ask your team's lead, or the platform team", keep=True)  # fmt: skip

    await call.commit(kept, note=lambda _: {"lease": lease.id})
    found: rights_pb2.Credentials = made
    found.lease_id = lease.id
    return found


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


async def _ran_before(call: Call, profile: Profile, tree: Tree, digest: str) -> bool:
    """Tell whether an image ran in the environment that it has to come from."""
    names = tree.org.environments
    place = names.index(profile.environment)
    source = profile.promotion.source or (names[place - 1] if place else "")
    if not source:
        return True
    found = await call.core.read(lambda tx: releases.find(tx, profile.project, profile.app, source, digest))
    if found is None:
        return False
    soak = units.parse_duration(profile.promotion.soak or "0s").total_seconds()
    left = found.created + soak - call.core.now()
    if left > 0:
        raise refuse(
            "soaking", f"the image has not run long enough in {source}",
            f"the standard promotion.soak is {profile.promotion.soak}, of which {left:.0f} s are left",
            "try again then", grpc.StatusCode.FAILED_PRECONDITION,
        )  # fmt: skip
    return True


async def _find(call: Call, grant_id: str) -> Grant:
    found = await call.core.read(lambda tx: grants.get(tx, grant_id[:64]))
    if found is None:
        raise refuse("grant_unknown", "there is no such grant", "none is known by this id", "see `wps promote --list`",
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
