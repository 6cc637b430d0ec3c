"""Which tests speak for an image in the environment that it goes to: those that ran there, by the ledger.

Runs no test: `testing` does, or `use "test"` in waypoint.hcl, before the release has the traffic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from teamconfig.releases.evidence import Evidence
    from teamconfig.releases.ledger import Ledger
    from wps.promotion.plan import Facts


def passed(ledger: Ledger, facts: Facts, digest: str) -> tuple[str, ...]:
    """List evidence that an image has in an environment, by the standards of now.

    Args:
        ledger: That keeps it.
        facts: Of the promotion.
        digest: Of the image.

    Returns:
        Ids, the newest of each test, of those that passed.
    """
    target = facts.target
    newest: dict[str, Evidence] = {}
    for one in ledger.evidence(target.project, target.app, digest, target.environment):
        if one.key.profile_hash == facts.target_hash:
            newest.setdefault(one.test, one)
    return tuple(one.id for one in newest.values() if one.passes)
