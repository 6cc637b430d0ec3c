"""Load on a service that is about to suffer, and what was acknowledged meanwhile."""

from __future__ import annotations

import base64
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Self

import grpc
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from teamconfig import proof
from teamconfig.service import keys
from teamconfig.state import audit, checkpoints, database, signers
from teamconfig.state.tables import AUDIT
from testservers import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from testservers.oidc import OidcProvider
    from testservers.service import Running

AGAIN_SECONDS = 40.0
"""After a fault calls are answered again within this time, on however slow a machine."""

_NUMBER = count()


@dataclass(frozen=True)
class Ended:
    """A call that ended.

    Args:
        request: Its id.
        code: Name of its status.
        began: Monotonic seconds.
        took: Seconds.
        text: What the service said.
    """

    request: str
    code: str
    began: float
    took: float
    text: str


class Load:
    """A process that calls a service as fast as it is answered.

    Args:
        running: The service.
        idp: Vouches for who calls.
        directory: For its files.
        in_flight: Calls at once.
        people: How many sessions make them.
    """

    def __init__(
        self, running: Running, idp: OidcProvider, directory: Path, *, in_flight: int = 8, people: int = 2
    ) -> None:
        self._running = running
        self._directory = directory
        self.log = directory / "calls.log"
        self.log.touch()
        number = next(_NUMBER)
        plan = directory / f"plan{number}.json"
        sessions = [
            load.session(running, idp, directory / f"home-{number}-{one}", f"{number}-{one}", f"load-{number}-{one}")
            for one in range(people)
        ]
        load.write(plan, running, sessions, in_flight=in_flight, seconds=1e6, log=self.log)
        self._process = subprocess.Popen([load.client(), plan], stdout=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, after the calls that run."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)

    def ended(self, since: float = 0.0) -> list[Ended]:
        """List the calls that have ended and began after some moment of the monotonic clock."""
        found = []
        for line in self.log.read_text().splitlines():
            request, code, began, took, *text = line.split(" ", 4)
            if float(began) >= since:
                found.append(Ended(request, code, float(began), float(took), "".join(text)))
        return found

    def wait_for(self, number: int, since: float = 0.0) -> float:
        """Wait until so many calls that began after a moment are answered; give how long that took in seconds."""
        begun = time.monotonic()
        until(lambda: sum(one.code == "OK" for one in self.ended(since)) >= number, AGAIN_SECONDS)
        return time.monotonic() - begun


def call(running: Running, key: bytes, method: str, content: bytes, token: str = "", seconds: float = 15.0) -> bytes:
    """Make a signed call of any bytes, without our client.

    Args:
        running: The service.
        key: The device's private key.
        method: Full name.
        content: The request.
        token: Access token.
        seconds: Deadline.

    Returns:
        The reply's bytes.
    """
    credentials = grpc.ssl_channel_credentials(running.authority.read_bytes())
    with grpc.secure_channel(running.address, credentials) as channel:
        reply: bytes = channel.unary_unary(method)(content, metadata=metadata(key, method, token), timeout=seconds)
        return reply


def metadata(key: bytes, method: str, token: str = "") -> list[tuple[str, str]]:
    """Sign a call.

    Args:
        key: The device's private key.
        method: Full name.
        token: Access token; empty for none.

    Returns:
        Its metadata.
    """
    request, clock = secrets.token_hex(16), str(int(time.time()))
    signature = Ed25519PrivateKey.from_private_bytes(key).sign(proof.message(method, request, clock, token))
    found = [(proof.REQUEST, request), (proof.TIME, clock), (proof.PROOF, base64.b64encode(signature).decode())]
    return [*found, (proof.TOKEN, f"Bearer {token}")] if token else found


def until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    """Wait until something holds."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, f"it does not hold after {seconds:g} s"
        time.sleep(0.05)


def check_audit(running: Running, url: str, acknowledged: set[str]) -> set[str]:
    """Hold the audit of a service that was stopped against what its callers were told.

    Args:
        running: The service.
        url: Of its database.
        acknowledged: Ids of requests that were answered.

    Returns:
        Ids of the requests that have rows.
    """
    state = running.directory / "state"
    key = keys.signing(state)
    opened = database.open(url)
    try:
        with opened.reading() as tx:
            rows = list(tx.execute(select(AUDIT.c.request_id)).scalars())
        sink = checkpoints.Sink(str(state / "checkpoints"), signers.Ed25519Signer(key, key.public_key()))
        verdict = audit.check(opened, keys.audit(state), sink.read())
    finally:
        opened.close()
    assert acknowledged - set(rows) == set()
    assert verdict.problem == ""
    assert verdict.checkpoints > 0
    return set(rows)
