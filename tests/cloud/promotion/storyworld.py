"""A company for the whole way of a release: git server, two regions of registries, service, cluster, and its people.

Pods run on the cluster's fake nodes, which pull nothing: what tells the image that runs is the digest in the spec of
the pods that have the traffic, as the API server holds it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import moverimages
from shop import ENVIRONMENTS, PROGRAMS
from sqlalchemy import text

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "wps"))

from machines import Machine

from teamconfig import reading
from teamconfig.credentials import rbac
from teamconfig.store import directory
from tests.cloud.service.releasekit import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shop import Shop

    from testbed.fixture import Bed
    from testservers.oidc import OidcProvider
    from testservers.service import Running

TEAM = """
team:
  owner: "#payments"
  projects: [shop]
  roles: {viewer: [viewers], developer: [developers], lead: [leads]}
"""
FILE = """\
project = "shop"

app "web" {
  build {
    use "team-ecr" {}
  }
  deploy {
    use "team-k8s" {}
  }
  release {
    use "team-k8s" {}
  }
}
"""
PIN = "scheduler.alpha.kubernetes.io/node-selector=waypaas.test/node=fake"


def prepare(shop: Shop, bed: Bed) -> str:
    """Write the company's standards and the app's file, and apply its rights to the cluster as a platform team would.

    Args:
        shop: The app.
        bed: The cluster.

    Returns:
        Prefix of the namespaces.
    """
    prefix = f"story-{os.urandom(3).hex()}"
    org = {
        "org": {"name": "acme", "contact": "#platform", "environments": list(ENVIRONMENTS)},
        "standards": {"kubernetes": {"namespace": f"{prefix}-{{environment}}", "replicas": 1}},
    }
    standards = shop.workshop.standards
    (standards / "org.yaml").write_text(json.dumps(org))
    (standards / "teams/payments/team.yaml").write_text(TEAM)
    smoke = {"name": "smoke", "kind": "command", "command": ["test", "-e", "smoke-passes"]}
    shop.standards("staging", tests={"checks": [smoke]})
    shop.standards("production", tests={"required": ["smoke", "load"]}, promotion={"approvals": 1})
    (shop.app / "waypoint.hcl").write_text(FILE)
    (shop.app / ".waypaas.toml").unlink()
    (shop.app / ".gitignore").write_text(".waypoint/\ndata.db*\nsmoke-passes\n")
    plugin = "waypoint-plugin-team-k8s"
    (shop.app / ".waypoint" / "plugins" / plugin).symlink_to(PROGRAMS / plugin)
    tree = reading.tree(directory.read(standards), revision="test", origin="test")
    for manifest in rbac.manifests(tree, service_account=""):
        bed.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))
    for name in ENVIRONMENTS:
        bed.kubectl("annotate", "namespace", f"{prefix}-{name}", "--overwrite", PIN)
    return prefix


class Company:
    """Everything that a release meets on its way.

    Args:
        shop: The app; its checkout is the pipeline's.
        bed: The cluster.
        prefix: Of the namespaces.
        running: The service.
        url: Of its database.
        idp: Vouches for people.
    """

    def __init__(
        self, shop: Shop, bed: Bed, prefix: str, running: Running, url: str, idp: OidcProvider
    ) -> None:  # fmt: skip
        self.shop, self._bed, self._prefix = shop, bed, prefix
        self._running, self._state, self._idp = running, State(url), idp
        shop.environ["KUBECONFIG"] = "/nonexistent"  # whoever deploys has what the service lends, and no more
        self._place = shop.app.parent
        self._laptop = self._place / "laptop"
        self._git(self._place, "init", "-q", "--bare", "-b", "main", "origin.git")
        shop.workshop.commit("the app")
        shop.workshop.git("branch", "-M", "main")
        shop.workshop.git("remote", "add", "origin", str(self._place / "origin.git"))
        shop.workshop.git("push", "-q", "-u", "origin", "main")
        self._git(self._place, "clone", "-q", "origin.git", "laptop")

    def _git(self, where: Path, *arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=where, env=self.shop.environ, check=True, timeout=60)

    def push(self, change: str) -> str:
        """Push a change from a laptop, and check it out where the pipeline works.

        Args:
            change: The new content.

        Returns:
            Digest of the image that a build makes of it.
        """
        self.shop.seed += 1
        image = moverimages.plain(5000 + self.shop.seed, (1000, 20_000 + self.shop.seed))
        moverimages.push(self.shop.builds, self.shop.path, image)
        (self._laptop / "main.txt").write_text(f"{change}\n")
        self._git(self._laptop, "commit", "-q", "-a", "-m", change)
        self._git(self._laptop, "push", "-q", "origin", "main")
        self.shop.workshop.git("pull", "-q", "--ff-only")
        return image.root

    def be(self, name: str, group: str) -> None:
        """Be somebody from now on, on a machine of their own, and freshly signed in.

        Args:
            name: Theirs.
            group: That the identity provider says they are in.
        """
        home = self._place / f"home-{name}"
        Machine(home, self._running, self._idp).sign_in(name, group)
        self.shop.environ |= {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"),
                              "XDG_STATE_HOME": str(home / ".local/state")}  # fmt: skip

    def works(self) -> None:
        """Let the app do what the test smoke asks for, from now on."""
        (self.shop.app / "smoke-passes").touch()

    @contextmanager
    def tampered(self, record: str) -> Iterator[None]:
        """Change the signature of a record in the service's database, for the length of a block.

        Args:
            record: Its id.

        Yields:
            Nothing.
        """
        self._edit("UPDATE release_records SET envelope = replace(envelope, 'sig', 'gis') WHERE id = :id", record)
        yield
        self._edit("UPDATE release_records SET envelope = replace(envelope, 'gis', 'sig') WHERE id = :id", record)

    def _edit(self, statement: str, record: str) -> None:
        with self._state.open() as database, database.writing() as tx:
            assert tx.execute(text(statement), {"id": record}).rowcount == 1

    def runs(self, environment: str) -> str:
        """Read from the cluster which image has the traffic in an environment.

        Args:
            environment: One of the company's.

        Returns:
            The reference in the spec of the pods behind the app's Service, which are all ready; empty without pods.
        """
        namespace = f"{self._prefix}-{environment}"
        services = self._get(namespace, "services")
        if not services:
            return ""
        (service,) = services
        labels = ",".join(f"{name}={value}" for name, value in service["spec"]["selector"].items())
        pods = [
            pod for pod in self._get(namespace, "pods", "-l", labels) if "deletionTimestamp" not in pod["metadata"]
        ]  # fmt: skip
        ready = [one["status"] for pod in pods for one in pod["status"]["conditions"] if one["type"] == "Ready"]
        assert ready == ["True"] * len(pods)
        images = {container["image"] for pod in pods for container in pod["spec"]["containers"]}
        assert len(images) <= 1, images
        return str(next(iter(images), ""))

    def _get(self, namespace: str, *what: str) -> list[dict[str, Any]]:
        found = json.loads(self._bed.kubectl("get", *what, "-n", namespace, "-o", "json"))
        items: list[dict[str, Any]] = found["items"]
        return items
