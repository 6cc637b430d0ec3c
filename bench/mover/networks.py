"""The registries of the benchmark, and the ways to them: on loopback, or over a relay that plays a far network."""

from __future__ import annotations

import http.client
import json
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import peers

from testservers import installing, registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATENCY_SECONDS, BYTES_PER_SECOND = 0.04, 10 << 20


@dataclass(frozen=True)
class Way:
    """From one registry to another.

    Args:
        source: Where images are.
        source_host: As tools reach it.
        target: Where they go.
        target_host: As tools reach it.
    """

    source: registry.Registry
    source_host: str
    target: registry.Registry
    target_host: str


class World:
    """What runs.

    Args:
        near: A registry.
        far: Another.
        ports: Of the relay, before each.
        control: Of the relay.
    """

    def __init__(self, near: registry.Registry, far: registry.Registry, ports: list[int], control: int) -> None:
        near_far, far_far = (f"127.0.0.1:{port}" for port in ports)
        self.ways = {
            "loopback": Way(near, near.host, far, far.host),
            "push": Way(near, near.host, far, far_far),
            "pull": Way(near, near_far, far, far.host),
        }
        self._control = control

    def wire_bytes(self) -> int:
        """Count what passed the relay.

        Returns:
            Bytes in both directions since the last call.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self._control, timeout=10)
        connection.request("GET", "/")
        told = json.loads(connection.getresponse().read())
        connection.close()
        return sum(up + down for up, down, _ in told.values())


@contextmanager
def start(directory: Path) -> Iterator[World]:
    """Start all of it.

    Args:
        directory: For their files.

    Yields:
        The world.
    """
    with ExitStack() as stack:
        near = stack.enter_context(registry.start(directory / "near"))
        far = stack.enter_context(registry.start(directory / "far"))
        control, *ports = (installing.free_port() for _ in range(3))
        rules = [f"{port}={one.port}" for port, one in zip(ports, (near, far), strict=True)]
        command = [peers.program("servers"), "relay", control, LATENCY_SECONDS, BYTES_PER_SECOND, *rules]
        relay = stack.enter_context(installing.Program("relay", command, directory / "relay.log"))
        relay.wait_until(lambda: all(map(installing.listens, (control, *ports))), 10)
        yield World(near, far, ports, control)
