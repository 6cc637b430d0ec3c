"""Provenance of a profile, worked out when someone asks: a deploy reads values, only `explain` reads origins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from teamconfig.keys import format_key
from teamconfig.profile import Candidate, Provenance
from teamconfig.ranks import Rank
from teamconfig.rules import binding

if TYPE_CHECKING:
    from typing import Any

    from teamconfig.keys import Key
    from teamconfig.layers import Layer
    from teamconfig.rules import Rule
    from teamconfig.tree import Team

_IN_FILE = frozenset({"kubernetes", "ecs", "registry"})
"""Sections that are the options of a plugin, and so can be set in waypoint.hcl."""


class Origins(Mapping[str, Provenance]):
    """Provenance of every leaf that is set, by key path as text.

    Args:
        stacks: Layers that set a leaf, lowest first, by leaf.
        values: The values that hold, by key path as text.
        rules: Rules of all layers, lowest first.
        team: The team that owns the project.
        revision: Revision of the standards.
    """

    def __init__(
        self,
        stacks: Mapping[Key, list[Layer]],
        values: Mapping[str, Any],
        rules: tuple[Rule, ...],
        team: Team,
        revision: str,
    ) -> None:
        self._stacks = {format_key(key): (key, stack) for key, stack in stacks.items()}
        self._values = values
        self._rules = rules
        self._team = team
        self._revision = revision

    def __getitem__(self, name: str) -> Provenance:
        """Work out where a leaf came from.

        Raises:
            KeyError: Nothing sets it.
        """
        key, stack = self._stacks[name]
        *below, top = (self._candidate(key, layer) for layer in stack)
        winner = Candidate(self._values[name], top.rank, top.layer, top.where, top.revision)
        rules = binding(self._rules, key)
        return Provenance(key, winner, tuple(reversed(below)), rules, self._may_change(key, rules))

    def __iter__(self) -> Iterator[str]:
        """Go through the leaves, in the order in which layers first set them."""
        return iter(self._stacks)

    def __len__(self) -> int:
        """Count the leaves."""
        return len(self._stacks)

    def _candidate(self, key: Key, layer: Layer) -> Candidate:
        in_tree = Rank.PLUGIN < layer.rank < Rank.FILE
        where = "" if layer.rank is Rank.PLUGIN else layer.where(key)
        return Candidate(layer.leaves[key].value, layer.rank, layer.title, where, self._revision if in_tree else "")

    def _may_change(self, key: Key, rules: tuple[Rule, ...]) -> str:
        return may_change(key, rules, self._team)


def may_change(key: Key, rules: tuple[Rule, ...], team: Team) -> str:
    """Tell who may change a value, and where.

    Args:
        key: A leaf.
        rules: Rules that bind it.
        team: The team that owns the project.

    Returns:
        One line for people.
    """
    lock = next((rule for rule in rules if rule.locked), None)
    if lock is not None:
        return f"only {lock.owner}, at {lock.where}" if lock.owner else "nobody: the limit is built in"
    owner = f" ({team.owner})" if team.owner else ""
    who = f"team {team.name}{owner} in teams/{team.name}/"
    if key[0] in _IN_FILE:
        who = f"the app's developers in waypoint.hcl, {who}"
    limits = "; ".join(f"{rule.text} (more: ask {rule.contact})" for rule in rules)
    return f"{who}; {limits}" if limits else who
