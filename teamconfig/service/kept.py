"""What follows from the standards alone, kept until they change: it is asked for with each call, and costs the most.

Owns no answer: only what a revision says of a principal or an app, never what
the database, the clock or a lock says.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from teamconfig.identity.principal import Membership, Principal

T = TypeVar("T")

MOST = 1024
"""Entries that are kept; the longest unused are forgotten."""

LONGEST_NAME = 64
"""Names that are longer come from no file of ours, and are not kept."""


class Kept:
    """Results by key, for one state of the standards. For one thread.

    Args:
        most: How many.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._source: object = None
        self._found: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, source: object, key: Hashable, make: Callable[[], T]) -> T:
        """Give a result, made now if it is not there.

        Args:
            source: What it follows from; another object than the last time makes all be forgotten.
            key: What else it depends on.
            make: Makes it; what it raises is not kept.

        Returns:
            The result, which nobody may change.
        """
        if source is not self._source:
            self._source = source  # held, so that no other object can get its identity
            self._found.clear()
        if key in self._found:
            self._found.move_to_end(key)
            return self._found[key]  # type: ignore[no-any-return]  # by its key
        made = make()
        self._found[key] = made
        if len(self._found) > self._most:
            self._found.popitem(last=False)
        return made


def who(principal: Principal, membership: Membership) -> Hashable:
    """Give a key of all that a standing depends on.

    Args:
        principal: Who.
        membership: What the issuer says of them.

    Returns:
        The key.
    """
    return principal, membership.groups, membership.disabled, tuple(sorted(membership.claims.items()))
