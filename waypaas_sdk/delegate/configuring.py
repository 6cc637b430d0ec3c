"""Options for another plugin: from the names of waypoint.hcl to the JSON that its Configure takes.

Values may be texts, as in a map of the standards: they become what the plugin's own
description of its options says.
"""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from waypaas_sdk.gen.protostructure.protostructure_pb2 import Struct, Type

BOOL, INTS, FLOATS, STRING = 1, range(2, 13), (13, 14), 24
"""Go's reflect.Kind of the scalars."""

ARRAY, MAP, POINTER, SLICE = 17, 21, 22, 23
"""Go's reflect.Kind of the containers."""

REQUIRED = ("", "attr")
"""Modes of an `hcl` tag by which an attribute must be written."""

TRUTHS = {"true": True, "false": False}
_TAG = re.compile(r'(\w+):"((?:[^"\\]|\\.)*)"')


def to_json(struct: Struct, options: Mapping[str, Any], plugin: str, where: str) -> bytes:
    """Write options as a plugin's Configure takes them.

    Args:
        struct: The plugin's description of its options.
        options: Values by the names of waypoint.hcl; text stands for any type, and for lists, maps and blocks as JSON.
        plugin: Its name.
        where: Where the options were written.

    Returns:
        A JSON object; what is not set is left out.

    Raises:
        OptionError: An option is unknown, missing, or has a value of another type; all problems at once.
    """
    problems: list[OptionError] = []
    made = _object(struct, options, f'plugin "{plugin}"', where, problems)
    if problems:
        raise OptionError.join(problems)
    return json.dumps(made).encode()


def _object(
    struct: Struct, options: Mapping[str, Any], whose: str, where: str, problems: list[OptionError]
) -> dict[str, Any]:
    fields = {}
    for field in struct.fields:
        tags = dict(_TAG.findall(field.Tag))
        name, _, mode = tags.get("hcl", "").partition(",")
        if name:
            key = tags.get("json", "").partition(",")[0] or field.Name
            fields[name] = (key, mode, field.type)
    made = {}
    for name, value in options.items():
        place = f"{where}.{name}".lstrip(".")
        if name not in fields:
            close = difflib.get_close_matches(name, fields, 1)
            fix = f"write {close[0]}" if close else f"use one of {', '.join(sorted(fields))}" if fields else "remove it"
            problems.append(OptionError(f"{whose} has no option {name}", fix=fix, where=place))
            continue
        key, _, kind = fields[name]
        try:
            made[key] = _value(kind, value, whose, place, problems)
        except ValueError as err:
            problems.append(OptionError(f"option {name} of {whose} is not {err}", where=place))
    for name, (_, mode, _) in fields.items():
        if mode in REQUIRED and name not in options:
            problems.append(OptionError(f"option {name} of {whose} is missing", fix=f"write {name}", where=where))
    return made


def _value(kind: Type, value: Any, whose: str, where: str, problems: list[OptionError]) -> Any:
    """Give a value as JSON holds it.

    Raises:
        ValueError: It is of another type; the text says what it has to be.
    """
    form = kind.WhichOneof("type")
    if form == "primitive":
        return _scalar(kind.primitive.kind, value)
    if form == "struct":
        return _object(kind.struct, _parsed(value, dict, "a block"), whose, where, problems)
    container = kind.container
    if container.kind == POINTER:
        return _value(container.elem, value, whose, where, problems)
    if container.kind == MAP:
        entries = _parsed(value, dict, "a map").items()
        return {name: _value(container.elem, item, whose, f"{where}.{name}", problems) for name, item in entries}
    items = _parsed(value, list, "a list")
    return [_value(container.elem, item, whose, f"{where}.{place}", problems) for place, item in enumerate(items)]


def _parsed(value: Any, wanted: type, words: str) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise ValueError(f"{words}: write it as JSON") from None
    if not isinstance(value, wanted):
        raise ValueError(words)  # noqa: TRY004  # told to the user as any other wrong value
    return value


def _scalar(kind: int, value: Any) -> Any:
    if kind == STRING:
        if isinstance(value, str):
            return value
        raise ValueError("a text")
    if kind == BOOL:
        found = TRUTHS.get(value) if isinstance(value, str) else value
        if isinstance(found, bool):
            return found
        raise ValueError("true or false")
    convert, words = (float, "a number") if kind in FLOATS else (int, "a whole number")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(words)  # noqa: TRY004  # told to the user as any other wrong value
    try:
        return convert(value)
    except ValueError:
        raise ValueError(words) from None
