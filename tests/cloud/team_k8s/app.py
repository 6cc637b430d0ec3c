"""An app on the test bed, driven through the real plugin process as Waypoint's core does it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from team_k8s import diagnose
from team_k8s.gen.team_k8s.v1.team_k8s_pb2 import Deployment, Release, Task
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, resources_pb2
from waypaas_sdk.testing.host import PluginHost
from waypaas_sdk.wire import anys

if TYPE_CHECKING:
    from collections.abc import Callable

    from testbed.fixture import Bed

ROOT = Path(__file__).resolve().parents[3]
KINDS = (
    "deployments,replicasets,pods,services,horizontalpodautoscalers,poddisruptionbudgets,networkpolicies,ingresses,"
    "httproutes,jobs"
)
Args = arguments_pb2.Args


def waited(condition: Callable[[], bool], seconds: float = 90.0) -> bool:
    """Wait for a condition; tell whether it came."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


class App:
    """The app `web` of the project `shop`, in a namespace of its own.

    Args:
        bed: The test bed.
        namespace: Where it goes.
        directory: Gets a copy of examples/01-minimal.
        kubeconfig: Of a user; that of one with every right if None.
    """

    def __init__(self, bed: Bed, namespace: str, directory: Path, kubeconfig: Path | None = None) -> None:
        self.bed, self.namespace, self.path = bed, namespace, directory / "app"
        shutil.copytree(ROOT / "examples" / "01-minimal", self.path)
        self.use_standards(ROOT / "examples" / "standards")
        environ = os.environ | {"KUBECONFIG": str(kubeconfig or bed.kubeconfig)}
        self.host = PluginHost([str(Path(sys.executable).parent / "waypoint-plugin-team-k8s")], environ=environ)

    def use_standards(self, directory: Path) -> None:
        """Set where the app's standards are."""
        (self.path / ".waypaas.toml").write_text(f'standards = "{directory}"\n')

    def job(self, workspace: str) -> list[Any]:
        """Give what the host supplies of project, app and place."""
        return [
            Args.Source(app="web", path=str(self.path)),
            Args.JobInfo(local=True, project="shop", app="web", workspace=workspace),
        ]

    def begin(self, image: str, sequence: int = 1, workspace: str = "default", **options: Any) -> Any:
        """Begin a deploy; give its future."""
        self.host.configure("platform", {"namespace": self.namespace} | options)
        name, _, tag = image.partition(":")
        config = Args.DeploymentConfig(
            id=f"01HX{self.namespace.removeprefix('test-').upper()}{sequence}", sequence=sequence
        )
        return self.host.begin("platform", "Deploy", Image(image=name, tag=tag), config, *self.job(workspace))

    def deploy(self, image: str, sequence: int = 1, workspace: str = "default", **options: Any) -> Deployment:
        """Deploy to the end."""
        reply = self.begin(image, sequence, workspace, **options).result(120)
        return anys.unpack(reply.result, Deployment)

    def refused(self, image: str, sequence: int = 1, **options: Any) -> str:
        """Deploy what fails; give the text that the user reads."""
        with pytest.raises(grpc.RpcError) as caught:
            self.begin(image, sequence, **options).result(120)
        return str(caught.value.details())

    def release(self, deployment: Deployment, workspace: str = "default", **options: Any) -> Release:
        """Release a deployment."""
        self.host.configure("releasemanager", options)
        reply = self.host.invoke("releasemanager", "Release", deployment, *self.job(workspace))
        return anys.unpack(reply.result, Release)

    def status(self, of: Deployment | Release) -> resources_pb2.StatusReport:
        """Ask for the status."""
        kind = "platform" if isinstance(of, Deployment) else "releasemanager"
        return self.host.invoke(kind, "Status", of, resources_pb2.StatusReport(), *self.job("default"))

    def destroy(self, of: Deployment | Release) -> list[str]:
        """Destroy; give what is gone, as Kind/name."""
        kind = "platform" if isinstance(of, Deployment) else "releasemanager"
        reply = self.host.invoke(kind, "Destroy", of, *self.job("default"))
        return sorted(f"{gone.type}/{gone.name}" for gone in reply.destroyed_resources.destroyed_resources)

    def objects(self) -> list[str]:
        """Give all that lives in the namespace, as kind/name."""
        return self.bed.kubectl("get", KINDS, "-n", self.namespace, "-o", "name").split()

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Give one object."""
        found: dict[str, Any] = json.loads(
            self.bed.kubectl("get", kind, name, "-n", self.namespace, "-o", "json", "--show-managed-fields")
        )
        return found

    def ready(self, deployment: str) -> int:
        """Count the ready pods of a deployment, now."""
        found = self.bed.kubectl("get", "pods", "-n", self.namespace, "-l", f"name={deployment}", "-o", "json")
        return sum(diagnose.is_ready(pod) for pod in json.loads(found)["items"])

    def apply(self, manifest: dict[str, Any]) -> None:
        """Make an object as somebody else would."""
        self.bed.kubectl("apply", "-n", self.namespace, "-f", "-", stdin=json.dumps(manifest))

    def served_by(self) -> str:
        """Give the name of the deployment that has the traffic."""
        return str(self.get("service", "web")["spec"]["selector"]["name"])

    def unpack_task(self, wrapped: Any) -> Task:
        """Take a started task out of its reply."""
        return anys.unpack(wrapped, Task)
