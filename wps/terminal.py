"""What the user sees: tables, JSON, colours on a terminal only, errors on stderr.

Colours obey NO_COLOR and are left out where the output is not a terminal. What
others wrote is shown with its control characters escaped.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from teamconfig.errors import Problem

Json = Annotated[bool, typer.Option("--json", help="print JSON")]
"""The option of every command that answers something."""

_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}
_WIDEST = 60


def coloured(text: str, colour: str, stream: TextIO | None = None) -> str:
    """Colour a text, if the reader can see it.

    Args:
        text: One line.
        colour: bold, dim, red, green or yellow.
        stream: Where it will be written; stdout if left out.

    Returns:
        The text, with or without escape codes.
    """
    stream = stream or sys.stdout
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if _colours(stream) else text


def _colours(stream: TextIO) -> bool:
    """Tell whether whoever reads a stream sees and wants colours."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def interactive() -> bool:
    """Tell whether somebody can be asked.

    Returns:
        Whether both stdin and stderr, where questions go, are a terminal.
    """
    return sys.stdin.isatty() and sys.stderr.isatty()


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


def raw(text: str) -> None:
    """Write a text to stdout as it is, in UTF-8 whatever the terminal's encoding: for what other programs read.

    Args:
        text: The text, with its newlines.
    """
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(errors="surrogateescape"))


def document(value: Any) -> None:
    """Write a value to stdout as JSON.

    Args:
        value: What JSON has.
    """
    import json  # noqa: PLC0415  # most print text

    text = json.dumps(value, indent=2, ensure_ascii=False)
    print("".join(sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1] for sign in text))


def problem(one: Problem, at: Sequence[str] = ()) -> dict[str, Any]:
    """Give a problem as data.

    Args:
        one: The problem.
        at: Where it shows: "shop/web in production".

    Returns:
        Its parts by name.
    """
    return {**{name: getattr(one, name) for name in ("what", "why", "fix", "where", "kind")}, "in": list(at)}


def diff(before: str, after: str, name: str) -> str:
    """Compare two texts.

    Args:
        before: The one; empty if there was none.
        after: The other.
        name: Of the file.

    Returns:
        A unified diff, empty if they are equal.
    """
    import difflib  # noqa: PLC0415  # only what writes files compares

    old = f"{name} (now)" if before else "/dev/null"
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), old, f"{name} (new)", lineterm="")
    return "".join(f"{line}\n" for line in lines)


def show_diff(text: str) -> None:
    """Write a diff to stdout, in colours if the reader can see them.

    Args:
        text: As `diff` gives it.
    """
    for row in text.splitlines():
        colour = {"+": "green", "-": "red", "@": "dim"}.get(row[:1])
        print(coloured(printable(row), colour) if colour else printable(row))


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

    On a terminal that is too narrow for it, cells are broken into lines; elsewhere a row is always one line.

    Args:
        head: Names of the columns.
        rows: As many texts each; long ones push the rest of their line aside.
    """
    body = [[printable(cell) for cell in row] for row in rows]
    widths = [min(_WIDEST, max(len(row[place]) for row in [head, *body])) for place in range(len(head))]
    lines = [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [list(head), *body]
    ]
    if sys.stdout.isatty() and max(map(len, lines)) > shutil.get_terminal_size().columns:
        _broken_table(head, body)
        return
    for number, text in enumerate(lines):
        print(coloured(text, "bold") if number == 0 else text)


def _broken_table(head: Sequence[str], body: Iterable[Sequence[str]]) -> None:
    """Fit a table into the terminal."""
    from rich.console import Console  # noqa: PLC0415  # costs 60 ms, which only a narrow terminal needs
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold" if _colours(sys.stdout) else "")
    for name in head:
        shown.add_column(name, overflow="fold")
    for row in body:
        shown.add_row(*(Text(cell) for cell in row))
    width = shutil.get_terminal_size().columns
    Console(highlight=False, markup=False, emoji=False, width=width, force_terminal=_colours(sys.stdout)).print(shown)
