"""Parity of the platforms: an option of one in the words of the other, or an error that names the closest way. Pure.

Nothing is dropped: what has no counterpart is a problem, with its place in the user's file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig.errors import Problem
from teamconfig.model import SECTIONS
from teamconfig.schema import specs
from teamconfig.stanza import literal
from wps.paritytable import ECS_ONLY, KUBERNETES_ONLY, PAIRS, SHARED, UNDERSTOOD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = {"kubernetes": "Kubernetes", "ecs": "AWS ECS"}
_OTHER = {"kubernetes": "ecs", "ecs": "kubernetes"}
_ONLY = {"kubernetes": KUBERNETES_ONLY, "ecs": ECS_ONLY}
_LISTS = "sidecars"
"""The block that may stand several times, and has counterparts."""


def keys(section: str) -> list[str]:
    """List the keys of a section, those within blocks too.

    Args:
        section: "kubernetes" or "ecs".

    Returns:
        As "probe.readiness.path", in declared order.
    """
    return list(_keys(SECTIONS[section], ""))


def _keys(block: type, prefix: str) -> Iterator[str]:
    for name, spec in specs(block).items():
        if spec.block is not None:
            yield from _keys(spec.block, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def counterpart(section: str, key: str) -> str:
    """Find the key of the other platform that means the same.

    Args:
        section: Of the key.
        key: As "probe.readiness.path".

    Returns:
        The key; empty if there is none.
    """
    pairs = PAIRS if section == "kubernetes" else {theirs: ours for ours, theirs in PAIRS.items()}
    return pairs.get(key, "")


def way(section: str, key: str) -> str:
    """Tell the closest way on the other platform for a key that has no counterpart there.

    Args:
        section: Of the key.
        key: As "probe.startup.path".

    Returns:
        A clause; empty if the table says nothing of it.
    """
    parts = key.split(".")
    found = (_ONLY[section].get(".".join(parts[:length])) for length in range(len(parts), 0, -1))
    return next((text for text in found if text), "")


def converted(
    section: str, values: Mapping[str, Any], path: str, lines: Mapping[str, str]
) -> tuple[dict[str, Any], list[Problem]]:
    """Say options of one platform in the words of the other.

    Args:
        section: Of the options: "kubernetes" or "ecs".
        values: What is set, nested as in waypoint.hcl.
        path: Of the `use` that they stand in.
        lines: `file:line` by path, for problems.

    Returns:
        The options of the other platform, and a problem for each one that it has no counterpart for.
    """
    made: dict[str, Any] = {}
    problems: list[Problem] = []
    for key, value, where in _flat(values, "", path):
        if key == _LISTS:
            made[_LISTS] = []
            for place, each in enumerate(value):
                inner, more = converted(section, {_LISTS: each}, f"{where}.{place}", lines)
                made[_LISTS].append(inner.get(_LISTS, {}))
                problems += more
            continue
        other = counterpart(section, key)
        if other:
            _set(made, other.split("."), value)
        elif UNDERSTOOD.get((section, key)) != value:
            problems.append(_problem(section, key, value, lines.get(where, lines.get(path, where))))
    return made, problems


def _flat(values: Mapping[str, Any], prefix: str, path: str) -> Iterator[tuple[str, Any, str]]:
    """Walk over what is set; a map is a value, and so is a list of blocks."""
    for name, value in values.items():
        key, where = f"{prefix}{name}", f"{path}.{name}"
        if isinstance(value, dict) and _is_block(key):
            inner = path if key == _LISTS else where
            yield from _flat(value, f"{key}.", inner)
        else:
            yield key, value, where


def _is_block(key: str) -> bool:
    return any(each.startswith(f"{key}.") for section in _OTHER for each in keys(section))


def _set(made: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        made = made.setdefault(name, {})
    made[names[-1]] = value


def _problem(section: str, key: str, value: Any, where: str) -> Problem:
    shown = f" = {literal(value)}" if not isinstance(value, (dict, list)) else ""
    other = NAMES[_OTHER[section]]
    return Problem(
        f"option {key}{shown} has no counterpart on {other}",
        f"the closest way is: {way(section, key)}",
        "remove it, or say it that way in the standards of the team, and run it again",
        where,
        "option",
    )


def markdown() -> list[str]:
    """Write the tables of the documentation.

    Returns:
        Lines of Markdown.
    """
    made = ["## The same on both", "", "| kubernetes | ecs |", "|---|---|"]
    made += [f"| `{ours}` | `{theirs}` |" for ours, theirs in PAIRS.items()]
    made += ["", "## Sections that both read", "", "| key | on Kubernetes | on ECS |", "|---|---|---|"]
    made += [f"| `{key}` | {ours or 'yes'} | {theirs or 'yes'} |" for key, (ours, theirs) in SHARED.items()]
    for section, only in _ONLY.items():
        other = NAMES[_OTHER[section]]
        made += ["", f"## Of {NAMES[section]} alone", "", f"| {section} | the closest way on {other} |", "|---|---|"]
        made += [f"| `{key}` | {text.replace('|', chr(92) + '|')} |" for key, text in only.items()]
    return made
