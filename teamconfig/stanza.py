"""The highest layer: options that a developer set in waypoint.hcl, as the host or `wps` decoded them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig import kinds, templates
from teamconfig.errors import Problem
from teamconfig.keys import format_key, nearest
from teamconfig.layers import Layer, Leaf
from teamconfig.model import SECTIONS
from teamconfig.ranks import Rank
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
    reader = _Reader()
    for one in stanzas:
        reader.block((one.section,), SECTIONS[one.section], one.values, one.path)
    return Layer(Rank.FILE, "", "waypoint.hcl", reader.leaves, places=reader.places), reader.problems


_LISTED = 12


def _instead(known: Mapping[str, Spec]) -> str:
    more = ", ..." if len(known) > _LISTED else ""
    return f"use one of {', '.join(list(known)[:_LISTED])}{more}"


class _Reader:
    """Goes through stanzas and collects leaves, their places and problems."""

    def __init__(self) -> None:
        self.leaves: dict[Key, Leaf] = {}
        self.places: dict[Key, str] = {}
        self.problems: list[Problem] = []

    def block(self, prefix: Key, block: type, values: Mapping[str, Any], path: str) -> None:
        """Read a section or block.

        Args:
            prefix: Its key path.
            block: Its class.
            values: What is set in it.
            path: Its path in waypoint.hcl.
        """
        known = specs(block)
        for name, value in values.items():
            spec, where = known.get(name), f"{path}.{name}"
            if spec is None:
                close = nearest(name, known)
                fix = f"write {close}" if close else _instead(known)
                self._refuse(name, value, f"{format_key(prefix)} has no such key", fix, where)
            elif spec.kind != "block" or spec.block is None:
                if value is not None:
                    self._leaf((*prefix, name), spec, value, where)
            elif isinstance(value, dict):
                self.block((*prefix, name), spec.block, value, where)
            else:
                self._refuse(name, value, f"{name} is a block", f"write {name} {{ ... }}", where)

    def _refuse(self, name: str, value: Any, why: str, fix: str, where: str) -> None:
        shown = f" = {literal(value)}" if not isinstance(value, (dict, list)) else ""
        self.problems.append(Problem(f"option {name}{shown} is not valid", why, fix, where, "option"))

    def _leaf(self, key: Key, spec: Spec, value: Any, where: str) -> None:
        try:
            kinds.check(spec, value)
        except kinds.RefusedError as err:
            quoted = literal(err.example) if spec.kind in _QUOTED else err.example
            written = err.example if spec.kind == "blocks" else f"{spec.name} = {quoted}"
            name = ".".join((spec.name, *err.inside)) if spec.kind == "map" else spec.name
            self._refuse(name, value, err.why, kinds.advice(spec, err, written), ".".join((where, *err.inside)))
            return
        word = next((found for text in texts(value) if (found := templates.unknown(text, spec))), None)
        if word is not None:
            self._refuse(spec.name, value, f"{{{word}}} stands for nothing", templates.advice(spec), where)
            return
        parts = {(*key, name): item for name, item in value.items()} if spec.kind == "map" else {key: value}
        for part, item in parts.items():
            self.leaves[part] = Leaf(item)
            self.places[part] = where + format_key((".", *part[len(key) :]))[1:]


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
