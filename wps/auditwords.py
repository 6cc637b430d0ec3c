"""The words of the audit: what stands in its rows, as it is shown and asked for.

A row names what the policy was asked for, or the call itself where it ended before that: `PutLock`. What is stored
stays; here all of it is written in one style.
"""

from __future__ import annotations

import importlib
import re

from teamconfig import errors
from teamconfig.keys import nearest
from teamconfig.policy.words import Action

OUTCOMES = ("allowed", "denied", "failed", "expired")
OTHERS = (
    "sign-in", "refresh", "sign-out", "groups", "explain-right", "list-locks", "status", "close-lease", "lease-ended",
    "revoke-lease", "forget-sessions", "take-revision", "take-signing-key", "calls-dropped",
)  # fmt: skip
"""What the service does besides what the policy has a word for."""

_CONTRACT = ("audit", "releases", "rights", "sessions", "standards")
_SHORT = {"WhoAmI": "whoami", "Read": "audit-read", "Verify": "audit-verify", "Open": "sign-in", "Close": "sign-out",
          "GetStatus": "status"}  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def shown(stored: str) -> str:
    """Write an action as people read it.

    Args:
        stored: As the row has it.

    Returns:
        "put-lock" for "PutLock"; a word as it is.
    """
    return _SHORT.get(stored) or _HUMP.sub("-", stored).lower()


def stored(action: str) -> tuple[str, ...]:
    """Tell what rows may have for an action.

    Args:
        action: As `shown` writes it, or as a row has it; empty for any.

    Returns:
        What to ask the service for: once for each; ("",) for any.

    Raises:
        StandardsError: No row has it (kind option).
    """
    if not action:
        return ("",)
    known: dict[str, list[str]] = {}
    for one in (*(word.value for word in Action), *OTHERS, *_calls()):
        known.setdefault(shown(one), []).append(one)
    if action in known:
        return tuple(dict.fromkeys(known[action]))
    if any(action in found for found in known.values()):
        return (action,)
    close = nearest(action, known)
    fix = f"write {close}" if close else f"use one of {', '.join(sorted(known))}"
    raise _wrong(f"unknown action {action}", "no row of the audit has it", fix, "the argument --action")


def check_outcome(outcome: str) -> None:
    """Refuse an outcome that no row has.

    Args:
        outcome: As the user wrote it; empty for any.

    Raises:
        StandardsError: It is none of `OUTCOMES` (kind option).
    """
    if not outcome or outcome in OUTCOMES:
        return
    close = nearest(outcome, OUTCOMES)
    why = f"an outcome is {', '.join(OUTCOMES[:-1])} or {OUTCOMES[-1]}"
    raise _wrong(f"unknown outcome {outcome}", why, f"write {close or 'one of these'}", "the argument --outcome")


def check_limit(limit: int) -> None:
    """Refuse to ask for no rows.

    Args:
        limit: At most so many rows.

    Raises:
        StandardsError: It is less than 1 (kind option).
    """
    if limit < 1:
        raise _wrong(f"--limit {limit} is not allowed", "it is at least 1", "write --limit 100", "the argument --limit")


def _calls() -> list[str]:
    """List the calls of the contract."""
    modules = [importlib.import_module(f"teamconfig.gen.waypaas.v1.{name}_pb2") for name in _CONTRACT]
    services = [one for module in modules for one in module.DESCRIPTOR.services_by_name.values()]
    return [method.name for service in services for method in service.methods]


def _wrong(what: str, why: str, fix: str, where: str) -> errors.StandardsError:
    return errors.StandardsError([errors.Problem(what, why, fix, where, "option")])
