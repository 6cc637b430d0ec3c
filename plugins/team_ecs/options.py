"""The options of `use "team-ecs"`: section `ecs` of the standards, and within it section `network`."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model import Ecs, Network
from teamconfig.model.option import option


@dataclass(kw_only=True)
class Options(Ecs):
    """Options of platform and release manager; each has its value by the standards, these deviate from them."""

    network: Network | None = option("block", "How the world reaches the app.")
