"""Whether a value fits its key: type, unit, bounds and choices.

Values arrive as plain Python (from YAML by way of `document`, from waypoint.hcl
as the host decoded them) and keep the user's spelling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig import units
from teamconfig.keys import nearest
from teamconfig.schema import specs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.schema import Spec

_TYPES = {"string": str, "enum": str, "memory": str, "cpu": str, "duration": str, "int": int, "bool": bool}
WANTED = {
    "string": "text",
    "enum": "one of a few words",
    "memory": "an amount of memory",
    "cpu": "an amount of CPU",
    "duration": "a duration",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list of texts",
    "map": "a map of texts",
    "block": "a block of keys",
    "blocks": "a list of blocks",
}
"""What a kind is called in an error."""
_ORDERED = frozenset({"int", "float", "memory", "cpu", "duration"})


class RefusedError(ValueError):
    """A value does not fit its key.

    Args:
        why: The rule, as the second line of a problem.
        example: A value that would fit, as it is written.
        inside: Names from the key down to the part that does not fit.
    """

    def __init__(self, why: str, example: str, inside: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.why = why
        self.example = example
        self.inside = inside


def ordered(spec: Spec) -> bool:
    """Tell whether values of this key can be less or more than each other.

    Args:
        spec: The key.

    Returns:
        True for numbers, memory, cpu and durations.
    """
    return spec.kind in _ORDERED


def measure(spec: Spec, value: Any) -> float:
    """Give the number to compare a value by.

    Args:
        spec: An ordered key.
        value: One that `check` accepted.

    Returns:
        The number itself, bytes, millicores or seconds.

    Raises:
        UnitError: The value cannot be read.
    """
    if spec.kind == "memory":
        return units.parse_memory(value)
    if spec.kind == "cpu":
        return units.parse_cpu(value)
    if spec.kind == "duration":
        return units.parse_duration(value).total_seconds()
    return float(value) if spec.kind == "float" else int(value)


def same(spec: Spec, one: Any, other: Any) -> bool:
    """Tell whether two values mean the same, as "1Gi" and "1024Mi" do.

    Args:
        spec: The key.
        one: A valid value, or None for unset.
        other: A valid value, or None for unset.

    Returns:
        Whether they are equal once units are read.
    """
    if one is None or other is None or not ordered(spec):
        return bool(one == other)
    return measure(spec, one) == measure(spec, other)


def advice(spec: Spec, err: RefusedError, written: str) -> str:
    """Say what to write instead; the model's own example is told as one.

    Args:
        spec: The key.
        err: Why its value was refused.
        written: The example as it stands in the file.

    Returns:
        One imperative.
    """
    lead = "for example, write" if err.example == spec.example and not spec.choices else "write"
    return f"{lead} {written}"


def check(spec: Spec, value: Any) -> None:
    """Refuse a value that does not fit.

    Args:
        spec: The key; for an entry of a map, the map.
        value: Plain Python, not None.

    Raises:
        RefusedError: Wrong type, unit, choice, or outside the bounds that the model sets.
    """
    match spec.kind:
        case "list" | "map":
            _check_texts(spec, value)
        case "blocks":
            _check_blocks(spec, value)
        case "block":
            _check_nested(spec, value)
        case "float":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise RefusedError(f"{spec.name} is {WANTED['float']}", spec.example)
        case _:
            wrong_bool = isinstance(value, bool) and spec.kind != "bool"
            if wrong_bool or not isinstance(value, _TYPES[spec.kind]):
                raise RefusedError(f"{spec.name} is {WANTED[spec.kind]}", spec.example)
    if spec.choices and value not in spec.choices:
        close = nearest(str(value), spec.choices) or spec.choices[0]
        raise RefusedError(f"{spec.name} is one of {', '.join(spec.choices)}", close)
    if ordered(spec):
        _check_bounds(spec, value)
    _check_shape(spec, value)


def _check_shape(spec: Spec, value: Any) -> None:
    """Refuse texts that do not look as they must; those with open words are looked at when these are filled in."""
    entries = value.items() if spec.kind == "map" else [("", item) for item in value] if spec.kind == "list" else None
    for key, text in entries if entries is not None else [("", value)]:
        if spec.key_shape is not None and not spec.key_shape.fits(key):
            raise RefusedError(f"each key of {spec.name} is {spec.key_shape.words}", spec.example, (key,))
        if spec.shape is not None and not (spec.template and "{" in text) and not spec.shape.fits(text):
            whose = f"each text of {spec.name}" if entries is not None else spec.name
            raise RefusedError(f"{whose} is {spec.shape.words}", spec.example, (key,) if key else ())


def _check_bounds(spec: Spec, value: Any) -> None:
    try:
        number = measure(spec, value)
    except units.UnitError as err:
        raise RefusedError(err.why, err.example) from err
    least, most = spec.bounds or (None, None)
    if least is not None and number < measure(spec, least):
        raise RefusedError(f"{spec.name} is at least {least}", _meant(spec, value) or str(least))
    if most is not None and number > measure(spec, most):
        raise RefusedError(f"{spec.name} is at most {most}", _meant(spec, value) or str(most))


_FORGOTTEN = {"memory": "Mi", "cpu": "m"}
"""The unit that is most likely left out."""


def _meant(spec: Spec, value: Any) -> str:
    """Guess what a value beyond its bounds was meant to be, which its bound seldom is; empty for no guess."""
    if spec.kind in ("int", "float"):
        return spec.example  # a port of 99999 is a slip of the hand, and 65535 not what was meant
    text = f"{value}{_FORGOTTEN.get(spec.kind, '')}"
    if text == value or not str(value).isdecimal():
        return ""
    least, most = spec.bounds or (None, None)
    fits = (least is None or measure(spec, text) >= measure(spec, least)) and (
        most is None or measure(spec, text) <= measure(spec, most)
    )
    return text if fits else ""


def _check_texts(spec: Spec, value: Any) -> None:
    """Refuse what is not a list, or a map, of texts only."""
    if spec.kind == "map" and isinstance(value, dict):
        wrong = next((name for name, item in value.items() if not isinstance(item, str)), None)
        if wrong is not None:
            raise RefusedError(f"each value of {spec.name} is a text", spec.example, (str(wrong),))
    elif spec.kind != "list" or not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RefusedError(f"{spec.name} is {WANTED[spec.kind]}", spec.example)


def _check_blocks(spec: Spec, value: Any) -> None:
    """Check each block of a list, with the blocks within."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RefusedError(f"{spec.name} is {WANTED['blocks']}", spec.example)
    inner = specs(spec.block) if spec.block is not None else {}
    for place, item in enumerate(value):
        try:
            _check_keys(spec, inner, item)
        except RefusedError as err:
            raise RefusedError(err.why, err.example, (str(place), *err.inside)) from err
        _check_block(spec, item, place)
    for name in getattr(spec.block, "unique", ()):
        values = [item[name] for item in value if name in item]
        twice = next((one for one in values if values.count(one) > 1), None)
        if twice is not None:
            raise RefusedError(f"two of {spec.name} have the {name} {twice}", f"another {name}")


