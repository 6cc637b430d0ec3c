"""The highest layer: options that a developer set in waypoint.hcl, as the host or `wps` decoded them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig import kinds, templates
from teamconfig.errors import Problem
from teamconfig.keys import format_key, nearest
from teamconfig.layers import Layer, Leaf, Rank
from teamconfig.model import SECTIONS
from teamconfig.schema import specs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from teamconfig.keys import Key
    from teamconfig.schema import Spec


@dataclass(frozen=True, slots=True)
class Stanza:
    """The options of one `use` in waypoint.hcl.

    Args:
        section: Section of the standards that the options belong to: "kubernetes".
        values: What is set, nested as in the file; unset keys are left out.
        path: Path of the `use`, as "app.web.deploy.use".
    """

    section: str
    values: Mapping[str, Any]
    path: str

    @classmethod
    def of(cls, section: str, options: Any, path: str) -> Stanza:
        """Make a stanza of decoded options.

        Args:
            section: Section of the standards that the options' class extends.
            options: Instance of the section's class, or of a subclass; keys that a subclass adds are left out,
                and None is an instance with nothing set.
            path: Path of the `use`, as "app.web.deploy.use".

        Returns:
            The stanza, with what is set.
        """
        return cls(section, {} if options is None else _set_values(SECTIONS[section], options), path)


def _set_values(block: type, options: Any) -> dict[str, Any]:
    """Collect what is set of a dataclass, deep; None, an empty block and an empty list of blocks are unset."""
    found: dict[str, Any] = {}
    for name, spec in specs(block).items():
        value = getattr(options, name, None)
        if value is None:
            continue
        if spec.kind == "block" and spec.block is not None:
            value = _set_values(spec.block, value)
        elif spec.kind == "blocks" and spec.block is not None:
            value = [_set_values(spec.block, item) for item in value]
        elif spec.kind == "map":
            value = dict(value)
        elif spec.kind == "list":
            value = list(value)
        if value or spec.kind not in ("block", "blocks", "map"):
            found[name] = value
    return found


def layer(stanzas: Iterable[Stanza]) -> tuple[Layer, list[Problem]]:
    """Make the layer of waypoint.hcl.

    Args:
        stanzas: The `use` blocks that standards have a section for.

    Returns:
        The layer with every valid value, and a problem for every other one.
    """
    leaves: dict[Key, Leaf] = {}
    places: dict[Key, str] = {}
    problems: list[Problem] = []

    def refuse(name: str, value: Any, why: str, fix: str, where: str) -> None:
        shown = f" = {literal(value)}" if not isinstance(value, (dict, list)) else ""
        problems.append(Problem(f"option {name}{shown} is not valid", why, fix, where, "option"))

    def accept(key: Key, spec: Spec, value: Any, where: str) -> None:
        try:
            kinds.check(spec, value)
        except kinds.RefusedError as err:
            fix = f"write {spec.name} = {literal(err.example) if spec.kind in _QUOTED else err.example}"
            refuse(spec.name, value, err.why, fix, ".".join((where, *err.inside)))
            return
        word = next((found for text in texts(value) if (found := templates.unknown(text))), None)
        if spec.template and word is not None:
            fix = f"use one of {', '.join('{' + name + '}' for name in templates.NAMES)}"
            refuse(spec.name, value, f"{{{word}}} stands for nothing", fix, where)
            return
        parts = {(*key, name): item for name, item in value.items()} if spec.kind == "map" else {key: value}
        for part, item in parts.items():
            leaves[part] = Leaf(item)
            places[part] = where + format_key((".", *part[len(key) :]))[1:]

    def walk(prefix: Key, block: type, values: Mapping[str, Any], path: str) -> None:
        known = specs(block)
        for name, value in values.items():
            spec = known.get(name)
            where = f"{path}.{name}"
            if spec is None:
                close = nearest(name, known)
                fix = f"write {close}" if close else "remove it"
                refuse(name, value, f"{format_key(prefix)} has no such key", fix, where)
            elif spec.kind == "block" and spec.block is not None:
                if isinstance(value, dict):
                    walk((*prefix, name), spec.block, value, where)
                else:
                    refuse(name, value, f"{name} is a block", f"write {name} {{ ... }}", where)
            elif value is not None:
                accept((*prefix, name), spec, value, where)

    for stanza in stanzas:
        walk((stanza.section,), SECTIONS[stanza.section], stanza.values, stanza.path)
    return Layer(Rank.FILE, "", "waypoint.hcl", leaves, places=places), problems


_QUOTED = frozenset({"string", "enum", "memory", "cpu", "duration"})


def texts(value: Any) -> list[str]:
    """Collect the texts in a value.

    Args:
        value: A text, a list of texts, a map of texts, or something else.

    Returns:
        The texts; none for anything else.
    """
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def literal(value: Any) -> str:
    """Write a value as it stands in waypoint.hcl.

    Args:
        value: A text, number, truth value, list or map of them.

    Returns:
        Its HCL.
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{literal(name)} = {literal(item)}" for name, item in value.items()) + " }"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return str(value)
