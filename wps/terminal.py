"""What the user sees: tables, colours on a terminal only, errors on stderr.

Colours obey NO_COLOR and are left out where the output is not a terminal.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_CODES = {"bold": "1", "dim": "2", "red": "31", "yellow": "33"}
_WIDEST = 60


def coloured(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Colour a text, if the reader can see it.

    Args:
        text: One line.
        colour: bold, dim, red or yellow.
        stream: Where it will be written; stdout if left out.

    Returns:
        The text, with or without escape codes.
    """
    stream = stream or sys.stdout
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m"


def printable(text: str) -> str:
    """Take the control characters out of a text that others wrote, so that it cannot steer the terminal.

    Args:
        text: Any text.

    Returns:
        The text with control characters, but for newlines, shown as escapes.
    """
    return "".join(sign if sign.isprintable() or sign == "\n" else repr(sign)[1:-1] for sign in text)


def counted(number: int, noun: str) -> str:
    """Write a number with its noun.

    Args:
        number: From 0.
        noun: For one of them; its plural ends in s.

    Returns:
        "1 app", "2 apps".
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def line(text: str = "") -> None:
    """Write a line to stdout.

    Args:
        text: Without newline.
    """
    print(printable(text))


def heading(text: str) -> None:
    """Write a line that stands out to stdout.

    Args:
        text: Without newline.
    """
    print(coloured(printable(text), "bold"))


def note(text: str) -> None:
    """Tell the user something beside the result, on stderr.

    Args:
        text: Without newline.
    """
    print(coloured(f"note: {printable(text)}", "yellow", sys.stderr), file=sys.stderr)


def error(text: str) -> None:
    """Tell the user what went wrong, on stderr, its first line in red.

    Args:
        text: A complete error text.
    """
    first, _, rest = printable(text).partition("\n")
    print(coloured(first, "red", sys.stderr), file=sys.stderr)
    if rest:
        print(rest, file=sys.stderr)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table to stdout, columns apart by two spaces.

    Args:
        head: Names of the columns.
        rows: As many texts each; long ones push the rest of their line aside.
    """
    body = [[printable(cell) for cell in row] for row in rows]
    widths = [min(_WIDEST, max(len(row[place]) for row in [head, *body])) for place in range(len(head))]
    for number, row in enumerate([list(head), *body]):
        text = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        print(coloured(text, "bold") if number == 0 else text)
