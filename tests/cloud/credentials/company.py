"""A company whose rights are applied to the test bed, and what a holder of a token may do there."""

from __future__ import annotations

import base64
import http.client
import json
import os
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from teamconfig import reading
from teamconfig.credentials import kubernetes, names, rbac
from teamconfig.credentials.places import Cluster

if TYPE_CHECKING:
    from pathlib import Path

    from teamconfig.credentials.kubernetes import KubernetesCredentials
    from testbed.fixture import Bed

ORG = "org: {name: acme, contact: '#platform', environments: [dev, production], protected: [production]}\n"


class Company:
    """A company with two teams; its rights are applied, and the service has an account of its own on the cluster.

    Args:
        bed: The test bed.
        path: For kubeconfigs.
    """

    def __init__(self, bed: Bed, path: Path) -> None:
        self.bed, self._path = bed, path
        mark = os.urandom(3).hex()
        self.team, self.other, self.home = f"pay{mark}", f"find{mark}", f"service{mark}"
        files = {"org.yaml": ORG}
        files |= {f"teams/{team}/team.yaml": f"team: {{projects: [{team}]}}\n" for team in (self.team, self.other)}
        content = {name: text.encode() for name, text in files.items()}
        self.tree = reading.tree(content, revision="dir:test", origin="test")
        self.manifests = rbac.manifests(self.tree, service_account="waypaas", service_namespace=self.home)
        bed.kubectl("create", "namespace", self.home)
        bed.kubectl("create", "serviceaccount", "waypaas", "-n", self.home)
        self.apply()
        token = bed.kubectl("create", "token", "waypaas", "-n", self.home, "--duration=2h").strip()
        self.cluster = self.reached("main", bed.url, token)
        self.token = token

    def apply(self) -> None:
        """Apply the manifests as a platform team does."""
        stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": self.manifests})
        self.bed.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=stdin)

    def reached(self, name: str, url: str, token: str) -> Cluster:
        """Give the cluster as somebody reaches it, by a kubeconfig."""
        path = self._path / f"{name}.kubeconfig"
        authority = json.loads(self.bed.kubeconfig.read_text())["clusters"][0]["cluster"]["certificate-authority-data"]
        about = {"server": url} | ({"certificate-authority-data": authority} if url.startswith("https") else {})
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "x",
            "clusters": [{"name": "x", "cluster": about}],
            "users": [{"name": "x", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        }
        path.write_text(json.dumps(config))
        return Cluster(name, kubeconfig=str(path), server=self.bed.url)

    def context(self) -> ssl.SSLContext:
        """Give what trusts the API server."""
        config = json.loads(self.bed.kubeconfig.read_text())
        authority = base64.b64decode(config["clusters"][0]["cluster"]["certificate-authority-data"])
        return ssl.create_default_context(cadata=authority.decode())

    def issue(self, action: str, environment: str = "dev", **more: Any) -> KubernetesCredentials:
        """Get a token for the first team."""
        wanted = {
            "team": self.team,
            "environment": environment,
            "protected": environment in self.tree.org.protected,
            "namespace": f"{self.team}-{environment}",
            "lease_id": os.urandom(8).hex(),
            "action": action,
        }
        return kubernetes.issue(more.pop("cluster", self.cluster), **(wanted | more))

    def leases(self) -> set[str]:
        """Give the names of the leases that are there."""
        found = self.bed.kubectl("get", "secrets", "-n", names.RIGHTS_NAMESPACE, "-l", names.LEASE_LABEL, "-o", "name")
        return set(found.split())

    def remove(self) -> None:
        """Remove all of it."""
        spaces = [self.home, *(f"{team}-{env}" for team in (self.team, self.other) for env in ("dev", "production"))]
        self.bed.kubectl("delete", "namespace", *spaces, "--wait=false", "--ignore-not-found")
        # Waited for, as the next company has to make it anew.
        self.bed.kubectl("delete", "namespace", names.RIGHTS_NAMESPACE, "--timeout=120s", "--ignore-not-found")
        for kind in ("validatingadmissionpolicy", "validatingadmissionpolicybinding"):
            self.bed.kubectl("delete", kind, rbac.EXEC_POLICY, "--ignore-not-found")


class Holder:
    """Somebody with a token, on one connection.

    Args:
        server: URL of the API server.
        authority: PEM of its CA.
        token: Of a service account.
    """

    def __init__(self, server: str, authority: str, token: str) -> None:
        parts = urlsplit(server)
        context = ssl.create_default_context(cadata=authority)
        self._connection = http.client.HTTPSConnection(parts.hostname or "", parts.port, timeout=20, context=context)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Make a request.

        Returns:
            Status and answer.
        """
        sent = json.dumps(body) if body is not None else None
        self._connection.request(
            method, path, sent, self._headers | {k.replace("_", "-"): v for k, v in headers.items()}
        )
        answer = self._connection.getresponse()
        if answer.status == http.client.SWITCHING_PROTOCOLS:
            self._connection.close()
            return answer.status, None
        data = answer.read()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data.decode(errors="replace")

    def may(self, group: str, resource: str, verb: str, namespace: str) -> bool:
        """Ask the API server whether one may."""
        name, _, sub = resource.partition("/")
        about = {"group": group, "resource": name, "subresource": sub, "verb": verb, "namespace": namespace}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": about},
        }
        status, answer = self.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        assert status == http.client.CREATED, answer
        return bool(answer["status"]["allowed"])

    def upgrade(self, path: str) -> tuple[int, Any]:
        """Ask for a WebSocket by GET, which is how a "read-only" right opens a shell."""
        return self.ask(
            "GET",
            path,
            Connection="Upgrade",
            Upgrade="websocket",
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Key=base64.b64encode(os.urandom(16)).decode(),
            Sec_WebSocket_Protocol="v4.channel.k8s.io",
        )
