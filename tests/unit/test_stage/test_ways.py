"""What the standard `tests.reach` means before anything is deployed."""

from __future__ import annotations

import pytest

from teamtests import ways


@pytest.mark.parametrize(
    ("plugin", "reach", "why"),
    [
        ("team-k8s", "auto", ""),
        ("team-k8s", "forward", ""),
        ("team-k8s", "url", "tests.reach is url"),
        ("team-ecs", "auto", 'deployment of "team-ecs"'),
        ("team-ecs", "forward", 'deployment of "team-ecs"'),
        ("team-ecs", "url", "tests.reach is url"),
        ("kubernetes", "auto", ""),
        ("kubernetes", "url", ""),
        ("kubernetes", "forward", 'deployment of "kubernetes"'),
    ],
)
def test_platforms_without_a_way_are_known_beforehand(plugin: str, reach: str, why: str) -> None:
    """Only team-k8s opens ways; team-ecs opens none; what another plugin's deployment tells is not known yet."""
    told = ways.unreachable(plugin, reach)
    assert why in told
    assert bool(told) == bool(why)
