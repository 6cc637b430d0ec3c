"""A company's first hour: identity provider, Active Directory, service, cluster and two people, all real.

alice is a developer by a group in a group, frank leads the team. They sign in
by the device flow, create an app, deploy it through environments, and run into
the limits. Then alice leaves the company.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from team_k8s.gen.team_k8s.v1.team_k8s_pb2 import Deployment
from teamconfig import reading
from teamconfig.client.errors import ServiceError
from teamconfig.client.service import Service
from teamconfig.credentials import rbac
from teamconfig.gen.waypaas.v1 import rights_pb2, sessions_pb2
from teamconfig.settings import Settings
from teamconfig.store import directory
from testbed.fixture import ensure
from testservers import oidc, samba, sambabuild, service
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.fixture import Bed
    from testservers.oidc import OidcProvider
    from testservers.samba import Domain

Args = arguments_pb2.Args
DIGEST = "sha256:" + "ab" * 32
IMAGE = f"registry.test/hello@{DIGEST}"
GROUPS_SECONDS = 5
USER_CODE = re.compile(r"\b[A-Z]{4}-[A-Z]{4}\b")
PLUGIN = str(Path(sys.executable).parent / "waypoint-plugin-team-k8s")
WPS = str(Path(sys.executable).parent / "wps")


@dataclass
class Company:
    """All servers of the hour.

    Args:
        bed: The cluster.
        domain: Active Directory.
        idp: The identity provider, which knows people by the directory's ids.
        running: The service.
        directory: Of people's homes and repositories.
        prefix: Of the namespaces.
    """

    bed: Bed
    domain: Domain
    idp: OidcProvider
    running: service.Running
    directory: Path
    prefix: str


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Give the company, with the rights of its teams applied to the cluster as its platform team would."""
    with ExitStack() as stack:
        home = tmp_path_factory.mktemp("company")
        bed = ensure()
        domain = stack.enter_context(samba.start(home / "ad"))
        prefix = f"hour-{os.urandom(3).hex()}"
        standards = write_standards(home / "standards", prefix, domain)
        users = {
            f"u-{name}": {"preferred_username": name, "directory_id": domain.sid(name)} for name in ("alice", "frank")
        }
        idp = stack.enter_context(oidc.start(home / "idp", users=users))
        apply_rights(bed, standards, prefix)
        running = stack.enter_context(
            service.start(
                home / "service",
                [
                    {"kind": "oidc", "name": "corp", "issuer": idp.issuer, "client_id": oidc.CLIENT,
                     "groups_from": "ad", "link_claim": "directory_id"},
                    {"kind": "directory", "name": "ad", "url": f"ldaps://localhost:{domain.port}",
                     "ca": str(domain.ca), "bind_dn": samba.READER,
                     "bind_password_file": str(home / "ad" / "reader.password")},
                ],
                standards=standards,
                clusters={"bed": {"kubeconfig": str(bed.kubeconfig)}},
                groups_max_age=f"{GROUPS_SECONDS}s",
            )
        )  # fmt: skip
        yield Company(bed, domain, idp, running, home, prefix)
        for environment in ("dev", "staging", "production"):
            bed.kubectl("delete", "namespace", f"{prefix}-{environment}", "--wait=false", "--ignore-not-found")


def write_standards(home: Path, prefix: str, domain: Domain) -> Path:
    """Write the company's standards: one team, whose roles are bound to ids of groups."""
    (home / "teams" / "payments").mkdir(parents=True)
    (home / "org.yaml").write_text(
        "org: {name: acme, contact: '#platform', environments: [dev, staging, production]}\n"
        f"standards: {{kubernetes: {{namespace: '{prefix}-{{environment}}', replicas: 1}}}}\n"
    )
    developers, leads = domain.sid("wps-payments"), domain.sid("wps-other")
    (home / "teams" / "payments" / "team.yaml").write_text(
        f"team: {{owner: '#payments', roles: {{developer: [{developers}], lead: [{leads}]}}}}\n"
    )
    return home


