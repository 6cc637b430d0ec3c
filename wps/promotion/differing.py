"""What differs between an app's standards in two environments, and whether the standards say that it shall.

Pure: takes two profiles. A difference is declared where a layer that speaks about one environment makes it: the
company's, the team's or the app's file for an environment, the limits of protected environments, or one line that
fills in {environment}. What waypoint.hcl sets in one workspace alone is not declared: nobody but its author knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from teamconfig.ranks import Rank

if TYPE_CHECKING:
    from teamconfig.profile import Candidate, Profile

UNSET = "unset"
"""Shown for a key that one environment has and the other has not."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose values differ.

    Args:
        key: Its path as text.
        before: Value in the first environment; None where it is not set.
        after: Value in the second; None where it is not set.
        is_declared: Whether the standards make it for an environment.
        where: `file:line` that makes it, or the path in waypoint.hcl.
        layer: That sets it there: `team environment "payments production"`.
    """

    key: str
    before: Any
    after: Any
    is_declared: bool
    where: str
    layer: str

    def to_json(self) -> dict[str, Any]:
        """Give it as data.

        Returns:
            Its parts by name.
        """
        return {
            "key": self.key, "before": self.before, "after": self.after, "declared": self.is_declared,
            "where": self.where, "layer": self.layer,
        }  # fmt: skip


def differences(first: Profile, second: Profile) -> tuple[Difference, ...]:
    """Compare two profiles of one app.

    Args:
        first: In the environment that a release comes from.
        second: In the one that it goes to.

    Returns:
        All that differs, by key.
    """
    found = []
    for key in sorted({*first.values, *second.values}):
        if key in first.values and key in second.values and first.values[key] == second.values[key]:
            continue
        before, after = _winner(first, key), _winner(second, key)
        makes = _maker(before, after)
        values = first.values.get(key), second.values.get(key)
        found.append(Difference(key, *values, _is_declared(before, after), makes.where, makes.layer))
    return tuple(found)


def undeclared(found: tuple[Difference, ...]) -> tuple[Difference, ...]:
    """Choose what nobody has declared.

    Args:
        found: By `differences`.

    Returns:
        Those of it that stand in the way of a promotion.
    """
    return tuple(one for one in found if not one.is_declared)


def _winner(profile: Profile, key: str) -> Candidate | None:
    found = profile.provenance.get(key)
    return found.winner if found is not None else None


def _maker(before: Candidate | None, after: Candidate | None) -> Candidate:
    """Choose whom to name: the file of the app, else the layer of an environment, the target's first."""
    named = [one for one in (after, before) if one is not None]
    for matches in (lambda one: one.rank is Rank.FILE, lambda one: one.rank.in_one_environment):
        found = next((one for one in named if matches(one)), None)
        if found is not None:
            return found
    return named[0]


def _is_declared(before: Candidate | None, after: Candidate | None) -> bool:
    both = [one for one in (before, after) if one is not None]
    if before is not None and after is not None and (before.rank, before.place) == (after.rank, after.place):
        return True  # one line that fills in {environment}, or the built-in limit of protected environments
    if any(one.rank is Rank.FILE for one in both):
        return False
    return any(one.rank.in_one_environment for one in both) or all(one.rank is Rank.PLUGIN for one in both)
