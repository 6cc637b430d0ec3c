"""Two replicas over one PostgreSQL: what one knows the other knows, within seconds, and there is one audit."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.errors import ServiceError
from teamconfig.client.service import Service
from teamconfig.gen.waypaas.v1 import audit_pb2, rights_pb2, sessions_pb2, standards_pb2
from testservers import service
from testservers.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider
    from testservers.service import Running

WHO = sessions_pb2.WhoAmIRequest()


@pytest.fixture(name="replicas")
def _replicas(tmp_path: Path, idp: OidcProvider) -> Iterator[tuple[Running, Running]]:
    """Give two services that share database, keys and standards."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with postgres() as server:
        shared = {
            "database": server.database(),
            "state_directory": str(tmp_path / "state"),
            "checkpoints": str(tmp_path / "checkpoints"),
        }
        with (
            service.start(tmp_path / "one", [provider], **shared) as one,
            service.start(tmp_path / "two", [provider], **shared) as two,
        ):
            yield one, two


def at(running: Running, client: Service, home: Path) -> Service:
    """Give the same session at another replica, as a load balancer would."""
    environ = {"HOME": str(home), "WAYPAAS_KEYRING": "off"}
    found = Service(running.settings, environ)
    found.vault.save(replace(client.session(), certificate_authority=str(running.authority)))
    return found


def test_replicas_share_sessions_projects_locks_and_the_audit(
    replicas: tuple[Running, Running], people: People, tmp_path: Path
) -> None:
    """A session of one works at the other; what is registered or locked at one holds at the other within seconds."""
    one, two = replicas
    here = one.open(tmp_path / "dev", "corp", token=people.token("dora", "payments-developers"))
    there = at(two, here, tmp_path / "dev-there")
    admin = one.open(tmp_path / "sue", "corp", token=people.token("sue", "acme-security"))
    assert there.call("Sessions/WhoAmI", WHO).principal.subject == "u-dora"
    here.call("Standards/RegisterProject", standards_pb2.RegisterProjectRequest(project="invoices"))
    patiently(lambda: there.tree("invoices", "api", "dev"))
    admin.call(
        "Rights/PutLock", rights_pb2.PutLockRequest(kind="user", subject=here.session().principal, reason="lost")
    )
    begun = time.monotonic()
    while True:
        try:
            there.call("Sessions/WhoAmI", WHO)
        except ServiceError:
            break
        assert time.monotonic() - begun < 5.0, "a lock holds on every replica within five seconds"
        time.sleep(0.1)
    verdict = admin.call("Audit/Verify", audit_pb2.VerifyAuditRequest(without_checkpoints=True))
    assert verdict.intact, verdict
    rows = admin.call("Audit/Read", audit_pb2.ReadAuditRequest(page_size=500)).rows
    assert [row.sequence for row in rows] == list(range(1, len(rows) + 1))
    for client in (here, there, admin):
        client.close()


def test_a_refresh_token_works_once_over_all_replicas(
    replicas: tuple[Running, Running], people: People, tmp_path: Path
) -> None:
    """A refresh token that was used at one replica ends the session when it is used at the other."""
    here = replicas[0].open(tmp_path / "dev", "corp", token=people.token("dora", "payments-developers"))
    there = at(replicas[1], here, tmp_path / "dev-there")
    here.renew(here.session())
    with pytest.raises(ServiceError) as caught:
        there.renew(there.session())
    assert caught.value.reason == "refresh_reused"
    for client in (here, there):
        client.close()


def patiently(ask: object) -> None:
    """Ask until it is not refused, for at most five seconds."""
    deadline = time.monotonic() + 5.0
    while True:
        try:
            ask()  # type: ignore[operator]  # a function
        except ServiceError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return
