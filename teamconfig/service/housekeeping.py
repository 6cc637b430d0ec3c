"""What has to be done without a call: end credentials that are due, settle what nobody has told, forget old sessions.

Every replica does it; each step is safe to be done twice.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from teamconfig.service.call import NOBODY
from teamconfig.service.refusal import Refusal
from teamconfig.service.telemetry import LOG
from teamconfig.state import closing, leases, revoking
from teamconfig.state.errors import StateError
from teamconfig.state.writer import Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from teamconfig.service.core import Core
    from teamconfig.state.leases import Lease
    from teamconfig.state.writer import Outcome

SECONDS = 5.0
"""Between two rounds; a lock is at the cluster after that."""

SWEEP_SECONDS = 300.0
"""Between two looks at the clusters for leases that the database does not know any more."""

RETRY_SECONDS = 30.0
ATTEMPTS = 10
"""Of revoking, before a lease counts as irrevocable and a person has to look."""

FORGET_SECONDS = 30 * 24 * 3600.0


async def run(core: Core) -> None:
    """Do it again and again, until it is cancelled.

    Args:
        core: Of the service.
    """
    swept = 0.0
    while True:
        await asyncio.sleep(SECONDS)
        try:
            await once(core)
            if core.now() - swept > SWEEP_SECONDS:
                swept = core.now()
                await _sweep(core)
        except Refusal as err:
            LOG.warning("housekeeping has to wait", extra={"reason": err.reason})
        except StateError as err:
            LOG.warning("housekeeping has to wait", extra={"reason": err.reason})


async def once(core: Core) -> None:
    """Do one round.

    Args:
        core: Of the service.

    Raises:
        Refusal: The database is away.
        StateError: As above.
    """
    now = core.now()
    for lease in await core.read(lambda tx: revoking.due(tx, now=now)):
        await _revoke(core, lease)
    for lease in await core.read(lambda tx: revoking.unknown_outcome(tx, now=now)):
        await _write(core, lease, _settled(lease), "lease-ended", "expired", "outcome_unknown")


async def _revoke(core: Core, lease: Lease) -> None:
    issuer = core.issuers.get(lease.holding.platform)
    ended = core.now() >= lease.expires
    gone = issuer is not None and await issuer.revoke(lease)
    if gone or (ended and lease.holding.platform != "kubernetes"):
        await _write(core, lease, lambda tx: revoking.revoked(tx, lease.id), "revoke-lease", "allowed")
        return
    retry_at = core.now() + RETRY_SECONDS
    give_up = ended and lease.attempts + 1 >= ATTEMPTS

    def change(tx: Connection) -> object:
        return revoking.revoke_failed(tx, lease.id, retry_at=retry_at, give_up=give_up)

    await _write(core, lease, change, "revoke-lease", "failed", "irrevocable" if give_up else "not_revoked")


def _settled(lease: Lease) -> Callable[[Connection], object]:
    return lambda tx: leases.close(tx, lease.id, outcome="unknown", revoke=False)


async def _write(
    core: Core, lease: Lease, change: Callable[[Connection], object], action: str, outcome: Outcome, reason: str = ""
) -> None:
    held = lease.holding

    def event(result: object) -> Event:
        failed = isinstance(result, Exception)
        return Event(
            time=core.now(), principal=NOBODY, action=action, outcome="failed" if failed else outcome, reason=reason,
            project=held.project, app=held.app, team=held.team, environment=held.environment,
            details={"lease": lease.id, "holder": held.principal.key},
        )  # fmt: skip

    await asyncio.wrap_future(core.writer.submit(change, event))


async def _sweep(core: Core) -> None:
    """Remove from the clusters what no lease of the database speaks of, and forget sessions that ended long ago."""
    for issuer in core.issuers.values():
        await issuer.sweep(core.now())
    before = core.now() - FORGET_SECONDS

    def event(result: object) -> Event:
        failed = isinstance(result, Exception)
        details = {} if failed else {"sessions": result}
        return Event(time=core.now(), principal=NOBODY, action="forget-sessions",
                     outcome="failed" if failed else "allowed", details=details)  # fmt: skip

    await asyncio.wrap_future(core.writer.submit(lambda tx: closing.prune(tx, before=before), event))
