"""Handlers of waypaas.v1.Audit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from teamconfig.gen.waypaas.v1 import audit_pb2, common_pb2
from teamconfig.policy import standing
from teamconfig.policy.words import Action
from teamconfig.state import audit

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from teamconfig.service.call import Call
    from teamconfig.state.chain import Row

_PAGE = 500


async def read(call: Call, request: audit_pb2.ReadAuditRequest) -> audit_pb2.ReadAuditReply:
    """Give rows: of everybody by a role in the company, else of one's own teams as lead, and one's own."""
    tree, caller = call.core.tree, call.known()
    teams: set[str] | None = set()
    own: tuple[str, str] | None = (caller.principal.issuer, caller.principal.subject)
    if caller.standing.organization:
        call.permit(Action.AUDIT_READ, tree)
        teams = own = None
    elif request.team:
        call.about.team = request.team
        call.permit(Action.AUDIT_READ, tree, team=request.team)
        teams, own = {request.team}, None
    else:
        call.permit(Action.AUDIT_OWN, tree)
        call.action = Action.AUDIT_OWN
        teams = None
    if request.team and teams is None:
        teams = {request.team}
    size = min(max(request.page_size, 0) or _PAGE, _PAGE)

    def query(tx: Connection) -> list[Row]:
        return audit.read(
            tx, after=max(0, request.after), limit=size, teams=teams, principal=own, project=request.project,
            action=request.action, outcome=request.outcome,
        )  # fmt: skip

    rows = await call.core.read(query)
    return audit_pb2.ReadAuditReply(
        rows=[_to_proto(row) for row in rows], next=rows[-1].sequence if len(rows) == size else 0
    )


async def verify(call: Call, request: audit_pb2.VerifyAuditRequest) -> audit_pb2.VerifyAuditReply:
    """Check the chain; whoever leads a team may, as their rows are in it."""
    tree = call.core.tree
    own = standing.memberships(tree, call.known().standing)
    led = (one.name for one in own if call.decide(Action.AUDIT_VERIFY, tree, team=one.name).allowed)
    call.permit(Action.AUDIT_VERIFY, tree, team=next(led, ""))
    verdict = await asyncio.to_thread(call.core.verify_audit, without_checkpoints=request.without_checkpoints)
    call.details["intact"] = verdict.intact
    return audit_pb2.VerifyAuditReply(
        intact=verdict.intact, rows=verdict.rows, checkpoints=verdict.checkpoints, problem=verdict.problem,
        at=verdict.at,
    )  # fmt: skip


def _to_proto(row: Row) -> audit_pb2.AuditRow:
    return audit_pb2.AuditRow(
        sequence=row.sequence,
        time_ms=row.time_ms,
        principal=common_pb2.Principal(issuer=row.issuer, subject=row.subject, name=row.name, kind=row.kind),
        action=row.action,
        target=common_pb2.Target(project=row.project, app=row.app, workspace=row.workspace),
        team=row.team,
        environment=row.environment,
        outcome=row.outcome,
        reason=row.reason,
        request_id=row.request_id,
        revision=row.revision,
        details=row.details,
    )
