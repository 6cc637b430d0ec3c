"""The audit over a real TLS server: a row for every answer, whole, and seen by who may see it."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from teamconfig.client.errors import ServiceError
from teamconfig.gen.waypaas.v1 import audit_pb2, common_pb2, sessions_pb2, standards_pb2
from testservers import service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from teamconfig.client.service import Service
    from tests.cloud.service.conftest import People
    from testservers.oidc import OidcProvider

VERIFY = audit_pb2.VerifyAuditRequest(without_checkpoints=True)


@pytest.fixture(name="alone")
def _alone(tmp_path: Path, idp: OidcProvider) -> Iterator[service.Running]:
    """Give a service of its own."""
    provider = {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": "wps"}
    with service.start(tmp_path / "alone", [provider], calls_per_second="10000") as running:
        yield running


def rows(client: Service, **wanted: object) -> list[audit_pb2.AuditRow]:
    """Read all rows that somebody may see."""
    found: list[audit_pb2.AuditRow] = []
    after = 0
    while True:
        reply = client.call("Audit/Read", audit_pb2.ReadAuditRequest(after=after, page_size=50, **wanted))  # type: ignore[arg-type]  # fields
        found += reply.rows
        if not reply.next:
            return found
        after = reply.next


def test_every_answer_has_its_row(alone: service.Running, people: People, tmp_path: Path) -> None:
    """Allowed, denied and malformed calls each leave one row, with who, what, where, why and the request's id."""
    security = alone.open(tmp_path / "s", "corp", token=people.token("sue", "acme-security"))
    developer = alone.open(tmp_path / "d", "corp", token=people.token("dora", "payments-developers"))
    before = len(rows(security))
    ids = []
    for workspace, project in (("dev", "shop"), ("production", "shop"), ("dev", "catalog"), ("moon", "shop")):
        target = common_pb2.Target(project=project, app="web", workspace=workspace)
        try:
            developer.call("Standards/Resolve", standards_pb2.ResolveRequest(target=target))
        except ServiceError as err:
            ids.append(err.request_id)
    found = [row for row in rows(security)[before:] if row.principal.subject == "u-dora"]
    assert [(row.action, row.outcome, row.team, row.environment) for row in found] == [
        ("read", "allowed", "payments", "dev"),
        ("read", "allowed", "payments", "production"),
        ("read", "denied", "search", "dev"),
        ("Resolve", "denied", "payments", ""),
    ]
    assert [row.request_id for row in found[2:]] == ids
    assert found[2].reason == "no_role"
    assert all(row.revision.startswith("dir:") for row in found)
    for client in (security, developer):
        client.close()


def test_who_sees_which_rows(people: People) -> None:
    """One's own for everybody, one's team's for its lead, all for security; nobody else's."""
    developer, lead = people.sign_in("dora", "payments-developers"), people.sign_in("lena", "payments-leads")
    security, stranger = people.sign_in("sue", "acme-security"), people.sign_in("nobody")
    target = common_pb2.Target(project="shop", app="web", workspace="dev")
    developer.call("Standards/Resolve", standards_pb2.ResolveRequest(target=target))
    assert {row.principal.subject for row in rows(developer)} == {"u-dora"}
    assert {row.team for row in rows(lead, team="payments")} == {"payments"}
    assert len({row.principal.subject for row in rows(security)}) > 2
    with pytest.raises(ServiceError):
        rows(lead, team="search")
    with pytest.raises(ServiceError):
        rows(developer, team="payments")
    with pytest.raises(ServiceError):
        rows(stranger)


def test_a_changed_row_is_found(alone: service.Running, people: People, tmp_path: Path) -> None:
    """A row that was edited, or the end cut off, in the database itself is found by verifying."""
    security = alone.open(tmp_path / "s", "corp", token=people.token("sue", "acme-security"))
    for _ in range(5):
        security.call("Sessions/WhoAmI", sessions_pb2.WhoAmIRequest())
    verdict = security.call("Audit/Verify", VERIFY)
    assert verdict.intact, verdict
    assert verdict.rows >= 6
    alone.stop()
    with sqlite3.connect(alone.directory / "state" / "service.db") as database:
        (trigger,) = database.execute(
            "select name from sqlite_master where type='trigger' and sql like '%UPDATE%'"
        ).fetchone()
        database.execute(f"drop trigger {trigger}")
        database.execute("update audit set outcome = 'denied' where sequence = 3")
    database.close()
    alone.restart()
    verdict = security.call("Audit/Verify", VERIFY)
    assert not verdict.intact
    assert verdict.at == 3
    security.close()


def test_no_secret_is_in_the_audit_or_the_log(alone: service.Running, people: People, tmp_path: Path) -> None:
    """Tokens of both kinds, ID tokens and keys are in no row, no file of the state, and no log."""
    token = people.token("dora", "payments-developers")
    client = alone.open(tmp_path / "d", "corp", token=token)
    session = client.session()
    renewed = client.renew(session)
    client.close()
    alone.stop()
    whole = b"".join(path.read_bytes() for path in (alone.directory / "state").rglob("*") if path.is_file())
    whole += alone.log.encode()
    for kept in (session, renewed):
        for secret in (kept.access_token, kept.refresh_token, kept.device_key):
            assert secret.encode() not in whole
            assert bytes.fromhex(kept.device_key) not in whole
    assert token.encode() not in whole
    assert json.loads(alone.log.splitlines()[0])["level"] == "info"


def test_who_leads_a_team_may_verify(alone: service.Running, people: People, tmp_path: Path) -> None:
    """A lead may check the chain, as `wps whoami` says; a developer may not."""
    lead = alone.open(tmp_path / "lead", "corp", token=people.token("lena", "payments-leads"))
    developer = alone.open(tmp_path / "dev", "corp", token=people.token("dora", "payments-developers"))
    assert lead.call("Audit/Verify", VERIFY).intact
    with pytest.raises(ServiceError) as caught:
        developer.call("Audit/Verify", VERIFY)
    assert caught.value.reason == "no_role"
    for client in (lead, developer):
        client.close()
