"""Name and version of the program."""

from __future__ import annotations

from importlib import metadata


def line() -> str:
    """Tell them.

    Returns:
        "wps 1.2.3".
    """
    return f"wps {metadata.version('waypaas')}"
