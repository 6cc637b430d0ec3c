"""The repository as these tests see it: what git tracks, and where its Markdown shows commands."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {
    "waypaas_sdk": "waypaas_sdk",
    "teamconfig": "teamconfig",
    "imagemover": "imagemover",
    "teamplugin": "teamplugin",
    "teamtests": "teamtests",
    "wps": "wps",
    "team_ecr": "plugins/team_ecr",
    "team_ecs": "plugins/team_ecs",
    "team_k8s": "plugins/team_k8s",
    "test_stage": "plugins/test_stage",
}
"""Where each package that we ship has its sources."""


def git(*arguments: str) -> list[str]:
    """Run git in the repository and give the parts of its output, which are parted by zero bytes."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return [part for part in done.stdout.split("\0") if part]


@pytest.fixture(scope="session")
def root() -> Path:
    """Give the repository's directory."""
    return ROOT


@pytest.fixture(scope="session")
def packages() -> dict[str, Path]:
    """Give the directory of the sources of each package that we ship."""
    return {name: ROOT / folder for name, folder in PACKAGES.items()}


@pytest.fixture(scope="session")
def tracked() -> dict[str, Path]:
    """Give every file that git tracks and that is there, by its name from the root."""
    return {name: ROOT / name for name in git("ls-files", "-z") if (ROOT / name).is_file()}


@pytest.fixture(scope="session")
def generated(tracked: dict[str, Path]) -> frozenset[str]:
    """Give the names of the files that nobody writes: those that .gitattributes says, and Go's lock files."""
    answer = git("check-attr", "-z", "linguist-generated", *tracked)
    marked = {name for name, value in zip(answer[::3], answer[2::3], strict=True) if value == "true"}
    return frozenset(marked | {name for name in tracked if name.endswith("/go.sum")})


@pytest.fixture(scope="session")
def markdown(tracked: dict[str, Path]) -> dict[str, str]:
    """Give the text of each Markdown file."""
    return {name: path.read_text() for name, path in tracked.items() if name.endswith(".md")}


@pytest.fixture(scope="session")
def shown(markdown: dict[str, str]) -> Callable[[str], list[tuple[str, str, bool]]]:
    """Give a function that lists how Markdown shows a program: file, command line, and whether it is in a block."""

    def commands(program: str) -> list[tuple[str, str, bool]]:
        begins = re.compile(rf"{re.escape(program)}(?=\s|$)")
        return [
            (name, text, block)
            for name, content in markdown.items()
            for text, block in _codes(content)
            if begins.match(text)
        ]

    return commands


def _codes(content: str) -> Iterator[tuple[str, bool]]:
    """Give each line of each fenced block, and what stands between backticks elsewhere."""
    fenced = False
    for line in content.splitlines():
        if line.startswith("```"):
            fenced = not fenced
        elif fenced:
            yield line.strip().removeprefix("$ "), True
        else:
            yield from ((text, False) for text in re.findall(r"`([^`]+)`", line))