def _check_keys(spec: Spec, inner: Mapping[str, Spec], item: Mapping[str, Any]) -> None:
    for name, part in item.items():
        if name not in inner:
            close = nearest(name, inner)
            raise RefusedError(f"{spec.name} has no key {name}", f"{close or next(iter(inner))}", (name,))
        try:
            check(inner[name], part)
        except RefusedError as err:
            raise RefusedError(err.why, err.example, (name, *err.inside)) from err


def _check_nested(spec: Spec, value: Any) -> None:
    """Check a block within one of a list of blocks; other blocks are taken apart into their keys."""
    if not isinstance(value, dict):
        raise RefusedError(f"{spec.name} is {WANTED['block']}", spec.example)
    _check_keys(spec, specs(spec.block) if spec.block is not None else {}, value)


def _check_block(spec: Spec, item: Mapping[str, Any], place: int) -> None:
    """Refuse a block that lacks what it cannot be without, or has what does not go together."""
    for name in getattr(spec.block, "required", ()):
        if not item.get(name):
            example = specs(spec.block)[name].example if spec.block is not None else ""
            raise RefusedError(f"each of {spec.name} has a {name}", f"{name} = {example}", (str(place), name))
    alone = [name for name in getattr(spec.block, "alone", ()) if item.get(name)]
    if len(alone) > 1:
        raise RefusedError(f"one of {spec.name} has {' or '.join(alone)}, not both", alone[0], (str(place), alone[1]))
    what, needed = getattr(spec.block, "needs", ("", ""))
    if item.get(what) and not item.get(needed):
        raise RefusedError(f"one of {spec.name} with {what} needs {needed}", f"{needed} = ...", (str(place), what))
