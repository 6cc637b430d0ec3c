"""How a deployment or release is doing: what `status` returns."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from waypaas_sdk.resources import Category

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime


class Health(enum.IntEnum):
    """Values as in StatusReport.Health."""

    UNKNOWN = 0
    ALIVE = 1
    READY = 2
    DOWN = 3
    PARTIAL = 4
    MISSING = 5


@dataclass(frozen=True)
class ResourceStatus:
    """One thing in the cloud and how it is.

    Args:
        name: As declared, or of an instance as the cloud calls it.
        type: The cloud's word: "Deployment", "Pod".
        platform: "kubernetes", "ecs".
        health: How it is.
        message: Why, for people.
        id: The cloud's own id, unique in the report; the name if there is none.
        parent: `id` of the thing that owns it, or empty.
        declared: Name of the declared resource that this is or belongs to; defaults to `name`.
        url: Of the cloud's console, or empty.
        category: For display.
        created: When it was made, with time zone.
        state: JSON-able facts. No secrets, no values of environment variables.
    """

    name: str
    type: str
    platform: str
    health: Health
    message: str = ""
    id: str = ""
    parent: str = ""
    declared: str = ""
    url: str = ""
    category: Category = Category.OTHER
    created: datetime | None = None
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StatusReport:
    """What `status` returns. An unreachable cloud is UNKNOWN with a message, never an exception.

    Args:
        health: Of the whole.
        message: Why, for people.
        resources: The parts.
    """

    health: Health
    message: str = ""
    resources: Sequence[ResourceStatus] = ()


def overall(parts: Iterable[Health]) -> Health:
    """Judge the whole by its parts.

    Args:
        parts: Health of each part.

    Returns:
        The common value; PARTIAL when they differ; UNKNOWN without any.
    """
    seen = set(parts)
    if not seen:
        return Health.UNKNOWN
    return seen.pop() if len(seen) == 1 else Health.PARTIAL
