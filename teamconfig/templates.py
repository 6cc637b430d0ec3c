"""The few words that a value may leave open: {org}, {team}, {project}, {app}, {environment}, and a host {preview}."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.schema import Spec

NAMES = ("org", "team", "project", "app", "environment")
HOST_NAMES = (*NAMES, "preview")
"""Who may deploy a preview chooses its name, so it is nothing to name a namespace or a cluster by."""

_OPEN = re.compile(r"\{([^{}]*)\}")


def names(spec: Spec) -> tuple[str, ...]:
    """List the words that a key may leave open.

    Args:
        spec: Of the key.

    Returns:
        Their names; none where braces are nothing special.
    """
    return (HOST_NAMES if spec.previews else NAMES) if spec.template else ()


def advice(spec: Spec) -> str:
    """Say which words a key may leave open.

    Args:
        spec: Of the key.

    Returns:
        "use one of {org}, {team} ...".
    """
    return f"use one of {', '.join('{' + name + '}' for name in names(spec))}"


def unknown(text: str, spec: Spec) -> str | None:
    """Find a word in braces that means nothing.

    Args:
        text: Value of a key.
        spec: Of the key.

    Returns:
        The first such word, or None if all are known or the key leaves none open.
    """
    known = names(spec)
    return next((word for word in _OPEN.findall(text) if word not in known), None) if known else None


def fill(text: str, words: Mapping[str, str]) -> str:
    """Fill in the words.

    Args:
        text: Value that `unknown` finds nothing in.
        words: By name, all of HOST_NAMES.

    Returns:
        The text without open words.
    """
    return _OPEN.sub(lambda match: words[match[1]], text) if "{" in text else text
