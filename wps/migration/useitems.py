"""The options of one `use` as its author wrote them: each with path, text, value, line and the comments beside it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.stanza import literal
from wps.hclfile import COMMENT, Block, Undecided

if TYPE_CHECKING:
    from collections.abc import Iterator

_REPEATED = {"sidecar": 0, "port": 1}
"""Blocks of the builtin that may stand several times, and their place in `Item.numbers`."""


@dataclass(frozen=True, slots=True)
class Item:
    """One option, or comments that stand beside none.

    Args:
        option: Path within the `use`, labels of blocks included; empty for comments alone.
        text: The expression as written.
        value: What it means, or `Undecided`.
        line: From 1.
        numbers: Which sidecar, and which port, it belongs to; from 0.
        comments: That stand before it.
        trailing: Comment behind it on its line.
    """

    option: str
    text: str
    value: Any
    line: int
    numbers: tuple[int, int] = (0, 0)
    comments: tuple[str, ...] = ()
    trailing: str = ""


def gather(block: Block, text: str, prefix: str = "", numbers: tuple[int, int] = (0, 0)) -> list[Item]:
    """List the options in a block and in the blocks within.

    Args:
        block: A `use`, or a block within.
        text: The file that it was read from.
        prefix: Path of the block, with a dot behind it.
        numbers: As in `Item`.

    Returns:
        Items in the order of the file; no comment between options is left out.
    """
    items: list[Item] = []
    counts: Counter[str] = Counter()
    cursor, after_option = block.span[1], False
    parts: list[str | Block] = [*block.attributes, *block.blocks]
    for part in sorted(parts, key=lambda part: _span(block, part)[0]):
        start, end = _span(block, part)
        comments = _beside(text[cursor:start], items, after_option=after_option)
        if isinstance(part, Block):
            place = _REPEATED.get(part.type)
            inner = numbers if place is None else _put(numbers, place, counts[part.type])
            counts[part.type] += 1
            found = gather(part, text, prefix + ".".join((part.type, *part.labels, "")), inner)
            if comments:
                found = [_commented(found[0], comments), *found[1:]] if found else [_alone(comments, part.line)]
            items += found
        else:
            written = text[block.spans[part][1] : end]
            option = f"{prefix}{part}"
            items.append(Item(option, written, block.attributes[part], block.lines[part], numbers, comments))
        cursor, after_option = end, not isinstance(part, Block)
    left = _beside(text[cursor : block.span[2]], items, after_option=after_option)
    return [*items, _alone(left, block.line)] if left else items


def _span(block: Block, part: str | Block) -> tuple[int, int]:
    if isinstance(part, Block):
        return part.span[0], part.span[3]
    start, _, end = block.spans[part]
    return start, end


def _put(numbers: tuple[int, int], place: int, number: int) -> tuple[int, int]:
    return (number, 0) if place == 0 else (numbers[0], number)


def _alone(comments: tuple[str, ...], line: int) -> Item:
    return Item("", "", None, line, comments=comments)


def _commented(item: Item, comments: tuple[str, ...]) -> Item:
    return dataclasses.replace(item, comments=(*comments, *item.comments))


def _beside(gap: str, items: list[Item], *, after_option: bool) -> tuple[str, ...]:
    """Take the comments out of what stands between two options; give the first to the option on whose line it is."""
    found = list(COMMENT.finditer(gap))
    first = found[0] if found else None
    if first is not None and after_option and "\n" not in gap[: first.end()]:
        items[-1] = dataclasses.replace(items[-1], trailing=first[0].strip())
        del found[0]
    return tuple(one[0].strip() for one in found)


def comments(text: str) -> tuple[str, ...]:
    """List the comments in a part of a file that holds nothing else that matters.

    Args:
        text: White space, comments, and signs that cannot begin one.

    Returns:
        The comments as written.
    """
    return tuple(one[0].strip() for one in COMMENT.finditer(text))


def written(value: Any) -> str:
    """Write a value that was read from a file back as HCL.

    Args:
        value: As `hclfile` gives it.

    Returns:
        An expression with the same meaning; one that is undecided as it was.
    """
    if isinstance(value, Undecided):
        return value.text
    if isinstance(value, str):
        plain = literal(value).replace("\r", "\\r").replace("\t", "\\t")
        return plain.replace("${", "$${").replace("%{", "%%{")
    return literal(value)


def undecided(value: Any) -> bool:
    """Tell whether Waypoint must work out a value, or a part of it, when it runs.

    Args:
        value: As `hclfile` gives it.

    Returns:
        True if an `Undecided` is in it.
    """
    return any(isinstance(part, Undecided) for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for part in inner:
        yield from _parts(part)
