"""What the database says of everybody, as the service knows it for a second: locks, and registered projects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass
class Facts:
    """What the database says of everybody.

    Args:
        locked: Reasons, by (kind, subject).
        projects: Team by registered project.
        read_at: Monotonic seconds.
    """

    locked: Mapping[tuple[str, str], str] = field(default_factory=dict)
    projects: Mapping[str, str] = field(default_factory=dict)
    read_at: float = float("-inf")
