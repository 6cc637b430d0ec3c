"""Values of waypoint.hcl beside the standards: whether one fits its key, and whether the standards give it anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig import kinds, schema, stanza
from teamconfig.keys import format_key
from teamconfig.model import SECTIONS
from wps.migration.useitems import undecided

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from teamconfig.schema import Spec

_TEXTS = frozenset({"string", "enum", "memory", "cpu", "duration"})


def spec(path: Sequence[str]) -> Spec | None:
    """Find what is known of a key, in blocks of lists too.

    Args:
        path: Section and names; a block of a list may have its number: ("kubernetes", "sidecars[0]", "image").

    Returns:
        Its spec, or None if there is no such key.
    """
    block: type | None = SECTIONS.get(path[0])
    found: Spec | None = None
    for name in path[1:]:
        found = schema.specs(block).get(name.partition("[")[0]) if block is not None else None
        block = found.block if found is not None else None
    return found


def plain(known: Spec, value: Any) -> Any:
    """Convert a value as Waypoint does before it hands it to a plugin: "3" to 3 where a number is wanted, and back.

    Args:
        known: The key.
        value: A literal.

    Returns:
        The value as the plugin gets it; unchanged if it cannot be converted.
    """
    if known.kind == "int" and isinstance(value, str) and value.isdecimal():
        return int(value)
    if known.kind == "bool" and value in ("true", "false"):
        return value == "true"
    if known.kind in _TEXTS and isinstance(value, (bool, int, float)):
        return stanza.literal(value)
    if known.kind == "map" and isinstance(value, dict):
        return {name: _text(item) for name, item in value.items() if item is not None}
    if known.kind == "list" and isinstance(value, list):
        return [_text(item) for item in value]
    return value


def _text(value: Any) -> Any:
    return stanza.literal(value) if isinstance(value, (bool, int, float)) else value


def refusal(path: Sequence[str], value: Any) -> tuple[str, str] | None:
    """Say why a value does not fit its key.

    Args:
        path: As in `spec`.
        value: As `hclfile` gives it.

    Returns:
        Why, and what to do; None if it fits, or only Waypoint can tell.
    """
    known = spec(path)
    if known is None or undecided(value):
        return None
    try:
        kinds.check(known, plain(known, value))
    except kinds.RefusedError as err:
        return err.why, f"write a value such as {err.example}"
    return None


def given(path: Sequence[str], value: Any, profiles: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether the standards give an option the same value wherever the file is used.

    Args:
        path: As in `spec`, not in a block of a list.
        value: As `hclfile` gives it.
        profiles: Resolved values of each environment, by key path as text.

    Returns:
        True if it makes no difference.
    """
    known = spec(path)
    if known is None or undecided(value) or not profiles:
        return False
    wanted = plain(known, value)
    if known.kind == "map":
        return isinstance(wanted, dict) and all(
            profile.get(format_key((*path, name))) == item for profile in profiles for name, item in wanted.items()
        )
    try:
        return all(kinds.same(known, wanted, profile.get(format_key(tuple(path)))) for profile in profiles)
    except (ValueError, TypeError):  # it is not a quantity, as the plugin will say
        return False
