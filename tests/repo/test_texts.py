"""Commands that our messages send people to are those that there are."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from wps import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLACES = ("teamconfig", "plugins", "wps", "waypaas_sdk", "imagemover", "teamplugin", "teamtests")
NAMED = re.compile(r"(?:`|run |: )wps ([a-z-]+)")
"""A command as messages name it; "wps reads them" is a sentence."""


def literals(path: Path) -> Iterator[str]:
    """Give every text in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_command_that_a_text_names_is_there(root: Path) -> None:
    """No message, help text or docstring names a command of wps that does not exist."""
    root_command = commands.root()
    files = [path for place in PLACES for path in (root / place).rglob("*.py")]
    named = {(word, str(path)) for path in files for text in literals(path) for word in NAMED.findall(text)}
    assert len(named) > 30, "the pattern finds them"
    assert [(word, path) for word, path in named if root_command.get_command(None, word) is None] == []
