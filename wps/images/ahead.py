"""What a standby of `wps image` has loaded before there is a command line; nothing of it looks at the environment."""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "wps.image",
    "wps.images.copying",
    "wps.images.inspecting",
    "wps.images.differing",
    "imagemover.repository",
    "imagemover.ecr.registries",
    "teamconfig",
    "waypaas_sdk.errors",
    "rich.progress",
    "ssl",
)


def load() -> None:
    """Load them."""
    for name in MODULES:
        import_module(name)
