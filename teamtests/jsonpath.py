"""JSON paths, as far as tests need them: $.items[0].name, $['a key'], $.items[-1]. Pure."""

from __future__ import annotations

import json
import re
from typing import Any

_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]'"\s]+)|\[(?P<index>-?\d{1,9})\]|\['(?P<quoted>[^']*)'\]|\["(?P<double>[^"]*)"\]"""
)


class PathError(ValueError):
    """A path is none, or leads nowhere."""


def steps(path: str) -> list[str | int]:
    """Read a path.

    Args:
        path: "$.a[0]['b c']".

    Returns:
        Names and places, in order.

    Raises:
        PathError: It is none.
    """
    if not path.startswith("$"):
        raise PathError(f"{path} is no JSON path: write it as $.items[0].name")
    found: list[str | int] = []
    place = 1
    while place < len(path):
        match = _STEP.match(path, place)
        if match is None:
            raise PathError(f"{path} is no JSON path from {path[place:]} on: write it as $.items[0].name")
        index = match["index"]
        named = next((one for one in (match["name"], match["quoted"], match["double"]) if one is not None), "")
        found.append(int(index) if index is not None else named)
        place = match.end()
    return found


def find(document: Any, path: str) -> Any:
    """Follow a path.

    Args:
        document: Parsed JSON.
        path: As in `steps`.

    Returns:
        What is there.

    Raises:
        PathError: The path is none, or nothing is there.
    """
    here = document
    for step in steps(path):
        try:
            if isinstance(step, int) and not isinstance(here, list):
                raise PathError(f"{path} leads nowhere: {kind(here)} has no place {step}")
            if isinstance(step, str) and not isinstance(here, dict):
                raise PathError(f"{path} leads nowhere: {kind(here)} has no key {step}")
            here = here[step]
        except (KeyError, IndexError):
            raise PathError(f"{path} leads nowhere: there is no {step}") from None
    return here


def kind(value: Any) -> str:
    """Name the kind of a JSON value, for people."""
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "an object",
    }
    return names[type(value)]


def text(value: Any) -> str:
    """Write a value as an expectation names it: texts bare, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), sort_keys=True)
