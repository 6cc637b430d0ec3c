"""What the audit keeps of one call, as the caller says it.

Owns the step from an event to the fields of a row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from teamconfig.state.chain import DETAILS_LIMIT, canonical, clean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.identity.principal import Principal

Outcome = Literal["allowed", "denied", "failed", "expired"]

TIME_LIMIT_MS = 2**53
"""No row is younger than this."""


@dataclass(frozen=True, slots=True)
class Event:
    """What the audit keeps of one call.

    Args:
        time: Seconds since 1970.
        principal: Who called; `Principal("", "")` if nobody was known.
        action: What they wanted, a word of `teamconfig.policy`, or the name of the call.
        outcome: How it ended.
        reason: Why, one word; empty if all is well.
        project: What it was about; empty where there is none.
        app: As above.
        workspace: As above.
        team: As above.
        environment: As above.
        request_id: Of the call.
        revision: Of the standards that it was decided by.
        details: JSON values of what else there is to know; at most 16,384 letters of JSON; never a secret.
    """

    time: float
    principal: Principal
    action: str
    outcome: Outcome
    reason: str = ""
    project: str = ""
    app: str = ""
    workspace: str = ""
    team: str = ""
    environment: str = ""
    request_id: str = ""
    revision: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def to_values(event: Event) -> dict[str, Any]:
    """Give the fields of an event's row, but for those of its place in the chain.

    Args:
        event: What happened.

    Returns:
        Values by field of `chain.Row`, as every database keeps them.

    Raises:
        ValueError: The details are too long or hold no JSON, or the time is out of bounds.
        TypeError: The details hold what JSON cannot say.
    """
    details = canonical(dict(event.details))
    if len(details) > DETAILS_LIMIT:
        raise ValueError(f"details of an audit row have {len(details)} letters, at most {DETAILS_LIMIT} are kept")
    time_ms = int(event.time * 1000)
    if not 0 <= time_ms < TIME_LIMIT_MS:
        raise ValueError("time of an audit row is out of bounds")
    return {
        "time_ms": time_ms,
        "issuer": clean(event.principal.issuer),
        "subject": clean(event.principal.subject),
        "name": clean(event.principal.name),
        "kind": event.principal.kind,
        "action": clean(event.action),
        "project": clean(event.project),
        "app": clean(event.app),
        "workspace": clean(event.workspace),
        "team": clean(event.team),
        "environment": clean(event.environment),
        "outcome": event.outcome,
        "reason": clean(event.reason),
        "request_id": clean(event.request_id),
        "revision": clean(event.revision),
        "details": details,
    }
