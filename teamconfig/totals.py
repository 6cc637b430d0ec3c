"""Rules on an app's own memory, CPU and replicas hold for what else takes of them: sidecars, and an autoscaler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamconfig import schema, units
from teamconfig.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from teamconfig.keys import Key
    from teamconfig.layers import Layer
    from teamconfig.rules import Rule

SIDECAR = {"memory": "64Mi", "cpu": "10m"}
"""What a sidecar has that says nothing."""

_SIDECARS = ("kubernetes", "sidecars")
_MOST = ("kubernetes", "autoscale", "max_replicas")


def problems(bound: Iterable[Rule], winners: Mapping[Key, Any], stacks: Mapping[Key, list[Layer]]) -> list[Problem]:
    """Hold rules with a greatest value against what else takes of it.

    Args:
        bound: All rules.
        winners: Values by leaf.
        stacks: Layers that set a leaf, lowest first.

    Returns:
        One problem for each rule that is broken.
    """
    found = []
    for rule in bound:
        if rule.most is None:
            continue
        if rule.key == ("kubernetes", "replicas") and winners.get(_MOST, 0) > int(rule.most):
            found.append(_problem(rule, f"autoscale.max_replicas = {winners[_MOST]}", _MOST, stacks))
        kind = rule.key[1] if len(rule.key) == 2 and rule.key[0] == "kubernetes" else ""  # noqa: PLR2004  # section and key
        if kind in SIDECAR and winners.get(_SIDECARS) and schema.find(rule.key) is not None:
            parse = units.parse_memory if kind == "memory" else units.parse_cpu
            amounts = [item.get(kind) or SIDECAR[kind] for item in winners[_SIDECARS]]
            total = parse(winners.get(rule.key) or "0") + sum(parse(amount) for amount in amounts)
            if total > parse(rule.most):
                shown = f"{kind} of app and sidecars = {winners.get(rule.key)} + {' + '.join(amounts)}"
                found.append(_problem(rule, shown, _SIDECARS, stacks))
    return found


def _problem(rule: Rule, what: str, key: Key, stacks: Mapping[Key, list[Layer]]) -> Problem:
    why = f"{rule.layer} permits at most {rule.most} in all: {rule.reason} ({rule.where})"
    fix = f"take less, or ask {rule.contact}"
    return Problem(f"{what} is not allowed", why, fix, stacks[key][-1].where(key), "policy")
