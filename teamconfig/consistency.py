"""Values that are each fine and do not fit together, as a request above its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig import clashes, kinds, schema
from teamconfig.errors import Problem
from teamconfig.keys import format_key
from teamconfig.ranks import Rank

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.keys import Key
    from teamconfig.layers import Layer

_AT_MOST: tuple[tuple[Key, Key], ...] = (
    (("kubernetes", "memory_request"), ("kubernetes", "memory")),
    (("kubernetes", "cpu"), ("kubernetes", "cpu_limit")),
    (("kubernetes", "autoscale", "min_replicas"), ("kubernetes", "autoscale", "max_replicas")),
    (("ecs", "autoscale", "min_count"), ("ecs", "autoscale", "max_count")),
)
"""Pairs of which the first is at most the second, where both are set."""


def _misshapen(winners: Mapping[Key, Any], stacks: Mapping[Key, list[Layer]]) -> list[Problem]:
    """Find texts that do not look as they must now that their open words are filled in."""
    found = []
    for key, value in winners.items():
        top = stacks[key][-1]
        written = top.leaves[key].value
        spec = schema.find(key)
        if spec is None or spec.shape is None or not isinstance(value, str):
            continue
        if not spec.shape.fits(value):
            kind = "option" if top.rank is Rank.FILE else "policy"
            becomes = "" if value == written else f" becomes {value}, which"
            what = f"{format_key(key)}: {written}{becomes} is not allowed"
            why = f"{key[-1]} is {spec.shape.words}"
            found.append(Problem(what, why, "shorten it, or change its words", top.where(key), kind))  # type: ignore[arg-type]
    return found


def problems(winners: Mapping[Key, Any], stacks: Mapping[Key, list[Layer]], app: str) -> list[Problem]:
    """Look at the values that win as a whole.

    Args:
        winners: Values by leaf.
        stacks: Layers that set a leaf, lowest first.
        app: Name of the app, which its container has.

    Returns:
        One problem for each pair that does not fit.
    """
    found = [*_misshapen(winners, stacks), *clashes.problems(winners, stacks, app)]
    for low, high in _AT_MOST:
        if low not in winners or high not in winners:
            continue
        spec = schema.find(low)
        if spec is None or kinds.measure(spec, winners[low]) <= kinds.measure(spec, winners[high]):
            continue
        blamed = max((low, high), key=lambda key: stacks[key][-1].rank)
        other = high if blamed == low else low
        top, base = stacks[blamed][-1], stacks[other][-1]
        kind = "option" if top.rank is Rank.FILE else "policy"
        relation = "more than" if blamed == low else "less than"
        found.append(
            Problem(
                f"{format_key(blamed)} = {winners[blamed]} is {relation} {format_key(other)} = {winners[other]}",
                f"{other[-1]} comes from {base.title} ({base.where(other)})",
                f"set {low[-1]} to at most {winners[high]}, or raise {high[-1]}",
                top.where(blamed),
                kind,  # type: ignore[arg-type]
            )
        )
    return found
