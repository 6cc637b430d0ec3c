"""A real identity provider and a real service, with TLS, for all tests of a file."""

from __future__ import annotations

import itertools
import os
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cloud.service.releasekit import State, write_cluster, write_standards
from tests.cloud.service.world import World, serve
from testservers import oidc, service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.client.service import Service
    from testservers.oidc import OidcProvider
    from testservers.service import Running

_NUMBER = itertools.count()


@pytest.fixture(scope="session")
def idp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """Give an identity provider, which also signs tokens for people that it does not have."""
    with oidc.start(tmp_path_factory.mktemp("idp")) as provider:
        yield provider


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider) -> Iterator[Running]:
    """Give a service over examples/standards whose people come from the identity provider."""
    with service.start(tmp_path_factory.mktemp("service"), [provider(idp)], calls_per_second="100000") as found:
        yield found


@pytest.fixture(name="people")
def _people(running: Running, idp: OidcProvider, tmp_path: Path) -> Iterator[People]:
    """Give what signs people in."""
    found = People(running, idp, tmp_path)
    yield found
    found.close()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider) -> Iterator[tuple[Running, State]]:
    """Give a service that keeps releases, and its database from outside."""
    home = tmp_path_factory.mktemp("releases")
    settings: dict[str, Any] = {"calls_per_second": "100000", "clusters": write_cluster(home)}
    with postgres() as server:
        url = server.database()
        standards = write_standards(home)
        directory = tmp_path_factory.mktemp("releases-service")
        with service.start(directory, [provider(idp)], standards=standards, database=url, **settings) as found:
            yield found, State(url)


@pytest.fixture
def state(both: tuple[Running, State], people: People) -> State:
    """Give the database, and let people sign in at its service."""
    people.running = both[0]
    return both[1]


@pytest.fixture
def app() -> str:
    """Name an app that no other test has."""
    return f"a{os.urandom(4).hex()}"


def provider(idp: OidcProvider) -> dict[str, Any]:
    """Give the identity provider as service.yaml has it."""
    return {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": oidc.CLIENT}


class People:
    """Signs people in, each with a home of their own.

    Args:
        running: The service.
        idp: Vouches for them.
        directory: Of their homes.
    """

    def __init__(self, running: Running, idp: OidcProvider, directory: Path) -> None:
        self.running, self.idp, self.directory = running, idp, directory
        self._clients: list[Service] = []

    def token(self, name: str, *groups: str, age: float = 0.0) -> str:
        """Give a fresh ID token of somebody in some groups."""
        issued = int(time.time() - age)
        return self.idp.token(
            sub=f"u-{name}", preferred_username=name, groups=list(groups), iat=issued, jti=f"t{next(_NUMBER)}"
        )

    def sign_in(self, name: str, *groups: str, age: float = 0.0) -> Service:
        """Sign somebody in who is in some groups."""
        home = self.directory / f"home{next(_NUMBER)}"
        client = self.running.open(home, "corp", token=self.token(name, *groups, age=age))
        self._clients.append(client)
        return client

    def close(self) -> None:
        """End all connections."""
        for client in self._clients:
            client.close()


@pytest.fixture(scope="module", name="served")
def _served(tmp_path_factory: pytest.TempPathFactory, idp: OidcProvider) -> Iterator[World]:
    """Run the service of a world."""
    with serve(tmp_path_factory, idp, provider(idp)) as world:
        yield world


@pytest.fixture(name="world")
def _world(served: World) -> Iterator[World]:
    """Give the world, and close the connections of the test."""
    yield served
    served.close()
