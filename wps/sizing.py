"""What `wps create` offers: where an app can run, and in which sizes. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Infra(enum.StrEnum):
    """Where an app runs."""

    K8S = "k8s"
    ECS = "ecs"


class Size(enum.StrEnum):
    """How much of a machine it gets."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


@dataclass(frozen=True, slots=True)
class Platform:
    """What an infrastructure is called elsewhere.

    Args:
        plugin: Waypoint's plugin.
        section: Section of the standards.
        words: For people.
        sizes: CPU and memory by size.
    """

    plugin: str
    section: str
    words: str
    sizes: dict[Size, tuple[str, str]]


PLATFORMS = {
    Infra.K8S: Platform(
        "team-k8s",
        "kubernetes",
        "Kubernetes",
        {Size.SMALL: ("100m", "128Mi"), Size.MEDIUM: ("500m", "512Mi"), Size.LARGE: ("1", "1Gi")},
    ),
    Infra.ECS: Platform(
        "team-ecs",
        "ecs",
        "AWS ECS",
        {Size.SMALL: ("250m", "512Mi"), Size.MEDIUM: ("500m", "1Gi"), Size.LARGE: ("1", "2Gi")},
    ),
}
"""The sizes of ECS are of those that Fargate sells."""
