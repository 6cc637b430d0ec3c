"""Declare a component's options: a dataclass whose fields tell everything about themselves.

@dataclass
class Options:
    replicas: int | None = option(doc="Pods that run.", minimum=0, example=3)
    probe: Probe | None = option(doc="How to tell that it works.")

A field's type decides what is written in waypoint.hcl: `str`, `int`, `float`,
`bool`, lists and maps of them are attributes; a dataclass is a block, a list
of dataclasses a repeated block; `timedelta` is a text like "1m30s". None means
that the user did not write it.

What a field says of itself lies in `dataclasses.Field.metadata` under plain
text keys, so that a dataclass made elsewhere with the same keys serves too.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import timedelta
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SCALARS = (str, int, float, bool, timedelta)
"""What an attribute, or an element of a list or map, can be."""


def option(
    *,
    doc: str,
    default: Any = None,
    unit: str = "",
    example: Any = None,
    choices: Sequence[Any] = (),
    minimum: float | None = None,
    maximum: float | None = None,
    required: bool = False,
    secret: bool = False,
    label: bool = False,
    check: Callable[[Any], str | None] | None = None,
) -> Any:
    """Declare one field of an options dataclass.

    Args:
        doc: What it does, in sentences.
        default: Used when the user writes nothing; None leaves the field unset.
        unit: Of a number, for the documentation.
        example: A value as the user would write it.
        choices: The only values allowed, if any.
        minimum: Smallest number allowed.
        maximum: Largest number allowed.
        required: The user must write it.
        secret: Its value is never shown.
        label: In a nested dataclass: it is the block's label, `ingress "http" {}`.
        check: Tells what is wrong with a value, or None.

    Returns:
        A dataclass field; typed Any so that the annotation decides.
    """
    metadata = {
        "doc": doc,
        "unit": unit,
        "example": example,
        "choices": tuple(choices),
        "minimum": minimum,
        "maximum": maximum,
        "required": required,
        "secret": secret,
        "label": label,
        "check": check,
        "default": default,
    }
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Shape:
    """What a field is in waypoint.hcl.

    Args:
        name: In HCL and in the host's JSON.
        form: "scalar", "list", "map", "block" or "blocks".
        type: Of the scalar or element, or the dataclass of a block.
        about: The field's metadata.
        default: What the field holds when nothing is written.
        attribute: Name of the dataclass field.
    """

    name: str
    form: str
    type: type
    about: Mapping[str, Any]
    default: Any
    attribute: str


def shapes(options: type) -> list[Shape]:
    """Read the fields of an options dataclass.

    Args:
        options: A dataclass.

    Returns:
        In the order of declaration.

    Raises:
        TypeError: It is no dataclass, or a field has a type that HCL cannot express, or a default of another type.
    """
    if not dataclasses.is_dataclass(options):
        raise TypeError(f"{getattr(options, '__name__', options)} must be a dataclass to serve as options")
    hints = get_type_hints(options)
    found = [_shape(options, field, hints[field.name]) for field in dataclasses.fields(options)]
    for shape in found:
        if not _fits(shape):
            kind = _name(hints[shape.attribute])
            raise TypeError(f"{options.__name__}.{shape.attribute}: the default {shape.default!r} is no {kind}")
    return found


def _shape(options: type, field: dataclasses.Field[Any], hint: Any) -> Shape:
    name = field.metadata.get("hcl") or field.name
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    plain = _without_none(hint)
    origin, inner = get_origin(plain), get_args(plain)
    about = field.metadata

    def shape(form: str, kind: type) -> Shape:
        return Shape(name, form, kind, about, None if default is dataclasses.MISSING else default, field.name)

    if plain in SCALARS:
        return shape("scalar", plain)
    if dataclasses.is_dataclass(plain) and isinstance(plain, type):
        return shape("block", plain)
    if origin in {list, tuple} and inner[0] in SCALARS:
        return shape("list", inner[0])
    if origin in {list, tuple} and dataclasses.is_dataclass(inner[0]) and isinstance(inner[0], type):
        return shape("blocks", inner[0])
    if origin is dict and inner[0] is str and inner[1] in SCALARS:
        return shape("map", inner[1])
    raise TypeError(
        f"{options.__name__}.{field.name}: {_name(hint)} cannot be an option; use str, int, float, bool, timedelta, "
        "a list or dict of them, a dataclass, or a list of dataclasses"
    )


def _fits(shape: Shape) -> bool:
    """Tell whether the default has the type of the field; None always does: it means not written."""
    default = shape.default
    if default is None:
        return True
    if shape.form in {"list", "blocks"}:
        return isinstance(default, (list, tuple)) and all(_is(one, shape.type) for one in default)
    if shape.form == "map":
        return isinstance(default, dict) and all(_is(one, shape.type) for one in default.values())
    return _is(default, shape.type)


def _is(value: Any, kind: type) -> bool:
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, (int, float) if kind is float else kind)


def _name(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and get_origin(hint) is None else str(hint)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in {Union, UnionType}:
        rest = [part for part in get_args(hint) if part is not NoneType]
        if len(rest) == 1:
            return rest[0]
    return hint