def apply_rights(bed: Bed, standards: Path, prefix: str) -> None:
    """Apply what the platform team applies once, and send the pods to fake nodes, where they are ready at once."""
    tree = reading.tree(directory.read(standards), revision="test", origin="test")
    for manifest in rbac.manifests(tree, service_account=""):
        bed.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    for environment in ("dev", "staging", "production"):
        pin = "scheduler.alpha.kubernetes.io/node-selector=waypaas.test/node=fake"
        bed.kubectl("annotate", "namespace", f"{prefix}-{environment}", "--overwrite", pin)


class Person:
    """Somebody at their laptop.

    Args:
        company: Where they work.
        name: Theirs.
    """

    def __init__(self, company: Company, name: str) -> None:
        self.company, self.name = company, name
        self.home = company.directory / name
        self.repository = self.home / "shop"
        self.repository.mkdir(parents=True)
        self.environ = {
            **os.environ,
            "HOME": str(self.home),
            "WAYPAAS_KEYRING": "off",
            "NO_COLOR": "1",
            "KUBECONFIG": "/nonexistent",
        }
        for one in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "DISPLAY", "WAYLAND_DISPLAY"):
            self.environ.pop(one, None)
        self._hosts: list[PluginHost] = []

    def wps(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run wps in the repository."""
        return subprocess.run(
            [WPS, *arguments], cwd=self.repository, env=self.environ, capture_output=True, text=True, check=False,
            timeout=60,
        )  # fmt: skip

    def init(self) -> str:
        """Sign in by the device flow, typing the shown code into a browser; give what is shown."""
        running = self.company.running
        command = [WPS, "init", "--service", running.address, "--ca", str(running.authority), "--provider", "corp"]
        process = subprocess.Popen(
            [*command, "--flow", "device"], cwd=self.repository, env=self.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        shown: list[str] = []
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                shown.append(line)
                code = USER_CODE.search(line)
                if code:
                    threading.Thread(target=self._approve, args=(code[0],)).start()
        assert process.returncode == 0, "".join(shown)
        return "".join(shown)

    def _approve(self, code: str) -> None:
        with self.company.idp.browser() as browser:
            browser.approve_device(code, f"u-{self.name}")

    def client(self) -> Service:
        """Give this person's session as a program uses it."""
        settings = Settings(self.company.running.address, "", Path(), str(self.company.running.authority), "")
        return Service(settings, self.environ)

    def deploy(self, workspace: str, image: str = IMAGE) -> Deployment:
        """Deploy by the real plugin process, as Waypoint does it."""
        host = PluginHost([PLUGIN], environ=self.environ)
        self._hosts.append(host)
        host.configure("platform", {})
        name, _, tag = image.partition("@") if "@" in image else image.partition(":")
        number = str(time.time_ns())[-10:]
        config = Args.DeploymentConfig(id=f"01HX{number}", sequence=int(number) % 10_000)
        reply = host.begin("platform", "Deploy", Image(image=name, tag=tag), config, *self.job(workspace)).result(120)
        return anys.unpack(reply.result, Deployment)

    def job(self, workspace: str) -> list[Any]:
        """Give what the host supplies of project, app and place."""
        return [
            Args.Source(app="web", path=str(self.repository)),
            Args.JobInfo(local=True, project="shop", app="web", workspace=workspace),
        ]

    def refused(self, workspace: str, image: str = IMAGE) -> str:
        """Deploy what is refused; give the text that is read."""
        with pytest.raises(grpc.RpcError) as caught:
            self.deploy(workspace, image)
        return str(caught.value.details())

    def close(self) -> None:
        """End the plugins."""
        for host in self._hosts:
            host.close()


@pytest.mark.timeout(600)
def test_the_first_hour(company: Company) -> None:
    """Sign in, create, deploy, promote, be refused, and leave: each step as a person sees it."""
    alice, frank = Person(company, "alice"), Person(company, "frank")
    try:
        sign_in_and_create(company, alice, frank)
        deploy_and_be_refused(company, alice, frank)
        leave(company, alice)
    finally:
        for person in (alice, frank):
            person.close()


def sign_in_and_create(company: Company, alice: Person, frank: Person) -> None:
    """Sign both in, and create the app."""
    shown = alice.init()
    assert "payments" in shown
    assert "developer" in shown
    assert "lead" in frank.init()
    for person in (alice, frank):
        git = ["git", "-C", str(person.repository)]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "remote", "add", "origin", "git@git.acme.example:acme/shop.git"], check=True)
    created = alice.wps("create", "--infra", "k8s", "--name", "web", "--image", "registry.test/hello:v1", "--yes")
    assert created.returncode == 0, created.stdout + created.stderr
    written = (alice.repository / "waypoint.hcl").read_text()
    assert 'use "team-k8s"' in written
    (frank.repository / "waypoint.hcl").write_text(written)
    again = frank.wps("create", "--infra", "k8s", "--name", "web", "--image", "registry.test/hello:v1", "--yes")
    assert again.returncode == 0, again.stdout + again.stderr
    explained = alice.wps("explain", "kubernetes.namespace", "--env", "staging")
    assert f"{company.prefix}-staging" in explained.stdout, explained.stderr


