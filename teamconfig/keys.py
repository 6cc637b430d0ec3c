"""Key paths: `kubernetes.probe.readiness.path`, `kubernetes.labels["app.kubernetes.io/part-of"]`."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Key = tuple[str, ...]
"""Names from the section down; the last one may be a key of a map."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")
_PART = re.compile(r'(?:^|\.)([A-Za-z0-9_-]+)|\["([^"]+)"\]')


@functools.lru_cache(maxsize=8192)
def format_key(key: Key) -> str:
    """Write a key path as people read it.

    Args:
        key: At least one name.

    Returns:
        Names joined by dots; a name with other signs stands in brackets and quotes.
    """
    first, *rest = key
    return first + "".join(f".{part}" if _PLAIN.fullmatch(part) else f'["{part}"]' for part in rest)


def parse_key(text: str) -> Key | None:
    """Read what `format_key` writes.

    Args:
        text: A key path.

    Returns:
        The names, or None if it is not a key path.
    """
    parts, end = [], 0
    for match in _PART.finditer(text):
        if match.start() != end:
            return None
        parts.append(match[1] or match[2])
        end = match.end()
    return tuple(parts) if parts and end == len(text) else None


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Find what a mistyped name was meant to be.

    Args:
        name: As written.
        names: All that would be right.

    Returns:
        The most similar one, or None if none is similar.
    """
    import difflib  # noqa: PLC0415  # only who mistypes pays for it

    found = difflib.get_close_matches(name, list(names), n=1, cutoff=0.65)
    return found[0] if found else None
