"""A service over PostgreSQL whose database tests may write to: as what the service has seen, or as who tampers with it.

The cluster of its configuration is not there: what is refused is refused before anybody asks it.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from teamconfig.client.errors import ServiceError, UnreachableError
from teamconfig.client.releases import ServiceLedger
from teamconfig.gen.waypaas.v1 import rights_pb2
from teamconfig.releases import wire
from teamconfig.releases.errors import LedgerError
from teamconfig.releases.promotion import Wanted
from teamconfig.state import database as databases
from teamconfig.state import granting, grants, releases
from tests.unit.releases import made

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from teamconfig.client.service import Service
    from teamconfig.releases.evidence import Finding
    from teamconfig.releases.record import Draft, Record
    from teamconfig.state.database import Database
    from tests.cloud.service.conftest import People

PERMITTED = "unreachable"
"""What comes of credentials that are given: their cluster is not there."""

STANDARDS = {
    "org.yaml": """
org:
  name: acme
  environments: [dev, closed, staging, production]
  contact: "#platform"
  roles: {platform-admin: [admins], security: [security]}
""",
    "environments/closed.yaml": "standards: {promotion: {windows: ['Mon 00:00-00:00']}}\n",
    "environments/staging.yaml": "standards: {promotion: {source: dev}}\n",
    "environments/production.yaml": """
standards:
  tests: {required: [smoke], evidence_max_age: 1h}
  promotion: {source: staging, approvals: 1}
""",
    "teams/payments/team.yaml": """
team:
  owner: "#payments"
  projects: [shop]
  roles: {viewer: [viewers], developer: [developers], lead: [leads]}
""",
}
_KUBECONFIG = {
    "apiVersion": "v1", "kind": "Config", "current-context": "c",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    "users": [{"name": "u", "user": {"token": "none"}}],
}  # fmt: skip


def write_standards(home: Path) -> Path:
    """Write the standards, and give their directory."""
    for path, content in STANDARDS.items():
        (home / "standards" / path).parent.mkdir(parents=True, exist_ok=True)
        (home / "standards" / path).write_text(content)
    return home / "standards"


def write_cluster(home: Path) -> dict[str, Any]:
    """Write the kubeconfig of a cluster that is not there, and give `clusters` of service.yaml."""
    path = home / "kubeconfig"
    path.write_text(json.dumps(_KUBECONFIG))
    path.chmod(0o600)
    return {"nowhere": {"kubeconfig": str(path)}}


class State:
    """The service's database, from outside.

    Args:
        url: Of PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def open(self) -> Iterator[Database]:
        """Open it for a while."""
        opened = databases.open(self._url)
        try:
            yield opened
        finally:
            opened.close()

    def see(self, app: str, environment: str, digest: str) -> None:
        """Let the service have seen an image run."""
        draft = releases.Draft("shop", app, environment, digest, "rev", "")
        with self.open() as database, database.writing() as tx:
            releases.record(tx, draft, now=time.time())

    def age(self, grant_id: str, seconds: float) -> None:
        """Let a grant have been used some time ago."""
        used = text("UPDATE grants SET redeemed_at = :at WHERE id = :id")
        with self.open() as database, database.writing() as tx:
            tx.execute(used, {"at": time.time() - seconds, "id": grant_id})

    def flood(self, rows: list[dict[str, Any]], maker: str) -> None:
        """Keep much evidence of an image in staging, as somebody may hand it in."""
        keep = (
            "INSERT INTO release_evidence (id, project, app, environment, digest, ended, content, maker)"
            " VALUES (:id, 'shop', :app, 'staging', :digest, :ended, :content, :maker)"
        )
        with self.open() as database, database.writing() as tx:
            tx.execute(text(keep), [{**row, "maker": maker} for row in rows])

    def redeem(self, grant_id: str) -> None:
        """Let a grant be used, as a deploy uses it."""
        with self.open() as database, database.writing() as tx:
            grant = grants.get(tx, grant_id)
            assert grant is not None
            granting.redeem(tx, grant.jti, digest=grant.wanted.digest, plan_hash="", now=time.time())


