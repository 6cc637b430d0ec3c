"""Values of waypoint.hcl in the type of their key, converted as HCL converts them. Pure.

What HCL would not convert stays as it is, for `teamconfig` to refuse.

Source: zclconf/go-cty, cty/convert/conversion_primitive.go.
"""

from __future__ import annotations

import re
from typing import Any

_TEXTS = frozenset({"string", "enum", "memory", "cpu", "duration"})
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_LONGEST = 40
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def fitting(kind: str, value: Any) -> Any:
    """Convert a value to what its key wants.

    Args:
        kind: Kind of the key, see `teamconfig.model.option.Kind`.
        value: A literal of waypoint.hcl.

    Returns:
        The converted value, or the very same where HCL has no conversion.
    """
    if kind in _TEXTS:
        return text(value)
    if kind == "list" and isinstance(value, list):
        return [text(item) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {name: text(item) for name, item in value.items()}
    if kind in ("int", "float"):
        return _number(value)
    if kind == "bool" and isinstance(value, str):
        return _TRUTHS.get(value, value)
    return value


def text(value: Any) -> Any:
    """Write a number or truth value as HCL does where a text is wanted.

    Args:
        value: A literal.

    Returns:
        The text: 80 is "80", 1.50 is "1.5", 1e3 is "1000"; anything else as it is.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and value - value == 0:  # neither infinite nor NaN
        from decimal import Decimal  # noqa: PLC0415  # few convert

        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return value


def _number(value: Any) -> Any:
    """Read a number from a text; one without fraction is whole, as HCL has only one type of number."""
    if isinstance(value, str) and len(value) <= _LONGEST and _NUMBER.fullmatch(value):
        from decimal import Decimal  # noqa: PLC0415  # few convert

        exact = Decimal(value)
        return int(exact) if exact == exact.to_integral_value() else float(exact)
    return int(value) if isinstance(value, float) and value.is_integer() else value
