"""Whether the service is well: one word for load balancers, a text for each part for people."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from grpc_health.v1 import health_pb2

from teamconfig.service.core import FACTS_MAX_SECONDS, FACTS_SECONDS
from teamconfig.service.refusal import Refusal
from teamconfig.service.telemetry import LOG

if TYPE_CHECKING:
    from grpc_health.v1._async import HealthServicer

    from teamconfig.service.core import Core

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


async def watch(core: Core, servicer: HealthServicer) -> None:
    """Keep health up to date, and what is known of the database; until it is cancelled.

    Args:
        core: Of the service.
        servicer: Of gRPC's health service.
    """
    was: bool | None = None
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
        core.metrics.ready.set(int(now))
        core.metrics.refused.set(int(core.revisions.refused is not None))
        if core.revisions.current is not None:
            core.metrics.revision.set(core.revisions.current.serial)
        await asyncio.sleep(FACTS_SECONDS)
