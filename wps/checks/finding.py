"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `wps doctor`.

    Args:
        check: What was looked at: "waypoint".
        state: "ok"; "warn": it works, but should be mended; "fail": it does not work.
        text: What was found.
        fix: How to mend it; empty if there is nothing to.
    """

    check: str
    state: State
    text: str
    fix: str = ""


def ok(check: str, text: str) -> Finding:
    """Build the finding that all is well.

    Args:
        check: What was looked at.
        text: What was found.

    Returns:
        The finding.
    """
    return Finding(check, "ok", text)


def warn(check: str, text: str, fix: str) -> Finding:
    """Build the finding of what works, but should be mended.

    Args:
        check: What was looked at.
        text: What was found.
        fix: How to mend it.

    Returns:
        The finding.
    """
    return Finding(check, "warn", text, fix)


def fail(check: str, text: str, fix: str) -> Finding:
    """Build the finding of what does not work.

    Args:
        check: What was looked at.
        text: What was found.
        fix: How to mend it.

    Returns:
        The finding.
    """
    return Finding(check, "fail", text, fix)


def refused(check: str, err: Exception) -> Finding:
    """Build the finding of a check that ended with an error of ours.

    Args:
        check: What was looked at.
        err: A StandardsError or PluginError.

    Returns:
        The finding.
    """
    problem = getattr(err, "problems", (err,))[0]
    what, why, fix = (str(getattr(problem, name, "") or "") for name in ("what", "why", "fix"))
    return fail(check, f"{what}: {why}" if why else what, fix)
