"""What speaks against an image or for leaving an environment alone: rejections and holds. Values only."""

from __future__ import annotations

from dataclasses import dataclass

EVERYWHERE = ""
"""The project of a rejection that counts for all projects."""


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """An image that must not go anywhere any more.

    Args:
        digest: "sha256:" and 64 hex digits.
        project: Where it counts; `EVERYWHERE` for all projects, which takes a role in the company.
        reason: Why, for people; never empty.
        by: "issuer|subject" of who rejected it.
        by_name: For people.
        at: Seconds since 1970.
    """

    digest: str
    project: str
    reason: str
    by: str
    by_name: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Hold:
    """An environment that takes no other image until somebody lifts it. A rollback leaves one.

    Args:
        project: Waypoint's project.
        app: Waypoint's app.
        environment: Which is held.
        digest: The one image that may still go there, as the rollback brought it; empty for none.
        reason: Why, for people.
        by: "issuer|subject".
        by_name: For people.
        at: Seconds since 1970.
    """

    project: str
    app: str
    environment: str
    digest: str
    reason: str
    by: str
    by_name: str
    at: int
