"""Layers: where a value of the standards can come from, and in which order they win."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.keys import Key
    from teamconfig.ranks import Rank
    from teamconfig.rules import Rule


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value that a layer sets.

    Args:
        value: In the user's spelling.
        line: Line in the layer's file, from 1; 0 where there are none.
    """

    value: Any
    line: int = 0


@dataclass(frozen=True, slots=True)
class Layer:
    """All that one source says: values and rules.

    Args:
        rank: Which layer it is.
        name: Whose it is: name of the org, the team, the app; with the environment where it has one.
        path: File within the standards, or for waypoint.hcl its path and name.
        leaves: Values by key path; an entry of a map is a leaf of its own, a list is one.
        rules: Rules by the key path that they bind.
        places: Where a value stands, for layers that are not a file with lines.
    """

    rank: Rank
    name: str
    path: str
    leaves: Mapping[Key, Leaf]
    rules: Mapping[Key, Rule] = field(default_factory=dict)
    places: Mapping[Key, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Layer and whose it is: `team "payments"`."""
        return f'{self.rank.title} "{self.name}"' if self.name else self.rank.title

    def where(self, key: Key, line: int | None = None) -> str:
        """Tell where the layer sets a key.

        Args:
            key: One of its leaves.
            line: The line if it is known; otherwise that of the leaf.

        Returns:
            `file:line`, or the path in waypoint.hcl.
        """
        if key in self.places:
            return self.places[key]
        if line is None:
            leaf = self.leaves.get(key)
            line = leaf.line if leaf is not None else 0
        return f"{self.path}:{line}" if line else self.path
