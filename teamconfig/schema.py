"""The model as data: what is known of each key, by name and by path.

Reads the dataclasses of `model` once per process; everything that checks,
documents or converts values asks here and never looks at a dataclass itself.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from dataclasses import dataclass
from typing import Any

from teamconfig.model import SECTIONS

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.keys import Key
    from teamconfig.model.option import Kind
    from teamconfig.model.shapes import Shape


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of one key; see `model.option.option` for the meaning of each fact."""

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    example: str = ""
    default: str = ""
    preset: Any = None
    bounds: tuple[Any, Any] | None = None
    choices: tuple[str, ...] = ()
    template: bool = False
    previews: bool = False
    shape: Shape | None = None
    key_shape: Shape | None = None
    block: type | None = None


_FACTS = frozenset(field.name for field in dataclasses.fields(Spec)) - {"name", "block"}


def _block(hint: Any) -> type | None:
    """Find the dataclass in `X | None` or `list[X]`."""
    inner = (arg for arg in typing.get_args(hint) if isinstance(arg, type))
    return next((arg for arg in inner if dataclasses.is_dataclass(arg)), None)


@functools.cache
def specs(block: type) -> Mapping[str, Spec]:
    """Give the keys of a section or block.

    Args:
        block: A dataclass of `model`.

    Returns:
        Spec by name, in declared order.
    """
    found = {}
    hints: dict[str, Any] | None = None
    for field in dataclasses.fields(block):
        facts = {name: fact for name, fact in field.metadata.items() if name in _FACTS}
        if facts["kind"] in ("block", "blocks"):
            hints = hints or typing.get_type_hints(block)
            facts["block"] = _block(hints[field.name])
        found[field.name] = Spec(name=field.name, **facts)
    return found


def find(key: Key) -> Spec | None:
    """Find the spec of a key path.

    Args:
        key: Path from the section on; may end in a key of a map.

    Returns:
        Spec of the key, of the map that an entry belongs to, or None for a path that leads nowhere or to a section.
    """
    block: type | None = SECTIONS.get(key[0])
    spec: Spec | None = None
    for place, name in enumerate(key[1:], start=1):
        if block is None:
            inside_map = spec is not None and spec.kind == "map" and place == len(key) - 1
            return spec if inside_map else None
        spec = specs(block).get(name)
        if spec is None:
            return None
        block = spec.block if spec.kind == "block" else None
    return spec


def names_at(key: Key) -> tuple[str, ...]:
    """List the names that may stand below a path, to say which one was meant.

    Args:
        key: Path of a section or block; empty for the sections.

    Returns:
        The names; empty where anything or nothing may stand.
    """
    if not key:
        return tuple(SECTIONS)
    if len(key) == 1:
        return tuple(specs(SECTIONS[key[0]])) if key[0] in SECTIONS else ()
    spec = find(key)
    return tuple(specs(spec.block)) if spec is not None and spec.block is not None else ()


def leaves() -> tuple[tuple[Key, Spec], ...]:
    """Walk over every key that is not a block, through all sections.

    Returns:
        Key path and spec, in declared order; a map or list is one leaf.
    """
    return _leaves()


@functools.cache
def _leaves() -> tuple[tuple[Key, Spec], ...]:
    found: list[tuple[Key, Spec]] = []

    def walk(prefix: Key, block: type) -> None:
        for name, spec in specs(block).items():
            if spec.kind == "block" and spec.block is not None:
                walk((*prefix, name), spec.block)
            else:
                found.append(((*prefix, name), spec))

    for section, block in SECTIONS.items():
        walk((section,), block)
    return tuple(found)


@functools.cache
def presets() -> Mapping[Key, Any]:
    """Give the defaults that the lowest layer (plugin) sets.

    Returns:
        Value by path of the leaf; a preset on a block overrides those of the keys within.
    """
    found: dict[Key, Any] = {}

    def walk(prefix: Key, block: type, above: Mapping[str, Any]) -> None:
        for name, spec in specs(block).items():
            preset = above.get(name, spec.preset)
            if spec.kind == "block" and spec.block is not None:
                walk((*prefix, name), spec.block, preset or {})
            elif preset is not None:
                found[*prefix, name] = preset

    for section, block in SECTIONS.items():
        walk((section,), block, {})
    return found
