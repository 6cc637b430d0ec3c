"""Handlers of waypaas.v1.Rights: who is shut out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc

from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.policy.words import Action
from teamconfig.service.refusal import malformed, refuse
from teamconfig.service.sessions import to_proto
from teamconfig.state import closing, locks, revoking
from teamconfig.state.locks import KINDS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.service.call import Call
    from teamconfig.state.locks import Lock

_TEXT = 300


async def put_lock(call: Call, request: rights_pb2.PutLockRequest) -> rights_pb2.Lock:
    """Shut somebody or something out; a locked user's sessions are closed at once."""
    _permit(call, request.kind, request.subject)
    await _refuse_outranked(call, request.kind, request.subject)
    if not request.reason.strip() or len(request.reason) > _TEXT or not request.reason.isprintable():
        raise malformed(f"reason is empty, longer than {_TEXT} letters, or not printable")
    caller, now = call.known(), call.core.now()

    def change(tx: Connection) -> Lock:
        lock = locks.put(
            tx, request.kind, request.subject, reason=request.reason, until=float(request.until) or None,
            by=caller.principal, now=now,
        )  # fmt: skip
        if request.kind == "user":
            closing.close_of(tx, request.subject, now=now)
        revoking.revoke(tx, request.kind, request.subject)
        return lock

    made = await call.commit(change, note=lambda _: {"kind": request.kind, "subject": request.subject[:_TEXT]})
    await call.core.refresh_facts()
    call.core.forget_sessions()
    return _to_proto(made)


async def remove_lock(call: Call, request: rights_pb2.RemoveLockRequest) -> rights_pb2.RemoveLockReply:
    """Let somebody in again; never oneself."""
    _permit(call, request.kind, request.subject)
    await _refuse_outranked(call, request.kind, request.subject)

    def change(tx: Connection) -> bool:
        return locks.remove(tx, request.kind, request.subject)

    removed = await call.commit(change, note=lambda _: {"kind": request.kind, "subject": request.subject[:_TEXT]})
    await call.core.refresh_facts()
    return rights_pb2.RemoveLockReply(removed=removed)


async def list_locks(call: Call, request: rights_pb2.ListLocksRequest) -> rights_pb2.ListLocksReply:
    """List the locks, to who may lock anywhere; others see those of their teams, of their device and their own."""
    del request
    tree, caller, now = call.core.tree, call.known(), call.core.now()
    call.action = "list-locks"
    found = await call.core.read(lambda tx: locks.active(tx, now=now))
    teams = set(caller.standing.teams)
    projects = {name for name, team in tree.owners.items() if team in teams}
    visible = [
        lock
        for lock in found
        if caller.standing.organization
        or (lock.kind, lock.subject) in {("user", caller.principal.key), ("device", call.device_key.hex())}
        or (lock.kind == "team" and lock.subject in teams)
        or (lock.kind == "project" and lock.subject in projects)
    ]
    return rights_pb2.ListLocksReply(locks=[_to_proto(lock) for lock in visible])


async def _refuse_outranked(call: Call, kind: str, subject: str) -> None:
    """Leave a lock to who made it, and to roles of the company: else a team would lift what security has locked."""
    caller, now = call.known(), call.core.now()
    found = await call.core.read(lambda tx: locks.active(tx, now=now))
    held = next((lock for lock in found if (lock.kind, lock.subject) == (kind, subject)), None)
    if held is not None and held.by != caller.principal and not caller.standing.organization:
        by = held.by.name or held.by.subject
        raise refuse("lock_of_another", f"the lock of {kind} {subject} is not yours", f"{by} made it: {held.reason}",
                     f"ask {by}, or security")  # fmt: skip


def _known(call: Call, kind: str, subject: str) -> bool:
    """Tell whether there can be such a subject, so that a mistyped lock is not taken for one."""
    tree = call.core.tree
    if kind == "team":
        return subject in tree.teams
    if kind == "project":
        return subject in tree.owners
    if kind == "device":
        return re.fullmatch(r"[0-9a-f]{64}", subject) is not None
    issuer, bar, name = subject.partition("|")
    return bool(issuer and bar and name)


def _permit(call: Call, kind: str, subject: str) -> None:
    """Insist that the caller may lock this: their team's by a role there, themselves, or all by one of the company."""
    tree, caller = call.core.tree, call.known()
    if kind not in KINDS or not subject or len(subject) > _TEXT or not subject.isprintable():
        raise malformed(f"kind is not one of {', '.join(KINDS)}, or subject is empty, too long or not printable")
    if not _known(call, kind, subject):
        raise refuse("lock_unknown", f"there is no {kind} {subject[:80]}",
                     "a user is issuer|subject as `wps whoami` and the audit show it, a device 64 hex digits",
                     "correct it", grpc.StatusCode.NOT_FOUND)  # fmt: skip
    if kind == "team":
        call.about.team = subject
    elif kind == "project":
        call.about.project = subject
        call.about.team = tree.owners.get(subject, "")
    own = {("user", caller.principal.key), ("device", call.device_key.hex())}
    call.permit(Action.LOCK_SELF if (kind, subject) in own else Action.LOCK, tree, team=call.about.team)


def _to_proto(lock: Lock) -> rights_pb2.Lock:
    return rights_pb2.Lock(
        kind=lock.kind, subject=lock.subject, reason=lock.reason, until=int(lock.until or 0), by=to_proto(lock.by)
    )