def deploy_and_be_refused(company: Company, alice: Person, frank: Person) -> None:
    """Go through the environments with one digest; what alice may not, frank may."""
    before = leases(company)
    in_dev = alice.deploy("dev")
    assert in_dev.cluster.service == company.running.address
    assert company.bed.kubectl("get", "deployment", in_dev.name, "-n", f"{company.prefix}-dev", "-o", "name")
    unseen = frank.refused("production")
    assert "has not run in the environment before" in unseen, unseen
    alice.deploy("staging")
    text = alice.refused("production")
    assert "deploy in production is not allowed" in text, text
    assert "lead of team payments" in text
    assert "ask #payments" in text
    told = alice.wps("explain", "--can", "promote", "shop", "production")
    assert told.returncode == 1
    assert "ask #payments" in told.stdout + told.stderr
    by_tag = frank.refused("production", "registry.test/hello:v1")
    assert "needs an image by its digest" in by_tag, by_tag
    released = frank.deploy("production")
    assert released.protected
    assert company.bed.kubectl("get", "deployment", released.name, "-n", f"{company.prefix}-production", "-o", "name")
    with_shell = rights_pb2.IssueCredentialsRequest(action="exec", platform="kubernetes")
    with_shell.target.project, with_shell.target.app, with_shell.target.workspace = "shop", "web", "production"
    for person in (alice, frank):
        client = person.client()
        with pytest.raises(ServiceError) as shell:
            client.call("Rights/IssueCredentials", with_shell)
        assert shell.value.reason == "exec_in_production"
        client.close()
    assert leases(company) <= before, "leases are left"


def leases(company: Company) -> set[str]:
    """Name the leases at the cluster; other tests have some of their own."""
    return set(company.bed.kubectl("get", "secrets", "-n", "waypaas-rights", "-o", "name").split())


def leave(company: Company, alice: Person) -> None:
    """Disable alice in the directory: production is closed at once, dev when her groups are read again."""
    client = alice.client()
    client.call("Sessions/WhoAmI", sessions_pb2.WhoAmIRequest())
    company.domain.tool("user", "disable", "alice")
    asking = rights_pb2.IssueCredentialsRequest(action="logs", platform="kubernetes")
    asking.target.project, asking.target.app, asking.target.workspace = "shop", "web", "production"
    with pytest.raises(ServiceError) as at_once:
        client.call("Rights/IssueCredentials", asking)
    assert at_once.value.reason == "account_disabled"
    time.sleep(GROUPS_SECONDS + 1)
    with pytest.raises(ServiceError) as soon:
        client.call("Sessions/WhoAmI", sessions_pb2.WhoAmIRequest())
    assert soon.value.reason == "account_disabled"
    client.close()
    text = alice.refused("dev")
    assert "disabled" in text, text
    assert sambabuild.PASSWORD not in company.running.log
