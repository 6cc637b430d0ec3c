"""Section `tests`: what must have passed before an image may run somewhere."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model.option import option


@dataclass(kw_only=True)
class Tests:
    """Tests that gate an environment."""

    required: list[str] | None = option(
        "list", "Names of the tests that must have passed for this image.", default="none",
        example='["unit", "smoke"]',
    )  # fmt: skip
    timeout: str | None = option("duration", "How long one test may take.", preset="15m", bounds=("1s", "24h"))
    evidence_max_age: str | None = option(
        "duration", "Age at which a passed test no longer counts.", preset="168h", bounds=("1m", "8760h")
    )
    retries: int | None = option("int", "How often a failed test is run again.", bounds=(0, 10), preset=0)
