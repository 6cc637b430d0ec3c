"""What a standby of `wps image` has loaded before there is a command line.

Nothing of it looks at the environment as it is loaded, but for what turns off how Typer writes, which we do ourselves.
"""

from __future__ import annotations

from importlib import import_module

from wps import commands

MODULES = (
    "wps.images.copying",
    "wps.images.inspecting",
    "wps.images.differing",
    "imagemover.repository",
    "imagemover.ecr.registries",
    "teamconfig",
    "waypaas_sdk.errors",
    "rich.progress",
    "ssl",
    "ctypes",
    "typer._click.decorators",
)
"""The last is what Typer loads once there are arguments, the one before it what makes memory a command's own."""


def load() -> None:
    """Load them, and build the command line."""
    for name in MODULES:
        import_module(name)
    commands.root().get_command(None, "image")
