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
            raise RefusedError(f"{spec.name} is a block of keys", spec.example)
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


def _check_bounds(spec: Spec, value: Any) -> None:
    try:
        number = measure(spec, value)
    except units.UnitError as err:
        raise RefusedError(err.why, err.example) from err
    least, most = spec.bounds or (None, None)
    if least is not None and number < measure(spec, least):
        raise RefusedError(f"{spec.name} is at least {least}", str(least))
    if most is not None and number > measure(spec, most):
        raise RefusedError(f"{spec.name} is at most {most}", str(most))


def _check_texts(spec: Spec, value: Any) -> None:
    """Refuse what is not a list, or a map, of texts only."""
    if spec.kind == "map" and isinstance(value, dict):
        items: list[Any] = [*value, *value.values()]
    elif spec.kind == "list" and isinstance(value, list):
        items = value
    else:
        items = [None]
    if not all(isinstance(item, str) for item in items):
        raise RefusedError(f"{spec.name} is {WANTED[spec.kind]}", spec.example)


def _check_blocks(spec: Spec, value: Any) -> None:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RefusedError(f"{spec.name} is {WANTED['blocks']}", spec.example)
    inner = specs(spec.block) if spec.block is not None else {}
    for place, item in enumerate(value):
        for name, part in item.items():
            inside = (str(place), name)
            if name not in inner:
                close = nearest(name, inner)
                raise RefusedError(f"{spec.name} has no key {name}", f"{close or next(iter(inner))}", inside)
            try:
                check(inner[name], part)
            except RefusedError as err:
                raise RefusedError(err.why, err.example, (*inside, *err.inside)) from err
