"""The load: so many signed calls in flight, for so many seconds, from a process of its own.

    python bench/service/client.py PLAN.json

The plan names address, certificate authority, sessions (token and device key),
calls in flight and seconds. Prints one JSON object: how long each answered call
took, and how many there were by method and by what went wrong. With `log` it
also adds a line to that file as soon as a call ends, for tests that kill the
service: id of the request, name of the status, when it began and how long it
took in seconds, and what the service said. SIGTERM ends it early, after the
calls that run. `load.py` and the tests of faults start it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import signal
import sys
import time
from collections import Counter
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from teamconfig import proof
from teamconfig.gen.waypaas.v1 import common_pb2, sessions_pb2, standards_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 4
DEADLINE_SECONDS = 10.0
PAUSE_SECONDS = 0.05
"""After a call that failed: a service that is away is not asked faster than that."""

WHO_AM_I, RESOLVE = "/waypaas.v1.Sessions/WhoAmI", "/waypaas.v1.Standards/Resolve"


class Device:
    """A session on a device, which signs its calls.

    Args:
        token: Access token.
        key: Private Ed25519 key in hex.
    """

    def __init__(self, token: str, key: str) -> None:
        self._token = token
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(key))

    def metadata(self, method: str) -> tuple[tuple[str, str], ...]:
        """Sign a call.

        Args:
            method: Full name.

        Returns:
            Its metadata.
        """
        request, clock = secrets.token_hex(16), str(int(time.time()))
        signature = self._key.sign(proof.message(method, request, clock, self._token))
        return (
            (proof.REQUEST, request),
            (proof.TIME, clock),
            (proof.PROOF, base64.b64encode(signature).decode()),
            (proof.TOKEN, f"Bearer {self._token}"),
        )


class Load:
    """One run.

    Args:
        plan: As written by `load.py`.
    """

    def __init__(self, plan: dict[str, Any]) -> None:
        self._plan = plan
        self._devices = [Device(one["token"], one["key"]) for one in plan["sessions"]]
        self._numbers: Iterator[int] = count()
        self.seconds: list[float] = []
        self.answered: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self._is_over = False
        self._log = os.open(plan["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if "log" in plan else -1

    async def run(self) -> None:
        """Call until the time is over."""
        credentials = grpc.ssl_channel_credentials(self._plan["authority"].encode())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.stop)
        # The first, as else all channels share one connection.
        own = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_reconnect_backoff_ms", 300))
        channels = [
            grpc.aio.secure_channel(self._plan["address"], credentials, options=own)
            for _ in range(min(CONNECTIONS, self._plan["in_flight"]))
        ]
        await asyncio.gather(*(channel.channel_ready() for channel in channels))
        ends = time.monotonic() + self._plan["seconds"]
        await asyncio.gather(
            *(self._caller(channels[number % len(channels)], ends) for number in range(self._plan["in_flight"]))
        )
        await asyncio.gather(*(channel.close() for channel in channels))

    def stop(self) -> None:
        """Begin no more calls."""
        self._is_over = True

    def _note(self, metadata: tuple[tuple[str, str], ...], code: str, began: float, text: str) -> None:
        if self._log >= 0:
            took = time.monotonic() - began
            line = f"{metadata[0][1]} {code} {began:.4f} {took:.4f} {' '.join(text.split())[:500]}\n"
            os.write(self._log, line.encode())

    async def _caller(self, channel: grpc.aio.Channel, ends: float) -> None:
        target = common_pb2.Target(project="shop", app="web", workspace="dev")
        requests = {
            WHO_AM_I: sessions_pb2.WhoAmIRequest().SerializeToString(),
            RESOLVE: standards_pb2.ResolveRequest(target=target).SerializeToString(),
        }
        while time.monotonic() < ends and not self._is_over:
            number = next(self._numbers)
            method = RESOLVE if number % 2 else WHO_AM_I
            device = self._devices[number // 2 % len(self._devices)]
            began = time.monotonic()
            metadata = device.metadata(method)
            try:
                await channel.unary_unary(method)(requests[method], metadata=metadata, timeout=DEADLINE_SECONDS)
            except grpc.aio.AioRpcError as error:
                self._note(metadata, error.code().name, began, error.details() or "")
                self.errors[f"{method.rpartition('/')[2]} {error.code().name}: {error.details()}"] += 1
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                self._note(metadata, "OK", began, "")
                self.seconds.append(time.monotonic() - began)
                self.answered[method.rpartition("/")[2]] += 1


def main() -> None:
    """Run the plan that is named on the command line."""
    load = Load(json.loads(Path(sys.argv[1]).read_text()))
    began = time.monotonic()
    asyncio.run(load.run())
    took = time.monotonic() - began
    found = {"took": took, "seconds": load.seconds, "answered": load.answered, "errors": load.errors}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
