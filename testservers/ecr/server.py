"""Starts the double, and says where it is.

Owns processes and servers from start to end.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testservers import installing, registry
from testservers.ecr import data, storage
from testservers.ecr.control import Control, access_key
from testservers.ecr.data import record
from testservers.ecr.delivering import Delivery
from testservers.ecr.listening import listening
from testservers.ecr.state import Quirks, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from testservers.ecr.state import Image, Spot

START_SECONDS = 60.0


class Ecr:
    """A running double.

    Args:
        state: What it knows.
        delivery: Its replication.
        control: Its API.
        backends: The registries that keep the bytes, by account and region.
        api_port: Of the API on 127.0.0.1.
    """

    def __init__(
        self,
        state: State,
        delivery: Delivery,
        control: Control,
        backends: dict[Spot, registry.Registry],
        api_port: int,
    ) -> None:
        self._state = state
        self._delivery = delivery
        self._control = control
        self._api_port = api_port
        self.backends = backends

    @property
    def endpoint_url(self) -> str:
        """URL of ECR's own API, for all accounts and regions."""
        return f"http://127.0.0.1:{self._api_port}"

    @property
    def quirks(self) -> Quirks:
        """How it misbehaves; assign another, or change its fields."""
        return self._state.quirks

    @quirks.setter
    def quirks(self, quirks: Quirks) -> None:
        self._state.quirks = quirks

    def environment(self, account: str, region: str = "") -> dict[str, str]:
        """Give the variables by which a process is that account.

        Args:
            account: Twelve digits.
            region: For AWS_REGION; empty: the variable is not given.

        Returns:
            The variables; nothing of the user's own AWS files is read under them.
        """
        given = {
            "AWS_ACCESS_KEY_ID": access_key(account),
            "AWS_SECRET_ACCESS_KEY": "of the double",
            "AWS_ENDPOINT_URL_ECR": self.endpoint_url,
            "AWS_ENDPOINT_URL_ECR_PUBLIC": self.endpoint_url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }
        return given | ({"AWS_REGION": region} if region else {})

    def host(self, account: str, region: str) -> str:
        """Give the loopback host that stands for ACCOUNT.dkr.ecr.REGION.amazonaws.com."""
        return f"127.0.0.1:{self._state.data_ports[account, region]}"

    def images(self, account: str, region: str, repository: str) -> dict[str, Image]:
        """Give what was pushed, by digest."""
        return self._state.repositories[(account, region), repository].images

    def tags(self, account: str, region: str, repository: str) -> dict[str, str]:
        """Give the digest of each tag."""
        found = self.images(account, region, repository).values()
        return {tag: image.digest for image in found for tag in image.tags}

    def create(self, account: str, region: str, repository: str) -> None:
        """Create a repository with ECR's defaults."""
        self._control.create((account, region), repository)

    def put(self, account: str, region: str, repository: str, data: bytes, tag: str = "") -> str:
        """Let ECR's own API, and nothing else, know a manifest; give its digest."""
        found = self._state.repositories[(account, region), repository]
        return record(self._state, found, data, "", tag).digest

    def expire_tokens(self) -> None:
        """Let all tokens that were given end now."""
        self._state.expire()

    def calls(self, operation: str) -> list[dict[str, Any]]:
        """Give the arguments of each call of an operation so far."""
        return [arguments for name, _, arguments in self._state.calls if name == operation]

    @property
    def refused_manifests(self) -> int:
        """Manifests that came too fast."""
        return self._state.refused_puts

    def rest(self) -> None:
        """Let the second be over that the manifests of others were counted in."""
        self._state.rest()

    @property
    def seen_by_storage(self) -> list[str]:
        """Authorization of each read of the storage; empty texts are as it must be."""
        return self._state.seen_by_storage

    def hold(self) -> None:
        """Let replication deliver nothing until `settle`."""
        self._state.delivering.clear()

    def settle(self) -> None:
        """Wait until replication has come to an end."""
        self._state.delivering.set()
        self._delivery.wait()


@contextmanager
def start(
    directory: Path,
    *,
    regions: Sequence[str] = ("eu-central-1",),
    accounts: Sequence[str] = ("111111111111",),
) -> Iterator[Ecr]:
    """Start the double.

    Args:
        directory: For files.
        regions: Of each account.
        accounts: Twelve digits each.

    Yields:
        The double.

    Raises:
        ServerError: Something cannot be installed or started.
    """
    spots = [(account, region) for account in accounts for region in regions]
    state = State(spots)
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        moto = _moto(stack, directory)
        backends = {
            (account, region): stack.enter_context(registry.start(directory / account / region))
            for account, region in spots
        }
        ports = {spot: backend.port for spot, backend in backends.items()}
        state.storage_port = stack.enter_context(listening(storage.handler(state, ports)))
        control = Control(state, moto, ports)
        delivery = Delivery(state, ports, control.create)
        for spot in spots:
            handler = data.handler(state, spot, ports[spot], delivery.pushed)
            state.data_ports[spot] = stack.enter_context(listening(handler))
        api_port = stack.enter_context(listening(control.handler()))
        made = Ecr(state, delivery, control, backends, api_port)
        yield made
        made.settle()


def _moto(stack: ExitStack, directory: Path) -> int:
    port = installing.free_port()
    command = [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)]
    program = stack.enter_context(installing.Program("moto", command, directory / "moto.log"))
    program.wait_until(lambda: installing.listens(port), START_SECONDS)
    return port
