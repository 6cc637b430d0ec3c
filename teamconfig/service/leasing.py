"""Leases: credentials are given for one that stands in the database, and closed by who had them.

Handler of waypaas.v1.Rights/CloseLease. Who may have credentials, and what for,
is decided by `rights` and `redeeming`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from teamconfig import resolve
from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.policy.words import Action
from teamconfig.service.gating import insist
from teamconfig.service.issuing import IssueError, Wish
from teamconfig.service.refusal import Refusal, malformed, refuse
from teamconfig.service.standards import resolved
from teamconfig.state import leases, ledgers, locks, releases, revoking, sessions
from teamconfig.state.errors import refused
from teamconfig.state.releases import Draft

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from teamconfig.identity.principal import Principal
    from teamconfig.profile import Profile
    from teamconfig.service.call import Call
    from teamconfig.state.leases import Holding, Lease

LEASE_SECONDS = 15 * 60
_RUNS = (Action.DEPLOY, Action.PROMOTE)
"""What leaves an image running, if it succeeds."""

_PLACES = {"kubernetes": "cluster", "aws": "account"}
"""What the handle of a lease has once its credentials were given; by those of a repository nothing runs."""


def issued(
    tx: Connection,
    call: Call,
    holding: Holding,
    *,
    digest: str,
    now: float,
    others: Iterable[Principal] = (),
    is_release: bool = True,
) -> Lease:
    """Record that credentials are given; refuse where a lock holds, the session was closed, or the image is rejected.

    The call was held against locks before, as they were a second ago. This asks the database itself, in the
    transaction that the lock's own would have to come before or after: whoever is told that a lock holds can rely on
    it. A lease that is there before the lock is revoked by it.

    Args:
        tx: Transaction of the writer.
        call: The call.
        holding: Who gets them and what for.
        digest: Of the image; empty where none is named.
        now: Seconds since 1970.
        others: On whose word they are given, beside the holder's.
        is_release: Whether the image may count as having run in the environment, once the lease is closed.

    Returns:
        The lease.

    Raises:
        RefusedError: "session_locked", "session_revoked", "digest_rejected" or "environment_held".
    """
    subjects = [
        ("device", holding.device_key.hex()), ("team", holding.team), ("project", holding.project),
        *(("user", person.key) for person in (holding.principal, *others)),
    ]  # fmt: skip
    place = holding.project, holding.app, holding.environment
    # One question for the many calls that nothing speaks against: one transaction at a time writes.
    marked = ledgers.is_marked(tx, place, digest, now=now)
    lock = locks.hitting(tx, subjects, now=now) if marked else None
    if lock is not None:
        why = f"{lock.kind} {lock.subject} is locked: {lock.reason}"
        fix = "ask your team's lead, or the platform team"
        raise refused("session_locked", "no credentials are given", why, fix)
    session = call.caller.session if call.caller is not None else None
    kept = sessions.get(tx, session.id) if session is not None else None
    if session is not None and (kept is None or kept.closed_at is not None):
        raise refused("session_revoked", "no credentials are given", "the session was closed", "sign in: wps init")
    if marked and holding.action in _RUNS:
        insist(tx, call, place, digest)
    handle = {"digest": digest} if digest and is_release else {}
    return leases.issue(tx, holding, now=now, expires=now + LEASE_SECONDS, handle=handle)


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
        await call.commit(lambda tx: revoking.revoked(tx, lease.id), note=lambda _: {"lease": lease.id})
    return rights_pb2.CloseLeaseReply()


def _is_open(lease: Lease, now: float) -> bool:
    """Tell whether credentials were given for a lease and nobody has said yet how their use ended."""
    given = _PLACES.get(lease.holding.platform, "") in lease.handle
    return lease.state == "issued" and not lease.outcome and now < lease.expires and given


async def _runs(call: Call, lease: Lease, digest: str) -> bool:
    """Look whether the image runs: that it did is what lets it go on to the next environment."""
    issuer = call.core.issuers.get(lease.holding.platform)
    if issuer is None:
        return False
    held = lease.holding
    profile = resolve.profile(call.core.tree, project=held.project, app=held.app, workspace=held.environment)
    found: bool = await issuer.runs(profile, digest)
    return found
