"""The claim on an environment: begun, taken over from a process that is gone, and held while a command runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from teamconfig.client.errors import UnreachableError
from teamconfig.releases import owner
from teamconfig.releases.errors import PromotionBusyError
from teamconfig.releases.ledger import LEASE_SECONDS, Wanted

if TYPE_CHECKING:
    from teamconfig.releases.ledger import Ledger, Promotion
    from wps.promotion.plan import Facts


class Beat:
    """Holds a claim; a service that is away for less than the claim holds does not matter.

    Args:
        ledger: That has the claim.
        promotion: Id of the promotion.
    """

    def __init__(self, ledger: Ledger, promotion: str) -> None:
        self._ledger, self._promotion = ledger, promotion
        self._since = time.monotonic()
        self._ended = False

    def end(self) -> None:
        """Hold nothing any more: the promotion is over."""
        self._ended = True

    def __call__(self) -> None:
        """Hold it for as long again.

        Raises:
            LedgerError: Somebody else has it.
            UnreachableError: The service is away for so long that the claim may be somebody else's.
        """
        if self._ended:
            return
        try:
            self._ledger.step(self._promotion, owner.current(), "")
            self._since = time.monotonic()
        except UnreachableError:
            if time.monotonic() - self._since > LEASE_SECONDS:
                raise


def claim(ledger: Ledger, facts: Facts) -> Promotion:
    """Claim the environment; the claim of a process that is gone is taken over at once.

    Args:
        ledger: That takes the claim.
        facts: Of what is to be done.

    Returns:
        The promotion, with what is done already.

    Raises:
        PromotionBusyError: Somebody else has claimed it.
        LedgerError: The ledger refuses.
    """
    chosen = facts.chosen
    if chosen is None:
        raise ValueError("a plan without a record has problems")
    target = facts.target
    wanted = Wanted(
        project=target.project, app=target.app, environment=target.environment, digest=chosen.digest, kind=facts.kind,
        parent=chosen.id,
    )  # fmt: skip
    mine = owner.current()
    try:
        return ledger.begin(wanted, mine)
    except PromotionBusyError as err:
        if not owner.is_gone(err.promotion.owner):
            raise
        return ledger.begin(wanted, mine, instead_of=err.promotion.owner)
