"""What a ledger refuses, told to the person who can mend it.

Owns the errors of this package; each is a StandardsError with a word for programs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from teamconfig.errors import Kind, Problem, StandardsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from teamconfig.releases.promotion import Promotion


class LedgerError(StandardsError):
    """A ledger refuses.

    Args:
        problems: At least one.
        reason: One word for programs, the same with and without a service: "record_unknown", "digest_rejected" ...
    """

    def __init__(self, problems: Iterable[Problem], reason: str) -> None:
        super().__init__(problems)
        self.reason = reason


class PromotionBusyError(LedgerError):
    """Somebody else is promoting into the environment.

    Args:
        problems: At least one; says who, what and until when.
        promotion: Theirs.
    """

    def __init__(self, problems: Iterable[Problem], promotion: Promotion) -> None:
        super().__init__(problems, "promotion_busy")
        self.promotion = promotion


class VerificationError(LedgerError):
    """Records are not what was signed, or not all of it; carries everything that is wrong.

    Args:
        problems: At least one.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__(problems, "verification_failed")


def refused(reason: str, what: str, why: str, fix: str, *, kind: Kind = "state", where: str = "") -> LedgerError:
    """Build the refusal of one problem.

    Args:
        reason: One word for programs.
        what: As in Problem.
        why: As in Problem.
        fix: As in Problem.
        kind: As in Problem.
        where: As in Problem.

    Returns:
        The error, to be raised by the caller.
    """
    return LedgerError([Problem(what, why, fix, where, kind)], reason)
