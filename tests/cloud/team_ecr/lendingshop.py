"""A company with a team config service, ECR in two accounts, and people who have no credentials of AWS."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import time
from typing import TYPE_CHECKING, Any

import boto3  # type: ignore[import-untyped]  # boto3 publishes no types
import moverimages
from workshop import Workshop

from teamconfig.gen.waypaas.v1 import audit_pb2, rights_pb2
from teamconfig.state import database, releases
from testservers import oidc, service

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from teamconfig.client.service import Service
    from testservers import ecr, registry
    from testservers.oidc import OidcProvider

NEAR, FAR = "eu-central-1", "us-east-1"
OURS, THEIRS = "111111111111", "222222222222"
ORG = """
org:
  name: acme
  contact: '#platform'
  environments: [dev, staging, production]
  roles: {platform-admin: [admins], security: [security]}
standards:
  ecs: {cluster: main, region: eu-central-1}
"""
TEAM = """
team:
  owner: '#payments'
  projects: [shop]
  roles: {viewer: [viewers], developer: [developers], lead: [leads]}
"""
OWN = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_NUMBER = itertools.count()


class LendingShop(Workshop):
    """A workshop whose standards a service holds: dev and staging in one account, production in another.

    Args:
        directory: Gets everything.
        server: ECR, and STS.
        plain: The registry that has what was built.
        idp: Vouches for people.
        closing: Ends the service.
    """

    def __init__(
        self, directory: Path, server: ecr.Ecr, plain: registry.Registry, idp: OidcProvider, closing: ExitStack
    ) -> None:
        super().__init__(directory)
        self.server, self._idp, self._directory, self._closing = server, idp, directory, closing
        self.path = f"lent/web{next(_NUMBER)}"
        self.image = moverimages.plain(7000 + next(_NUMBER))
        moverimages.push(plain, self.path, self.image)
        self._write("org.yaml", ORG)
        self._write("teams/payments/team.yaml", TEAM)
        given = {"image": f"{plain.host}/{self.path}:v1"}
        built = {"builder": "none", "builder_options": given, "replicas": [FAR]}
        self.place("dev", region=NEAR, account=OURS, repository=f"{self.path}/dev", **built)
        self.place("staging", region=FAR, account=OURS, repository=f"{self.path}/staging")
        production = {"region": NEAR, "account": THEIRS, "repository": f"{self.path}/production"}
        self.place("production", {"promotion": {"approvals": 1}}, **production)
        self.running = closing.enter_context(self._service())
        for name in (*OWN, "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
            self.environ.pop(name, None)
        own = server.environment(OURS)
        self.environ |= {name: value for name, value in own.items() if name not in OWN}
        self.environ |= {
            "WAYPAAS_KEYRING": "off", "WAYPAAS_SERVICE": self.running.address,
            "WAYPAAS_CERTIFICATE_AUTHORITY": str(self.running.authority),
        }  # fmt: skip

    def place(self, name: str, more: dict[str, Any] | None = None, **registry: Any) -> None:
        """Write the standards of an environment."""
        self._write(f"environments/{name}.yaml", json.dumps({"standards": {"registry": registry} | (more or {})}))

    def publish(self) -> None:
        """Let the service have the standards as they are now."""
        self.running.stop()
        shutil.copytree(self.standards, self.running.standards, dirs_exist_ok=True)
        self.running.restart()

    def _service(self) -> Any:
        home = self._directory / "service"
        home.mkdir()
        provider = {"kind": "oidc", "name": "corp", "issuer": self._idp.issuer, "client_id": oidc.CLIENT}
        common = {"sts_endpoint": self.server.endpoint_url, "sts_region": NEAR}
        accounts = {
            "ours": {"id": OURS, "environments": ["dev", "staging"]} | common,
            "theirs": {"id": THEIRS, "environments": ["production"]} | common,
        }
        keys = {"AWS_ACCESS_KEY_ID": "AKIASERVICE", "AWS_SECRET_ACCESS_KEY": "x", "AWS_EC2_METADATA_DISABLED": "true"}
        return service.start(home, [provider], standards=self.standards, environ=keys, accounts=accounts)

    def sign_in(self, name: str, *groups: str) -> Service:
        """Sign somebody in, with a home of their own."""
        claims = {"sub": f"u-{name}", "preferred_username": name, "groups": list(groups)}
        token = self._idp.token(**claims, iat=int(time.time()), jti=f"lent{next(_NUMBER)}")
        client = self.running.open(self._directory / name, "corp", token=token)
        self._closing.callback(client.close)
        return client

    def home(self, name: str) -> dict[str, str]:
        """Give the variables of somebody who is signed in."""
        return {"HOME": str(self._directory / name)}

    def control(self, lent: Any) -> Any:
        """Give a client of ECR's own API with credentials that the service gave."""
        return boto3.client(
            "ecr",
            region_name=lent.region,
            endpoint_url=self.server.endpoint_url,
            aws_access_key_id=lent.access_key_id,
            aws_secret_access_key=lent.secret_access_key,
            aws_session_token=lent.session_token,
        )

    def see_run(self, environment: str, digest: str) -> None:
        """Let the service have seen an image run, as after a deploy to Kubernetes."""
        self.running.stop()
        opened = database.open(f"sqlite:///{self.running.directory / 'state' / 'service.db'}")
        draft = releases.Draft("shop", "web", environment, digest, "rev", "")
        with opened.writing() as tx:
            releases.record(tx, draft, now=time.time())
        opened.close()
        self.running.restart()

    def audit(self, reader: Service, action: str) -> list[tuple[str, str, dict[str, Any]]]:
        """Give environment, outcome and details of what was asked for, in order."""
        reply = reader.call("Audit/Read", audit_pb2.ReadAuditRequest(page_size=1000))
        return [(row.environment, row.outcome, json.loads(row.details)) for row in reply.rows if row.action == action]


def approve(client: Service, text: str) -> str:
    """Approve what an error asks approval for; give its id."""
    found = re.search(r"wps approve ([0-9a-f]{32})", text)
    assert found is not None, text
    client.call("Rights/ApproveGrant", rights_pb2.ApproveGrantRequest(id=found[1]))
    return found[1]
