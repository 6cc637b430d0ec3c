"""Shows a plan and a record: text for people, data for programs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from teamconfig.releases import record as records
from wps import moments, terminal
from wps.images import tally
from wps.promotion.differing import UNSET
from wps.promotion.plan import STEPS

if TYPE_CHECKING:
    from teamconfig.releases.record import Record
    from wps.promotion.differing import Difference
    from wps.promotion.plan import Plan

SHOWN_DIGITS = 12
"""Of ids and digests, in text."""


def plan(found: Plan) -> None:
    """Show a plan.

    Args:
        found: The plan.
    """
    facts = found.facts
    target = facts.target
    way = f"{facts.source.environment} -> {target.environment}" if facts.source is not None else target.environment
    what = {"deploy": "built now", "rollback": f"back to {release(facts.chosen)}"}.get(
        facts.kind, release(facts.chosen)
    )
    terminal.heading(f"{target.project}/{target.app}: {way}" + (f": {what}" if what else ""))
    if facts.current is not None:
        terminal.line(f"now        {release(facts.current)}")
    terminal.line(f"image      {_move(found)}")
    declared = [one for one in found.differences if one.is_declared]
    others = [one for one in found.differences if not one.is_declared]
    if facts.source is not None:
        told = f"{terminal.counted(len(declared), 'difference')} by the standards of environments"
        terminal.line(f"standards  {told}" + (f", {len(others)} by none" if others else ""))
        for one in (*others, *declared):
            terminal.line(f"  {'~' if one.is_declared else '!'} {difference(one)}")
    for test, lack in found.tests.items():
        waived = " (waived)" if lack and records.spares(found.waived, test) else ""
        terminal.line(f"test       {test}: {lack or 'passed, and counts'}{waived}")
    for check, reused in found.checks:
        how = "evidence is reused" if reused else "runs before the traffic"
        by = ', by use "test"' if facts.demand.by_release and not reused else ""
        by += "; its failure is waived" if records.spares(found.waived, check.name) and not reused else ""
        terminal.line(f"test       {check.name} in {target.environment}: {how}{by}")
    approvals = target.promotion.approvals or 0
    if approvals and facts.kind == "promote":
        terminal.line(f"approvals  {approvals} by somebody else")
    steps = ("build", *STEPS[1:]) if facts.kind == "deploy" else STEPS
    done = f" ({', '.join(found.done)} done before)" if found.done else ""
    terminal.line(f"steps      {', '.join(steps)}, record{done}")
    for text in found.notes:
        terminal.note(text)


def release(one: Record | None) -> str:
    """Write a record in a few words.

    Args:
        one: The record, or None.

    Returns:
        "release 12 (sha256:0123456789ab, 3 h 10 min old, by ana)"; empty for None.
    """
    if one is None:
        return ""
    age = moments.span(time.time() - one.made_at)
    return f"release {one.number} ({short(one.digest)}, {age} old, by {one.made_by_name or one.made_by})"


def short(digest: str) -> str:
    """Shorten a digest for people.

    Args:
        digest: "sha256:" and 64 hex digits.

    Returns:
        "sha256:" and the first 12.
    """
    head, colon, digits = digest.partition(":")
    return f"{head}{colon}{digits[:SHOWN_DIGITS]}"


def difference(one: Difference) -> str:
    """Write a difference in a line.

    Args:
        one: The difference.

    Returns:
        "kubernetes.replicas 2 -> 6 (environments/production.yaml:4)".
    """
    before, after = (UNSET if value is None else value for value in (one.before, one.after))
    return f"{one.key} {before} -> {after} ({one.where or one.layer})"


def _move(found: Plan) -> str:
    move = found.facts.move
    if move is None:
        return "built now" if found.facts.kind == "deploy" else "none is recorded"
    if move.error:
        return move.error
    if move.source == move.target:
        return f"{found.digest} is in {move.target}"
    sent = f"{terminal.counted(move.blobs_to_send, 'blob')} to send ({tally.amount(move.bytes_to_send)})"
    return f"{found.digest}  {move.source} -> {move.target}: {sent}, {move.blobs_present} there already"


def data(found: Plan) -> dict[str, Any]:
    """Give a plan as data.

    Args:
        found: The plan.

    Returns:
        By name.
    """
    facts, move = found.facts, found.facts.move
    return {
        "project": facts.target.project,
        "app": facts.target.app,
        "kind": facts.kind,
        "source": facts.source.environment if facts.source is not None else "",
        "target": facts.target.environment,
        "digest": found.digest,
        "from_record": facts.chosen.id if facts.chosen is not None else "",
        "is_there": found.is_there,
        "move": None
        if move is None
        else {
            "source": move.source,
            "target": move.target,
            "bytes_to_send": move.bytes_to_send,
            "blobs_to_send": move.blobs_to_send,
            "blobs_present": move.blobs_present,
        },
        "differences": [one.to_json() for one in found.differences],
        "tests": {test: {"counts": not lack, "why_not": lack} for test, lack in found.tests.items()},
        "evidence": list(found.evidence),
        "checks": [
            {"test": one.name, "kind": one.kind, "evidence": reused, "by_release": facts.demand.by_release}
            for one, reused in found.checks
        ],
        "waived": sorted(found.waived),
        "approvals": facts.target.promotion.approvals or 0,
        "done": list(found.done),
        "notes": list(found.notes),
        "problems": [terminal.problem(one) for one in found.problems],
    }


def record(one: Record) -> dict[str, Any]:
    """Give a record as data.

    Args:
        one: The record.

    Returns:
        By name, its id too.
    """
    return {"id": one.id, **records.to_json(one)}
