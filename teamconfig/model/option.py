"""How a key of the standards is declared: once, on a dataclass field, with everything that is known about it.

From the declaration come validation, the JSON Schema for YAML, docs/standards.md, the lowest layer of every profile,
and, as the metadata has plain string keys, the HCL schema that the plugin SDK makes of the same class.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from teamconfig.model.shapes import Shape

Kind = Literal["string", "int", "float", "bool", "duration", "memory", "cpu", "enum", "list", "map", "block", "blocks"]
"""list: of strings; map: strings by string; block: one nested dataclass; blocks: a list of them."""

UNITS = {
    "memory": "bytes with Ki, Mi, Gi (1024) or k, M, G (1000)",
    "cpu": "cores, or thousandths of a core with m",
    "duration": "h, m, s, ms",
}
_EXAMPLES = {"memory": "512Mi", "cpu": "250m", "duration": "30s", "bool": "true"}


def option(
    kind: Kind,
    doc: str,
    *,
    example: str | None = None,
    preset: Any = None,
    default: str | None = None,
    unit: str | None = None,
    bounds: tuple[Any, Any] | None = None,
    choices: tuple[str, ...] | None = None,
    template: bool = False,
    previews: bool = False,
    shape: Shape | None = None,
    key_shape: Shape | None = None,
) -> Any:
    """Declare one key. Unset is None, or an empty list for `blocks`.

    Args:
        kind: What values look like; agrees with the annotation.
        doc: What it does, for its user, as one or two sentences.
        example: A value as written in YAML.
        preset: Value that the lowest layer (plugin) gives it, in the user's spelling; for a block, a dict by key.
        default: What happens when nothing sets it, in words; made from `preset` when left out.
        unit: Unit of a plain number; known for memory, cpu and duration.
        bounds: Least and greatest value, in the user's spelling, None for open.
        choices: All values of an enum.
        template: Whether {org}, {team}, {project}, {app} and {environment} are filled in.
        previews: Whether {preview} is, too: "-" and the name of the branch in its preview, and nothing elsewhere.
        shape: What the text, or each text of a list or map, must look like.
        key_shape: What each key of a map must look like.

    Returns:
        A dataclass field.
    """
    if default is None and preset is not None and kind != "block":
        default = str(preset).lower() if isinstance(preset, bool) else str(preset)
    facts = {
        "kind": kind,
        "doc": doc,
        "unit": unit or UNITS.get(kind),
        "example": example or _example(kind, preset, choices),
        "default": default,
        "preset": preset,
        "bounds": bounds,
        "choices": choices,
        "template": template or None,
        "previews": previews or None,
        "shape": shape,
        "key_shape": key_shape,
    }
    if kind == "int" and bounds is not None:  # names under which the plugin SDK looks for the bounds of numbers
        facts |= {"minimum": bounds[0], "maximum": bounds[1]}
    metadata = {key: fact for key, fact in facts.items() if fact is not None}
    if kind == "blocks":
        return dataclasses.field(default_factory=list, metadata=metadata)
    return dataclasses.field(default=None, metadata=metadata)


def _example(kind: Kind, preset: Any, choices: tuple[str, ...] | None) -> str | None:
    """Choose an example for a key that declares none."""
    if preset is not None and kind != "block":
        return str(preset).lower() if isinstance(preset, bool) else str(preset)
    return _EXAMPLES.get(kind) or (choices[0] if choices else None)
