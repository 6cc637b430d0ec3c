"""The lowest layer: defaults of the model, and the limits that no YAML can lift.

Rights that no configuration may grant live here, in code, so that nobody gains
them by a merged pull request: a shell in a protected environment.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from teamconfig import schema
from teamconfig.layers import Layer, Leaf
from teamconfig.ranks import Rank
from teamconfig.rules import Rule

if TYPE_CHECKING:
    from teamconfig.keys import Key

_SECTIONS_WITH_SHELL = ("kubernetes", "ecs")


@functools.cache
def layer(*, protected: bool) -> Layer:
    """Give the plugin layer.

    Args:
        protected: Whether it is for a protected environment.

    Returns:
        Values of every key with a default, and the rules of protected environments.
    """
    leaves = {key: Leaf(value) for key, value in schema.presets().items()}
    locks: list[Key] = [(section, "exec") for section in _SECTIONS_WITH_SHELL] if protected else []
    for key in locks:
        leaves[key] = Leaf("deny")
    rules = {
        key: Rule(
            key=key,
            locked=True,
            reason="nobody opens a shell in a protected environment",
            owner="",
            rank=Rank.PLUGIN,
            layer="Waypaas",
            where="built in",
        )
        for key in locks
    }
    return Layer(rank=Rank.PLUGIN, name="", path="built in", leaves=leaves, rules=rules)
