"""Texts that others wrote, made harmless for a terminal: a pod's message must not steer the user's screen."""

from __future__ import annotations

import re

CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
"""Control characters but newline and tab, shown as escapes."""

COLOUR = re.compile(r"\x1b\[[0-9;]{0,20}m")


def clean(text: str) -> str:
    """Show control characters as escapes.

    Args:
        text: Anything.

    Returns:
        The text with newlines and tabs as they are.
    """
    return text if text.isprintable() else text.translate(CONTROLS)


def told(text: str, *, local: bool) -> str:
    """Make a line or a step's text for the host: what the user reads is the text itself.

    Waypoint takes such a text for a format, in which %% stands for one %: the command line does, and before that the
    runner, unless it is the command line's own one.

    Args:
        text: Anything.
        local: The runner is the command line's own.

    Returns:
        The text as `clean` gives it, with each % twice for each format.

    Source: hashicorp/waypoint internal/runner/ui.go and accept.go, internal/jobstream/ui.go: Output, Add, Update.
    """
    return clean(text).replace("%", "%%" if local else "%%%%")


def clean_log(text: str) -> str:
    """Show control characters as escapes, but keep colours, which logs are full of.

    Args:
        text: One line.

    Returns:
        The line; a colour that it leaves on is ended.
    """
    text = text.removesuffix("\r")
    if "\x1b" not in text:
        return clean(text)
    colours = COLOUR.findall(text)
    parts = [clean(part) for part in COLOUR.split(text)]
    joined = "".join(part + colour for part, colour in zip(parts, [*colours, ""], strict=True))
    return joined + ("\x1b[0m" if colours and colours[-1] not in {"\x1b[0m", "\x1b[m"} else "")