def image() -> str:
    """Name an image that no other test has."""
    return f"sha256:{os.urandom(32).hex()}"


def draft(app: str, environment: str, digest: str, **changes: Any) -> Draft:
    """Give a draft of shop."""
    return made.draft(app=app, environment=environment, digest=digest, image=f"r.example/{app}@{digest}", **changes)


def smoke(record: Record, *, age: float = 5.0, **changes: Any) -> Finding:
    """Give a smoke test of what a record says that runs, of a while ago."""
    finding = made.finding(app=record.app, environment=record.environment)
    key = replace(finding.key, digest=record.digest, profile_hash=record.profile_hash)
    ended = time.time() - age
    return replace(finding, **{"key": key, "started": ended - 1.0, "ended": ended, **changes})


def wanted(parent: Record, environment: str, kind: str = "promote") -> Wanted:
    """Want what a record is about somewhere."""
    return Wanted(
        project="shop", app=parent.app, environment=environment, digest=parent.digest, kind=kind, parent=parent.id
    )  # fmt: skip


def promoted(ledger: ServiceLedger, parent: Record, environment: str) -> Record:
    """Promote a record, and give the new one."""
    begun = ledger.begin(wanted(parent, environment), "p1")
    ending = draft(parent.app, environment, parent.digest, kind="promote", parent=parent.id)
    return ledger.finish(begun.id, "p1", ending)


def granted(
    client: Service, app: str, digest: str, environment: str = "production", action: str = "promote", key: str = ""
) -> rights_pb2.Grant:
    """Ask for a grant; with a key, the same question finds the same one."""
    target = wire.target("shop", app, environment)
    request = rights_pb2.RequestGrantRequest(target=target, action=action, digest=digest, idempotency_key=key)
    found: rights_pb2.Grant = client.call("Rights/RequestGrant", request, 15.0)
    return found


def approve(client: Service, grant: rights_pb2.Grant) -> str:
    """Approve a grant, and give its state."""
    return str(client.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=grant.id)).state)


def on_staging(ledger: ServiceLedger, state: State, app: str) -> Record:
    """Bring a new image to staging, seen in both environments, and give its record there."""
    digest = image()
    first = ledger.record(draft(app, "dev", digest))
    state.see(app, "dev", digest)
    made_there = promoted(ledger, first, "staging")
    state.see(app, "staging", digest)
    return made_there


def ledger(people: People, name: str, *groups: str) -> ServiceLedger:
    """Sign somebody in, and give the ledger as they have it."""
    return ServiceLedger(people.sign_in(name, *groups))


def reason(what: Callable[..., object], *given: object) -> str:
    """Do what is refused, and give the reason."""
    try:
        what(*given)
    except (LedgerError, ServiceError) as err:
        return err.reason
    except UnreachableError:
        return "unreachable"
    pytest.fail("it was not refused")


def asked(client: Service, app: str, digest: str, environment: str = "production") -> str:
    """Ask for a grant to promote, and give its state or the reason of the refusal."""
    return told(client, app, digest, environment)[0]


def told(client: Service, app: str, digest: str, environment: str) -> tuple[str, str]:
    """Ask for a grant to promote; give its state or the reason of the refusal, and the text of that."""
    try:
        return granted(client, app, digest, environment).state, ""
    except ServiceError as err:
        return err.reason, str(err)


def credentials(client: Service, app: str, digest: str, action: str = "deploy", stanzas: bytes = b"") -> str:
    """Ask for credentials in production, and give the reason why there are none: PERMITTED where they are given."""
    request = rights_pb2.IssueCredentialsRequest(
        target=wire.target("shop", app, "production"), action=action, platform="kubernetes", digest=digest,
        stanzas=stanzas,
    )  # fmt: skip
    return reason(client.call, "Rights/IssueCredentials", request, 15.0)


def close(client: Service, lease_id: str, outcome: str = "succeeded") -> None:
    """Say how a deploy ended."""
    client.call("Rights/CloseLease", rights_pb2.CloseLeaseRequest(lease_id=lease_id, outcome=outcome), 15.0)
