"""Section `promotion`: how a release comes into an environment."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option
from teamconfig.model.shapes import Shape
from teamconfig.releases.windows import PATTERN

WINDOW = Shape(PATTERN, 'days, times and perhaps a time zone, as in "Mon-Fri 09:00-17:00 Europe/Berlin"', 100)


@dataclass(kw_only=True)
class Promotion:
    """How a release comes into an environment."""

    source: str | None = option(
        "string", "Environment it must have run in before.", default="the one before it in org.environments",
        example="staging",
    )  # fmt: skip
    approvals: int | None = option(
        "int",
        "People who must approve, none of them the one who asks.",
        bounds=(0, 10),
        preset=0,
        example="1",
    )
    soak: str | None = option(
        "duration", "How long it must have run in the source.", preset="0s", bounds=("0s", "8760h"), example="24h"
    )
    keep: int | None = option(
        "int", "Earlier releases whose deployments stay, so that a rollback to one gives it the traffic at once.",
        bounds=(0, 20), preset=1, example="2",
    )  # fmt: skip
    automatic: bool | None = option("bool", "Promote by itself once everything else holds.", preset=False)
    windows: list[str] | None = option(
        "list", "Times of the week in which it takes releases, each with days, times and perhaps a time zone; "
        "without one it is UTC. A rollback may come at any time.", default="always",
        example='["Mon-Thu 09:00-17:00 Europe/Berlin"]', shape=WINDOW,
    )  # fmt: skip
