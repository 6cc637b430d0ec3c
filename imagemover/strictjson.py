"""JSON that a stranger wrote, read strictly.

Owns limits on size and depth, and refuses what two readers could understand
differently: duplicate keys, NaN, bytes that are not UTF-8.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NoReturn

from imagemover.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Callable

DEEPEST = 32
"""Levels of objects and lists."""


def read_object(data: bytes, what: str, most_bytes: int) -> dict[str, Any]:
    """Read an object.

    Args:
        data: The JSON.
        what: What it is, for errors.
        most_bytes: Longest text that is read.

    Returns:
        The object.

    Raises:
        ManifestError: It is too long, too deep, no object, or ambiguous.
    """
    if len(data) > most_bytes:
        raise _wrong(what, f"it has more than {most_bytes} bytes")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique(what), parse_constant=_constant(what))
    except RecursionError:
        raise _wrong(what, f"it has more than {DEEPEST} levels") from None
    except ValueError as err:
        raise _wrong(what, f"it is not JSON: {str(err)[:200]}") from err
    if not isinstance(value, dict):
        raise _wrong(what, "it is not an object")
    if _depth(value) > DEEPEST:
        raise _wrong(what, f"it has more than {DEEPEST} levels")
    return value


def _unique(what: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise _wrong(what, f"the key {twice[:60]!r} stands twice in one object")
        return built

    return build


def _constant(what: str) -> Callable[[str], NoReturn]:
    def refuse(name: str) -> NoReturn:
        raise _wrong(what, f"{name} is no number")

    return refuse


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        if depth > DEEPEST + 1:
            break
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth - 1


def _wrong(what: str, why: str) -> ManifestError:
    return ManifestError(f"{what} is refused", why, "build and push the image with a tool that follows OCI", what)
