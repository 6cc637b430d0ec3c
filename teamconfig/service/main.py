"""Run the service until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from teamconfig.service import config, server, telemetry
from teamconfig.service.core import READERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LEAVE_SECONDS = 1.0


def serve(path: Path, ready: Callable[[str], None], level: str = "INFO") -> None:
    """Run a service.

    SIGTERM and SIGINT end it, after the calls that run; SIGHUP looks for a newer revision at once.

    Args:
        path: Of service.yaml.
        ready: Called with "host:port" when it listens.
        level: Of the log.

    Raises:
        StandardsError: The configuration is wrong, or the service cannot start.
        StateError: The database cannot be used.
    """
    telemetry.log_to_stderr(level)
    asyncio.run(_serve(config.read(path), ready))
    _leave()


def _leave() -> None:
    """End the process if a thread waits for a database that hangs: all else is closed, and Python would wait for it."""
    ends = time.monotonic() + _LEAVE_SECONDS
    while any(thread.name.startswith(READERS) for thread in threading.enumerate()):
        if time.monotonic() > ends:
            telemetry.LOG.warning("stopped, though the database hangs")
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
        time.sleep(0.05)


async def _serve(read: config.Config, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    async with server.running(read) as (core, address):
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(sign, stop.set)
        loop.add_signal_handler(signal.SIGHUP, core.revisions.hurry)
        gc.collect()
        gc.freeze()  # what stays for ever is looked through no more: that was a pause for every call
        ready(address)
        await stop.wait()
        telemetry.LOG.info("stopping")
