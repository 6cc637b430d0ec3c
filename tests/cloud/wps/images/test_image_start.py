"""What `wps image` loads: the mover when it moves, clouds and terminals only where they are needed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import moverimages

if TYPE_CHECKING:
    from imageworld import World

LOADED = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)


def loaded(world: World, *arguments: str) -> set[str]:
    """Give the modules that a run has loaded."""
    ended = world.wps(*arguments, PYTHONPROFILEIMPORTTIME="1")
    assert ended.returncode == 0
    return set(LOADED.findall(ended.stderr))


def test_a_copy_loads_no_cloud(world: World) -> None:
    """A copy between registries loads neither boto3 nor what shows a terminal, and no validation library."""
    world.push(moverimages.plain(60))
    found = loaded(world, "copy", world.source, "oci:there", "--tag", "a", "--platform", "linux/amd64", "--json")
    assert "imagemover.copying" in found
    assert not found & {"boto3", "botocore", "rich", "pydantic", "imagemover.daemon", "grpc"}


def test_the_help_loads_no_mover(world: World) -> None:
    """The help of the commands does not load the mover."""
    found = loaded(world, "copy", "--help")
    assert "wps.terminal" in found
    assert not [name for name in found if name.startswith("imagemover")]
