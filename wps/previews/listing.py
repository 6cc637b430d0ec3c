"""Which previews there are, read from the deployments that Waypoint knows. Pure.

What is known of a preview stands in labels of its deployments, so that every machine that asks the same Waypoint sees
the same previews, and nothing else has to be kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from teamconfig.tree import PREVIEW

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

BRANCH, ENDS, FIRST = "waypaas/preview-branch", "waypaas/preview-ends", "waypaas/preview-first"
"""Labels of a deployment: the branch; when the preview ends, in seconds since 1970; id of its first deployment."""

_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_ULID_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_SIGNS = 10


@dataclass(frozen=True)
class Preview:
    """A preview that is there.

    Args:
        workspace: Waypoint's workspace.
        branch: Of which it is; empty if it was deployed by Waypoint alone.
        first: Waypoint's id of its first deployment: previews are older or younger by it, for everybody alike.
        ends: When its time is over, in seconds since 1970.
        apps: Apps of the project that it has.
        urls: Where they answer, by app, as far as Waypoint was told.
    """

    workspace: str
    branch: str
    first: str
    ends: float
    apps: tuple[str, ...]
    urls: Mapping[str, str] = field(default_factory=dict)

    @property
    def began(self) -> float:
        """When its first deployment was made, in seconds since 1970."""
        return time_of(self.first)


def time_of(ulid: str) -> float:
    """Tell when an id of Waypoint was made.

    Args:
        ulid: The id.

    Returns:
        Seconds since 1970; 0 if it is no ULID.
    """
    if not _ULID.fullmatch(ulid):
        return 0.0
    number = 0
    for sign in ulid[:_TIME_SIGNS]:
        number = number * len(_ULID_SIGNS) + _ULID_SIGNS.index(sign)
    return number / 1000


def previews(
    deployments: Iterable[Mapping[str, Any]], releases: Iterable[Mapping[str, Any]], ttl_seconds: float
) -> list[Preview]:
    """Read the previews out of what Waypoint lists.

    A deployment counts from the moment that it is begun until it is destroyed, whether or not it has failed.

    Args:
        deployments: As `waypoint deployment list -json` gives them, of all apps and workspaces.
        releases: As `waypoint release list -json` gives them.
        ttl_seconds: How long a preview lives by the standards; what Waypoint alone has deployed lives so long too.

    Returns:
        The previews, the oldest first.
    """
    found: dict[str, list[Mapping[str, Any]]] = {}
    for one in deployments:
        place = str(one.get("workspace", ""))
        if place.startswith(PREVIEW) and one.get("physical_state") == "CREATED":
            found.setdefault(place, []).append(one)
    urls = _urls(releases)
    made = [_preview(place, rows, urls, ttl_seconds) for place, rows in found.items()]
    return sorted(made, key=lambda one: (one.first, one.workspace))


def _preview(
    place: str, rows: Sequence[Mapping[str, Any]], urls: Mapping[tuple[str, str], str], ttl_seconds: float
) -> Preview:
    rows = sorted(rows, key=lambda one: str(one["id"]))
    newest = rows[-1]
    labels = newest.get("labels") or {}
    begun = _begun(newest)
    latest = begun + ttl_seconds
    said = str(labels.get(ENDS, ""))
    ends = min(float(said), latest) if re.fullmatch("[0-9]{1,12}", said) else latest
    kept = str(labels.get(FIRST, ""))
    first = min(kept, str(rows[0]["id"])) if _ULID.fullmatch(kept) else str(rows[0]["id"])
    branch = next((text for one in reversed(rows) if (text := str((one.get("labels") or {}).get(BRANCH, "")))), "")
    apps = tuple(sorted({str(one["application"]["application"]) for one in rows}))
    return Preview(place, branch, first, ends, apps, {app: urls[place, app] for app in apps if (place, app) in urls})


def _begun(row: Mapping[str, Any]) -> float:
    """Tell when a deployment was begun; its id tells it too."""
    try:
        return datetime.fromisoformat(str((row.get("status") or {}).get("start_time", ""))).timestamp()
    except ValueError:
        return time_of(str(row["id"]))


def _urls(releases: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], str]:
    """Give the URL of the newest release by workspace and app."""
    found = {}
    for one in sorted(releases, key=lambda one: int(one.get("id", 0))):
        if one.get("url") and (one.get("status") or {}).get("state") == "SUCCESS":
            found[str(one.get("workspace", "")), str(one["application"]["application"])] = str(one["url"])
    return found


def labels(branch: str, ends: float, first: str) -> list[str]:
    """Write the options by which Waypoint keeps what is known of a preview.

    Args:
        branch: Of which it is.
        ends: When its time is over, in seconds since 1970.
        first: Id of its first deployment; empty where the next one is the first.

    Returns:
        Options of `waypoint up`.
    """
    kept = {BRANCH: branch, ENDS: str(int(ends)), FIRST: first}
    return [f"-label={name}={value}" for name, value in kept.items() if value]


def older(found: Iterable[Preview], than: Preview) -> list[Preview]:
    """Choose the previews that were there before another one.

    Args:
        found: Of the project.
        than: The other one.

    Returns:
        Those before it, in the order of `found`.
    """
    own = than.first, than.workspace
    return [one for one in found if (one.first, one.workspace) < own]


def over(found: Iterable[Preview], now: float) -> list[Preview]:
    """Choose the previews that are over their time.

    Args:
        found: Of the project.
        now: In seconds since 1970.

    Returns:
        Those.
    """
    return [one for one in found if one.ends <= now]
