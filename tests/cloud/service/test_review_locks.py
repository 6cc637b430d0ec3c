"""A lock against many who draw credentials at the same time: once it is acknowledged, nobody gets any."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, select

from teamconfig import StandardsError
from teamconfig.client.channel import Channel
from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import rights_pb2, sessions_pb2
from teamconfig.state.tables import LEASES
from tests.cloud.service import stsserver
from testservers import service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.client.service import Service
    from tests.cloud.credentials.faults import Proxy
    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider
    from testservers.service import Running

THREADS = 6
ROUNDS = 8
LOCK = rights_pb2.PutLockRequest(kind="project", subject="shop", reason="an incident")
UNLOCK = rights_pb2.RemoveLockRequest(kind="project", subject="shop")


@dataclass
class Drawing:
    """Somebody who draws credentials as fast as they are given.

    Args:
        client: Theirs.
        began: When each call began that was answered with credentials, monotonic seconds.
        refused: How many were refused.
    """

    client: Service
    began: list[float] = field(default_factory=list)
    refused: int = 0

    def until(self, stop: threading.Event) -> None:
        """Draw until told to stop."""
        while not stop.is_set():
            moment = time.monotonic()
            try:
                self.client.credentials("shop", "web", "dev", "deploy", "aws")
            except StandardsError:
                self.refused += 1
                time.sleep(0.002)
            else:
                self.began.append(moment)


@pytest.fixture(name="sts", scope="module")
def _sts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Give STS."""
    with stsserver.start(tmp_path_factory.mktemp("sts")) as proxy:
        yield proxy


@pytest.fixture(name="replicas", params=["sqlite", "postgresql"])
def _replicas(
    request: pytest.FixtureRequest, tmp_path: Path, idp: OidcProvider, sts: Proxy
) -> Iterator[tuple[list[Running], str]]:
    """Give one service over SQLite or two over one PostgreSQL, and the URL of the database."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    standards = stsserver.write_standards(tmp_path / "standards")
    url, names = f"sqlite:///{tmp_path}/state.db", ["one"]
    with ExitStack() as stack:
        if request.param == "postgresql":
            url, names = stack.enter_context(postgres()).database(), ["one", "two"]
        shared = {"database": url, "state_directory": str(tmp_path / "state"), **stsserver.settings(sts.url)}
        running = []
        for name in names:
            (tmp_path / name).mkdir()
            running.append(
                stack.enter_context(service.start(tmp_path / name, [provider], standards=standards, **shared))
            )
        yield running, url


def in_use(url: str) -> list[str]:
    """List the leases whose credentials count as good."""
    engine = create_engine(url)
    try:
        with engine.connect() as tx:
            return list(tx.execute(select(LEASES.c.id).where(LEASES.c.state == "issued")).scalars())
    finally:
        engine.dispose()


def test_no_credentials_are_given_once_a_lock_is_acknowledged(
    replicas: tuple[list[Running], str], people: People, tmp_path: Path
) -> None:
    """Of many who draw at every replica none gets any by a call that begins after the lock; leases of before end."""
    services, url = replicas
    security = services[0].open(tmp_path / "sue", "corp", token=people.token("sue", "acme-security"))
    drawing = [
        Drawing(services[number % len(services)].open(
            tmp_path / f"home{number}", "corp", token=people.token(f"dora{number}", "payments-developers")
        )) for number in range(THREADS)
    ]  # fmt: skip
    late: list[float] = []
    for _ in range(ROUNDS):
        stop, before = threading.Event(), [len(one.began) for one in drawing]
        threads = [threading.Thread(target=one.until, args=(stop,)) for one in drawing]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while any(len(one.began) == had for one, had in zip(drawing, before, strict=True)):
            assert time.monotonic() < deadline, "each has to be given credentials before the lock"
            time.sleep(0.01)
        security.call("Rights/PutLock", LOCK)
        acknowledged = time.monotonic()
        time.sleep(0.4)
        stop.set()
        for thread in threads:
            thread.join()
        late += [moment for one in drawing for moment in one.began if moment > acknowledged]
        assert in_use(url) == [], "what was given before the lock is revoked by it, and nothing was given since"
        security.call("Rights/RemoveLock", UNLOCK)
        _until_open(drawing)
    assert late == []
    assert all(one.refused for one in drawing)
    for client in [security, *(one.client for one in drawing)]:
        client.close()


def test_a_session_that_was_ended_elsewhere_gets_no_credentials(
    replicas: tuple[list[Running], str], people: People, tmp_path: Path
) -> None:
    """Who signs out, or is locked, gets none at another replica either, though it still remembers the session."""
    services, url = replicas
    for number in range(3):
        here = services[0].open(
            tmp_path / f"home{number}", "corp", token=people.token(f"dora{number}", "payments-developers")
        )
        there = services[-1]
        session = here.session()
        channel = Channel(there.settings, bytes.fromhex(session.device_key))
        request = rights_pb2.IssueCredentialsRequest(action="deploy", platform="aws")
        request.target.project, request.target.app, request.target.workspace = "shop", "web", "dev"
        given = channel.call("Rights/IssueCredentials", request, session.access_token, 15.0)
        closing = rights_pb2.CloseLeaseRequest(lease_id=given.lease_id, outcome="failed")
        channel.call("Rights/CloseLease", closing, session.access_token)
        here.call("Sessions/Close", sessions_pb2.CloseRequest())
        with pytest.raises(ServiceError) as caught:
            channel.call("Rights/IssueCredentials", request, session.access_token, 15.0)
        assert caught.value.reason in {"session_revoked", "session_unknown"}
        assert in_use(url) == []
        channel.close()
        here.close()


def _until_open(drawing: list[Drawing]) -> None:
    """Wait until every replica knows that the lock is gone."""
    deadline = time.monotonic() + 10
    for one in drawing:
        while True:
            try:
                one.client.credentials("shop", "web", "dev", "deploy", "aws")
            except StandardsError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            else:
                break
