"""Which plugins there are, what their programs are called, and for which platform this machine makes them.

The list is that of the distribution's entry points; there is no other.
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib import metadata

PREFIX = "waypoint-plugin-"
"""What Waypoint puts before the name behind `use`. Source: hashicorp/waypoint internal/plugin/discover.go."""

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
PLATFORM = re.compile(r"(linux|darwin)/(amd64|arm64)")

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Program:
    """A plugin of the distribution.

    Args:
        name: As behind `use`: "team-k8s".
        module: That has its function.
        function: That serves it.
    """

    name: str
    module: str
    function: str

    @property
    def file(self) -> str:
        """Name of its binary."""
        return PREFIX + self.name

    def extras(self, known: Iterable[str]) -> list[str]:
        """Tell which extras of the distribution it needs: its own, and that of whoever speaks to a service.

        Args:
            known: All extras.

        Returns:
            Some of them, sorted.
        """
        return sorted({self.name.removeprefix("team-"), self.name, "client"} & set(known))


def programs(entries: Iterable[metadata.EntryPoint]) -> list[Program]:
    """Find the plugins among entry points.

    Args:
        entries: Of the distribution.

    Returns:
        The plugins, by name.
    """
    found = [
        Program(entry.name.removeprefix(PREFIX), entry.module, entry.attr)
        for entry in entries
        if entry.group == "console_scripts" and entry.name.startswith(PREFIX)
    ]
    return sorted(found, key=lambda one: one.name)


def this_platform() -> str:
    """Name the platform of this machine, as Go and OCI do.

    Returns:
        "linux/amd64" and the like.
    """
    machine = platform.machine().lower()
    return f"{sys.platform}/{_MACHINES.get(machine, machine)}"


def folder(of: str) -> str:
    """Name the folder of a platform.

    Args:
        of: "linux/amd64".

    Returns:
        "linux-amd64".
    """
    return of.replace("/", "-")
