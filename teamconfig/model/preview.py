"""Section `preview`: deployments of branches that live for a while."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option


@dataclass(kw_only=True)
class Preview:
    """Previews of branches, as `wps preview` makes them, each in a workspace `preview-NAME`."""

    enabled: bool | None = option("bool", "Let branches have previews.", preset=False)
    ttl: str | None = option(
        "duration", "How long a preview lives after its newest push; `--ttl` may only shorten it.", preset="72h",
        bounds=("1m", "8760h"), example="24h",
    )  # fmt: skip
    quota: int | None = option(
        "int", "How many previews a project may have at once.", unit="previews", bounds=(1, 1000), preset=5
    )
