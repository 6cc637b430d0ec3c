"""Handlers of waypaas.v1.Releases: evidence is handed in, and listed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from teamconfig.gen.waypaas.v1 import releases_pb2
from teamconfig.policy.words import Action
from teamconfig.releases import evidence as evidences
from teamconfig.releases import wire
from teamconfig.service.gating import reading, trusted
from teamconfig.service.refusal import malformed
from teamconfig.service.releases import about_project, aimed, by
from teamconfig.state import ledgers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.store import Store
    from teamconfig.service.call import Call

LIST_BYTES = 8 * 1024 * 1024
"""What is listed is not longer; of each maker the newest come first."""


async def put_evidence(call: Call, request: releases_pb2.PutEvidenceRequest) -> releases_pb2.ReleaseEvidence:
    """Keep what a test said."""
    _, place = await aimed(call, request.target, Action.RECORD)
    try:
        finding = wire.finding_from_proto(request, place[2])
    except ValueError as err:
        raise malformed(f"finding: {err}") from err
    evidences.check(finding, call.core.now())
    who = by(call)
    made = evidences.keep(finding, made_by=who.key, made_by_name=who.name, made_at=who.now)

    def change(store: Store, _tx: Connection) -> Evidence:
        store.add_evidence(made)
        return made

    note = {"evidence": made.id, "test": made.test, "outcome": made.outcome, "digest": made.key.digest}
    return wire.evidence_to_proto(await call.commit(ledgers.changing(trusted(call), change), note=lambda _: note))


async def list_evidence(call: Call, request: releases_pb2.ListEvidenceRequest) -> releases_pb2.ListEvidenceReply:
    """List evidence of an image, newest first."""
    about_project(call, request.project, request.app)
    call.permit(Action.READ, call.core.tree)
    found = await reading(
        call, lambda store: store.evidence(request.project, request.app, request.digest, request.environment)
    )
    return releases_pb2.ListEvidenceReply(evidence=fitting([wire.evidence_to_proto(one) for one in found], found))


def fitting(
    messages: Sequence[releases_pb2.ReleaseEvidence], found: Sequence[Evidence], most_bytes: int = LIST_BYTES
) -> list[releases_pb2.ReleaseEvidence]:
    """Leave out what makes an answer too long, so that nobody's much leaves out somebody else's little. Pure.

    Args:
        messages: All of it, newest first.
        found: The same, to tell whose it is.
        most_bytes: How long the answer may be.

    Returns:
        What is listed, newest first.
    """
    places: Counter[str] = Counter()
    ranked = []
    for number, one in enumerate(found):
        ranked.append((places[one.made_by], number))
        places[one.made_by] += 1
    taken, size = set(), 0
    for _, number in sorted(ranked):
        size += messages[number].ByteSize()
        if size > most_bytes:
            break
        taken.add(number)
    return [one for number, one in enumerate(messages) if number in taken]
