"""Our memory over a layer of 5 GiB that no file holds: a small server makes it as it is read, and hashes what it gets.

On loopback, and with the source far away, where the layer is read by ranges.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import peers

from testservers import installing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LAYER_BYTES = 5 << 30
LATENCY_SECONDS, BYTES_PER_SECOND = 0.04, 10 << 20
START_SECONDS = 60


def rows(spend: Callable[[list[str], dict[str, str]], Any], wps: str) -> Iterator[tuple[str, float]]:
    """Move the layer on each network.

    Args:
        spend: Runs a command, and counts.
        wps: Path of our program.

    Yields:
        A row of the table, and the peak in MiB.
    """
    server, relayed, control = (installing.free_port() for _ in range(3))
    program = peers.program("servers")
    endless = [program, "endless", server, LAYER_BYTES]
    relay = [program, "relay", control, LATENCY_SECONDS, BYTES_PER_SECOND, f"{relayed}={server}"]
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory)
        with (
            installing.Program("endless", endless, log / "endless.log") as first,
            installing.Program("relay", relay, log / "relay.log") as second,
        ):
            first.wait_until(lambda: installing.listens(server), START_SECONDS)
            second.wait_until(lambda: installing.listens(relayed), START_SECONDS)
            for network, port in (("loopback", server), ("pull", relayed)):
                pair = (f"127.0.0.1:{port}/endless:v1", f"127.0.0.1:{server}/{network}:v1")
                spent = spend(*peers.command(peers.Tool("ours", best=False), [pair], log, wps))
                row = f"{network:9}{'5 GiB':7}{'ours plain':12}{spent.wall:8.2f}{spent.wall:8.2f}{spent.cpu:7.2f}"
                yield f"{row}{spent.peak_mib:6.0f}", spent.peak_mib
