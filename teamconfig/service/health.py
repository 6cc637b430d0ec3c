"""Whether the service is well: one word for load balancers, a text for each part for people."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health_pb2
from grpc_health.v1._async import HealthServicer

from teamconfig.service.call import NOBODY
from teamconfig.service.core import FACTS_MAX_SECONDS, FACTS_SECONDS
from teamconfig.service.refusal import Refusal
from teamconfig.service.telemetry import LOG
from teamconfig.state.errors import StateError
from teamconfig.state.writer import Event

if TYPE_CHECKING:
    from teamconfig.service.core import Core

SUM_SECONDS = 60.0
"""Between two rows about calls that were not taken."""

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def parts_of(core: Core) -> dict[str, str]:
    """Tell of each part what is wrong with it.

    Args:
        core: Of the service.

    Returns:
        Text by part, empty where all is well.
    """
    age = time.monotonic() - core.facts.read_at
    refused = core.revisions.refused
    found = {
        "database": "" if age < FACTS_MAX_SECONDS else f"it could not be read for {min(age, 86400):.0f} s",
        "audit": core.writer.problem or core.checkpointer.problem,
        "standards": "",
    }
    if core.revisions.current is None:
        found["standards"] = "none have been read"
    if refused is not None:
        found["standards"] = f"revision {refused.name or 'unknown'} is refused: {refused.problems[0].what}"
    if core.certificates is not None:
        found["certificate"] = core.certificates.problem
    for name, provider in core.providers.items():
        found[f"provider {name}"] = provider.problem
    return found


def is_ready(core: Core) -> bool:
    """Tell whether calls can be answered: standards are there, and the audit can be written."""
    parts = parts_of(core)
    return core.revisions.current is not None and not parts["database"] and not parts["audit"]


class Health(HealthServicer):
    """gRPC's health service, without Watch: a stream for each that asks would let anybody use up all there are."""

    async def Watch(self, request: Any, context: Any) -> None:  # noqa: N802  # the contract's name
        """Refuse."""
        del request
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "health is asked by Check")


async def watch(core: Core, servicer: HealthServicer) -> None:
    """Keep health up to date, and what is known of the database; until it is cancelled.

    Args:
        core: Of the service.
        servicer: Of gRPC's health service.
    """
    was: bool | None = None
    summed = 0.0
    while True:
        try:
            await core.refresh_facts()
        except Refusal as err:
            LOG.warning("the database cannot be read", extra={"reason": err.reason})
        now = is_ready(core)
        if now is not was:
            await servicer.set("", SERVING if now else NOT_SERVING)
            wrong = {part: text for part, text in parts_of(core).items() if text}
            LOG.log(20 if now else 30, "ready" if now else "not ready", extra={"parts": wrong})
        was = now
        if core.dropped and time.monotonic() - summed > SUM_SECONDS:
            summed = time.monotonic()
            _sum_up(core)
        core.metrics.ready.set(int(now))
        core.metrics.refused.set(int(core.revisions.refused is not None))
        if core.revisions.current is not None:
            core.metrics.revision.set(core.revisions.current.serial)
        await asyncio.sleep(FACTS_SECONDS)


def _sum_up(core: Core) -> None:
    """Leave one row for all calls that were not taken from one place."""
    counted, core.dropped = core.dropped, {}
    for peer, number in counted.items():
        row = Event(
            time=core.now(), principal=NOBODY, action="calls-dropped", outcome="denied", reason="too_many_calls",
            details={"peer": peer, "calls": number},
        )  # fmt: skip
        with suppress(StateError):  # the next round has others
            core.writer.record(row)
