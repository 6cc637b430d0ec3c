"""The order of the layers, which decides whose value wins."""

from __future__ import annotations

import enum


class Rank(enum.IntEnum):
    """The order of the layers: a higher one wins."""

    PLUGIN = 0
    ORG = 1
    ORG_ENVIRONMENT = 2
    TEAM = 3
    TEAM_ENVIRONMENT = 4
    APP = 5
    APP_ENVIRONMENT = 6
    FILE = 7

    @property
    def title(self) -> str:
        """As people say it: "team environment"."""
        return "waypoint.hcl" if self is Rank.FILE else self.name.lower().replace("_", " ")

    @property
    def in_one_environment(self) -> bool:
        """Whether the layer speaks about one environment only."""
        return self in (Rank.ORG_ENVIRONMENT, Rank.TEAM_ENVIRONMENT, Rank.APP_ENVIRONMENT)
