"""The errors that a component raises, and that the user reads.

Each says what happened, why, what to do and where; `wire.faults` maps each
class to a gRPC status.

    PluginError
    ├── OptionError      an option that is not valid              INVALID_ARGUMENT
    ├── PolicyError      a standard or a right forbids it         PERMISSION_DENIED
    ├── MissingError     something that must exist does not       NOT_FOUND
    ├── StateError       not possible in the present state        FAILED_PRECONDITION
    ├── CloudBusyError   the cloud asks to come back later        UNAVAILABLE
    ├── CloudError       the cloud failed                         INTERNAL
    ├── CancelledError   the user or the host called it off       CANCELLED
    └── BugError         our own fault                            INTERNAL
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PluginError(Exception):
    """An error whose text is written for the person at the terminal.

    Args:
        what: What happened: subject first, then the value as the user typed it.
        why: The rule or cause, and whose rule it is.
        fix: One imperative that the reader can do now.
        where: Path in the user's own file, or name of the object in the cloud.
    """

    def __init__(self, what: str, *, why: str = "", fix: str = "", where: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix
        self.where = where

    def __str__(self) -> str:
        """Give the complete text: one line, or up to four with the last three indented."""
        place = f"at {self.where}" if self.where else ""
        return "\n  ".join(line for line in (self.what, self.why, self.fix, place) if line)


class OptionError(PluginError):
    """An option in the user's file is not valid."""

    @classmethod
    def join(cls, problems: Iterable[OptionError]) -> OptionError:
        """Make one error of several, so that the user mends all in one go.

        Args:
            problems: At least one.

        Returns:
            The only problem itself, or an error whose text lists all.
        """
        found = list(problems)
        if len(found) == 1:
            return found[0]
        return cls(f"{len(found)} options are not valid\n" + "\n".join(str(p) for p in found))


class PolicyError(PluginError):
    """A standard or a missing right forbids what was asked."""


class MissingError(PluginError):
    """Something that must exist does not."""


class StateError(PluginError):
    """Not possible in the present state of things."""


class CloudBusyError(PluginError):
    """The cloud throttles or is unavailable for a moment; worth another try.

    Args:
        what: As in PluginError.
        retry_after: Seconds to wait that the cloud asked for, or None.
        why: As in PluginError.
        fix: As in PluginError.
        where: As in PluginError.
    """

    def __init__(
        self, what: str, *, retry_after: float | None = None, why: str = "", fix: str = "", where: str = ""
    ) -> None:
        super().__init__(what, why=why, fix=fix, where=where)
        self.retry_after = retry_after


class CloudError(PluginError):
    """The cloud failed; `why` holds its own code and request id."""


class CancelledError(PluginError):
    """The user or the host called the operation off."""


class BugError(PluginError):
    """Our own fault: something that cannot happen did."""


_KINDS = {"option": OptionError, "policy": PolicyError, "missing": MissingError, "state": StateError}


def of_kind(kind: str, text: str) -> PluginError:
    """Build the error of a kind, for a plugin whose rules come from a library that does not know these classes.

    Args:
        kind: "option", "policy", "missing" or "state".
        text: Complete, as the user shall read it.

    Returns:
        The error to raise.
    """
    return _KINDS[kind](text)
