"""Options from the host's JSON to an instance of the dataclass, all errors at once."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from datetime import timedelta
from typing import Any, TypeVar

from waypaas_sdk.errors import BugError, OptionError
from waypaas_sdk.options import Shape, shapes

T = TypeVar("T")

NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", timedelta: 'a time like "30s"'}
"""What each type is called before the user."""

SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Units of a duration."""

DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def parse_duration(text: str) -> timedelta:
    """Read a duration as Go writes it.

    Args:
        text: "30s", "1m30s", "500ms".

    Returns:
        How long.

    Raises:
        ValueError: It is none.
    """
    parts = DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(text)
    try:
        return timedelta(seconds=sum(float(number) * SECONDS[unit] for number, unit in parts))
    except OverflowError as err:
        raise ValueError(text) from err


def from_json(options: type[T], data: bytes, where: str) -> T:
    """Decode and validate what the host sends to Configure.

    Args:
        options: The dataclass.
        data: A JSON object as Go writes it: null for what the user did not write.
        where: Path of the stanza in the user's file: "deploy.use".

    Returns:
        An instance.

    Raises:
        OptionError: Something is not valid; names everything that is not.
        BugError: It is no JSON object.
    """
    try:
        sent = json.loads(data or b"{}")
    except ValueError as err:
        raise BugError("the host sent options that are no JSON") from err
    if not isinstance(sent, dict):
        raise BugError("the host sent options that are no JSON object")
    problems: list[OptionError] = []
    built = _block(options, sent, where, problems)
    if problems:
        raise OptionError.join(problems)
    return built


def set_values(options: Any) -> dict[str, Any]:
    """Give only what is set, as plain values.

    Args:
        options: An instance of an options dataclass.

    Returns:
        Nested dict by HCL name, without None, empty lists and empty maps.
    """
    found: dict[str, Any] = {}
    for shape in shapes(type(options)):
        value = getattr(options, shape.attribute)
        if shape.form == "block" and value is not None:
            found[shape.name] = set_values(value)
        elif shape.form == "blocks" and value:
            found[shape.name] = [set_values(item) for item in value]
        elif value not in (None, [], {}, ()):
            found[shape.name] = value
    return found


def _block(options: type[T], sent: dict[str, Any], where: str, problems: list[OptionError]) -> T:
    values: dict[str, Any] = {}
    for shape in shapes(options):
        value = _value(shape, sent.get(shape.name), f"{where}.{shape.name}", problems)
        if value is not None:
            values[shape.attribute] = value
    missing = {field.name for field in dataclasses.fields(options) if field.name not in values}  # type: ignore[arg-type]  # a dataclass, says shapes()
    defaults = {shape.attribute: shape.default for shape in shapes(options) if shape.attribute in missing}
    return options(**(defaults | values))


def _value(shape: Shape, sent: Any, where: str, problems: list[OptionError]) -> Any:
    if sent is None or (sent in ([], {}) and shape.form != "block"):
        if shape.about.get("required"):
            problems.append(OptionError(f"option {shape.name} is missing", fix=f"write {_sample(shape)}", where=where))
        return None
    wrong = _form_problem(shape, sent)
    if wrong:
        problems.append(OptionError(f"option {shape.name} is not {wrong}", fix=f"write {_sample(shape)}", where=where))
        return None
    return _formed(shape, sent, where, problems)


def _formed(shape: Shape, sent: Any, where: str, problems: list[OptionError]) -> Any:
    if shape.form == "block":
        return _block(shape.type, sent, where, problems)
    if shape.form == "blocks":
        return [_block(shape.type, item, f"{where}[{index}]", problems) for index, item in enumerate(sent)]
    if shape.form == "list":
        return [_scalar(shape, item, f"{where}[{index}]", problems) for index, item in enumerate(sent)]
    if shape.form == "map":
        return {name: _scalar(shape, item, f"{where}.{name}", problems) for name, item in sent.items()}
    return _scalar(shape, sent, where, problems)


def _form_problem(shape: Shape, sent: Any) -> str:
    if shape.form == "block" and not isinstance(sent, dict):
        return "a block"
    if shape.form == "blocks" and not (isinstance(sent, list) and all(isinstance(item, dict) for item in sent)):
        return "a series of blocks"
    if shape.form == "list" and not isinstance(sent, list):
        return "a list"
    if shape.form == "map" and not isinstance(sent, dict):
        return "a map"
    return ""


def _scalar(shape: Shape, sent: Any, where: str, problems: list[OptionError]) -> Any:
    try:
        value = _typed(shape.type, sent)
    except ValueError:
        fix = f"write {_sample(shape)}"
        problems.append(OptionError(f"option {_told(shape, sent)} is not {NAMES[shape.type]}", fix=fix, where=where))
        return None
    why = _objection(shape, value)
    if why:
        problems.append(OptionError(f"option {_told(shape, sent)} is not allowed", why=why, where=where))
    return value


def _typed(kind: type, sent: Any) -> Any:
    if kind is timedelta and isinstance(sent, str):
        return parse_duration(sent)
    if kind is float and isinstance(sent, int) and not isinstance(sent, bool):
        return float(sent)
    if type(sent) is kind and (not isinstance(sent, float) or math.isfinite(sent)):
        return sent
    raise ValueError(sent)


def _objection(shape: Shape, value: Any) -> str:
    about = shape.about
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if about.get("choices") and value not in about["choices"]:
        return "it must be one of " + ", ".join(map(str, about["choices"]))
    if isinstance(number, (int, float)):
        if about.get("minimum") is not None and number < about["minimum"]:
            return f"it must be at least {about['minimum']} {about.get('unit') or ''}".rstrip()
        if about.get("maximum") is not None and number > about["maximum"]:
            return f"it must be at most {about['maximum']} {about.get('unit') or ''}".rstrip()
    check = about.get("check")
    return (check(value) if callable(check) else None) or ""


def _told(shape: Shape, sent: Any) -> str:
    return shape.name if shape.about.get("secret") else f"{shape.name} = {json.dumps(sent, ensure_ascii=False)}"


def _sample(shape: Shape) -> str:
    if shape.form in {"block", "blocks"}:
        return f"{shape.name} {{ ... }}"
    samples = {str: "...", int: 1, float: 1.5, bool: True, timedelta: "30s"}
    example = shape.about.get("example")
    if example is None:
        element = (shape.about.get("choices") or [samples.get(shape.type, "...")])[0]
        example = {"list": [element], "map": {"name": element}}.get(shape.form, element)
    if isinstance(example, dict):
        pairs = ", ".join(f"{name} = {_literal(value)}" for name, value in example.items())
        return f"{shape.name} = {{ {pairs} }}"
    return f"{shape.name} = {_literal(example)}"


def _literal(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
