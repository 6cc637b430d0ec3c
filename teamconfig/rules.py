"""Rules: what a layer forbids all later ones, and why.

Pure. A rule binds the value that wins, whoever set it; several rules on one key
all hold, so the tightest decides and none can be loosened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from teamconfig import kinds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from teamconfig.keys import Key
    from teamconfig.ranks import Rank
    from teamconfig.schema import Spec


@dataclass(frozen=True, slots=True)
class Rule:
    """A limit on one key, or on all keys below a section, block or map.

    Args:
        key: What it binds.
        least: Least value, or None.
        most: Greatest value, or None.
        allowed: All values that may be used; for a list, all that may be in it; None for any.
        locked: Later layers may not give another value than the one at this layer.
        reason: Why it is so, for whoever runs into it.
        owner: Who decides: a team, a group, a channel.
        ask: How to ask for a change; the owner where it is empty.
        rank: Layer that states it.
        layer: Title of that layer: `org "acme"`.
        where: `file:line` of the rule.
    """

    key: Key
    least: Any = None
    most: Any = None
    allowed: tuple[Any, ...] | None = None
    locked: bool = False
    reason: str = ""
    owner: str = ""
    ask: str = ""
    rank: Rank | None = None
    layer: str = ""
    where: str = ""

    @property
    def contact(self) -> str:
        """Whom or what to ask; empty for what is built in and nobody can change."""
        return self.ask or self.owner

    @property
    def text(self) -> str:
        """The limit in words: "at least 2, at most 10"."""
        parts = ["locked"] if self.locked else []
        if self.least is not None:
            parts.append(f"at least {self.least}")
        if self.most is not None:
            parts.append(f"at most {self.most}")
        if self.allowed is not None:
            parts.append("one of " + ", ".join(_word(value) for value in self.allowed))
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Breach:
    """A value that a rule does not permit.

    Args:
        permits: What the rule permits, to follow "permits ": "at most 1Gi".
        example: A value that would be right, or None if only leaving it out is.
        bound: Which part of the rule it is.
    """

    permits: str
    example: Any
    bound: Literal["least", "most", "allowed"]


def breach(rule: Rule, spec: Spec, value: Any) -> Breach | None:
    """Hold a value against the bounds of a rule; locks need the layers, see `resolve`.

    Args:
        rule: Bounds that fit the key.
        spec: The key.
        value: A valid value of it.

    Returns:
        What is wrong, or None.
    """
    if rule.allowed is not None:
        given = value if isinstance(value, list) else [value]
        allowed = list(rule.allowed)
        if any(not any(kinds.same(spec, item, one) for one in allowed) for item in given):
            words = ", ".join(_word(one) for one in allowed) or "nothing"
            example = [item for item in given if item in allowed] if isinstance(value, list) else (allowed or [None])[0]
            return Breach(f"only {words}", example, "allowed")
    if rule.least is not None and kinds.measure(spec, value) < kinds.measure(spec, rule.least):
        return Breach(f"at least {rule.least}", rule.least, "least")
    if rule.most is not None and kinds.measure(spec, value) > kinds.measure(spec, rule.most):
        return Breach(f"at most {rule.most}", rule.most, "most")
    return None


def tighter(one: Rule, other: Rule, spec: Spec, bound: Literal["least", "most", "allowed"]) -> bool:
    """Tell whether a rule permits less than another that the same value breaks.

    Args:
        one: Bounds that fit the key.
        other: Likewise.
        spec: The key.
        bound: The part of both that is broken.

    Returns:
        Whether who keeps the one keeps the other; of lists, the later rule's has to be within the earlier one's.
    """
    if bound == "most":
        return kinds.measure(spec, one.most) < kinds.measure(spec, other.most)
    if bound == "least":
        return kinds.measure(spec, one.least) > kinds.measure(spec, other.least)
    return len(one.allowed or ()) < len(other.allowed or ())


def loosened(earlier: Rule, later: Rule, spec: Spec) -> str | None:
    """Tell whether a later rule permits what an earlier one forbids, which it can't.

    Args:
        earlier: Rule of an earlier layer on the same key.
        later: Rule of a later layer.
        spec: The key.

    Returns:
        The part of the later rule that has no effect, in words, or None.
    """
    least, most = (earlier.least, later.least), (earlier.most, later.most)
    if None not in most and kinds.measure(spec, later.most) > kinds.measure(spec, earlier.most):
        return f"max: {later.most}"
    if None not in least and kinds.measure(spec, later.least) < kinds.measure(spec, earlier.least):
        return f"min: {later.least}"
    if earlier.allowed is not None and later.allowed is not None:
        extra = [one for one in later.allowed if not any(kinds.same(spec, one, old) for old in earlier.allowed)]
        if extra:
            return "allowed: " + ", ".join(_word(one) for one in extra)
    return None


def binding(rules: Iterable[Rule], key: Key) -> tuple[Rule, ...]:
    """Choose the rules that bind a key.

    Args:
        rules: Rules of all layers.
        key: A leaf.

    Returns:
        Those on the key itself or on something that holds it, in the given order.
    """
    return tuple(rule for rule in rules if key[: len(rule.key)] == rule.key)


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
