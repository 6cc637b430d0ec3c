"""Options as documentation: for `waypoint docs`, and as Markdown."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from waypaas_sdk.gen.hashicorp.waypoint.sdk.config_pb2 import Config
from waypaas_sdk.options import Shape, shapes

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = {str: "string", int: "int", float: "float", bool: "bool", timedelta: "duration"}
"""What each scalar is called in the documentation."""

FORMS = {
    "list": "list of {}",
    "map": "map of string to {}",
    "scalar": "{}",
    "block": "block",
    "blocks": "repeated block",
}
"""What each form is called."""


def documentation(component: Any) -> Any:
    """Document a component.

    Args:
        component: Its class.

    Returns:
        Config.Documentation: description, example, and every option with its bounds.
    """
    declared = component.options_class()
    message = Config.Documentation(description=description(component), example=component.example)
    for shape in shapes(declared) if isinstance(declared, type) else ():
        message.fields[shape.name].CopyFrom(_field(shape))
    return message


def _field(shape: Shape) -> Any:
    field = Config.FieldDocumentation(
        name=shape.name,
        synopsis=str(shape.about.get("doc", "")),
        summary=limits(shape),
        optional=not shape.about.get("required"),
        type=type_name(shape),
        default=default(shape),
    )
    if shape.form in {"block", "blocks"}:
        field.category = shape.form == "block"
        field.sub_fields.extend(_field(inner) for inner in shapes(shape.type))
    return field


def type_name(shape: Shape) -> str:
    """Name a field's type for people: "list of string"."""
    kind = str(shape.about.get("kind") or "")
    scalar = kind if kind in {"duration", "memory", "cpu", "enum"} else NAMES.get(shape.type, "")
    return FORMS[shape.form].format(scalar)


def default(shape: Shape) -> str:
    """Give a field's default as text, empty for none."""
    value = shape.about.get("default")
    return "" if value is None else str(value)


def limits(shape: Shape) -> str:
    """Say in one line what a field may be: choices, bounds, unit, example."""
    about = shape.about
    said = [
        f"one of {', '.join(map(str, about['choices']))}" if about.get("choices") else "",
        f"at least {about['minimum']}" if about.get("minimum") is not None else "",
        f"at most {about['maximum']}" if about.get("maximum") is not None else "",
        _bounds(about),
        f"in {about['unit']}" if about.get("unit") else "",
        f"for example {about['example']}" if about.get("example") is not None else "",
    ]
    return "; ".join(part for part in said if part)


def _bounds(about: Mapping[str, Any]) -> str:
    """Say bounds that are no plain numbers: of memory, CPU and durations."""
    bounds = about.get("bounds")
    if not bounds or about.get("minimum") is not None or about.get("maximum") is not None:
        return ""
    return bounds if isinstance(bounds, str) else f"from {bounds[0]} to {bounds[1]}"


def description(component: Any) -> str:
    """Give a component's docstring without its indentation."""
    lines = (component.__doc__ or "").strip().splitlines()
    return "\n".join(line.strip() for line in lines)


def markdown(plugin: str, component: Any) -> str:
    """Write a component's options as Markdown.

    Args:
        plugin: Name in `use "..."`.
        component: Its class.

    Returns:
        A section with a table; blocks follow as sections of their own.
    """
    lines = [f"## {plugin}: {component.kind}", "", description(component), ""]
    declared = component.options_class()
    if not isinstance(declared, type):
        return "\n".join([*lines, "It has no options.", ""])
    return "\n".join([*lines, *_table("", declared)])


def _table(path: str, options: type) -> list[str]:
    rows = ["| option | type | default | meaning |", "|---|---|---|---|"]
    blocks: list[str] = []
    for shape in shapes(options):
        note = limits(shape)
        meaning = f"{shape.about.get('doc', '')}{f' ({note})' if note else ''}".replace("|", "\\|")
        rows.append(f"| `{shape.name}` | {type_name(shape)} | {default(shape)} | {meaning} |")
        if shape.form in {"block", "blocks"}:
            inner = f"{path}{shape.name}"
            blocks += [f"### {inner}", "", *_table(f"{inner}.", shape.type)]
    return [*rows, "", *blocks]
