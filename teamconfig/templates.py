"""The few words that a value may leave open: {org}, {team}, {project}, {app}, {environment}."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = ("org", "team", "project", "app", "environment")
_OPEN = re.compile(r"\{([^{}]*)\}")


def unknown(text: str) -> str | None:
    """Find a word in braces that means nothing.

    Args:
        text: Value of a key that may leave words open.

    Returns:
        The first such word, or None if all are known.
    """
    return next((word for word in _OPEN.findall(text) if word not in NAMES), None)


def fill(text: str, words: Mapping[str, str]) -> str:
    """Fill in the words.

    Args:
        text: Value that `unknown` finds nothing in.
        words: By name, all of NAMES.

    Returns:
        The text without open words.
    """
    return _OPEN.sub(lambda match: words[match[1]], text) if "{" in text else text
