"""The options of `use "team-ecr"`: section `registry` of the standards, and for the builder a digest."""

from __future__ import annotations

from dataclasses import dataclass

from teamconfig.model import Registry
from teamconfig.model.option import option
from teamconfig.model.shapes import Shape

DIGEST = Shape(r"sha256:[0-9a-f]{64}", "sha256: and 64 hex digits", 71)


@dataclass(kw_only=True)
class BuilderOptions(Registry):
    """Options of the builder; each has its value by the standards, these deviate from them."""

    digest: str | None = option(
        "string", "In later environments: the image to bring, instead of that of the tag or the git commit.",
        default="that of the tag or the git commit", example=f"sha256:{'0' * 64}", shape=DIGEST,
    )  # fmt: skip
