"""The three tools that deploy, and what they deploy: all of them the objects that team-k8s plans."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from team_k8s import deploying, plan
from team_k8s.options import Options
from teamplugin import standards
from testbed import build, gobuild
from waypaas_sdk import optionvalues
from waypaas_sdk.arguments import DeploymentConfig
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.gen.hashicorp.waypoint.sdk.arguments_pb2 import Args
from waypaas_sdk.testing.host import PluginHost

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HELM = "3.22.0"
"""As in gomod/helm."""

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parents[1] / "examples" / "01-minimal"
CACHE = build.CACHE.parent / "bench"
REPLICAS = 3
OPTIONS = {
    "replicas": REPLICAS,
    "autoscale": {"min_replicas": REPLICAS, "max_replicas": 10, "cpu_percent": 70},
    "disruption": {"max_unavailable": "1"},
}
KINDS = ("Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget")
DEPLOYMENT_ID = "01HXBENCH00000000000000001"
OURS, KUBECTL, HELMS = "team-k8s", "kubectl", "helm"
WAIT_SECONDS = 120.0


@dataclass(frozen=True)
class Turn:
    """Where one tool deploys once.

    Args:
        namespace: A fresh one.
        image: To deploy.
        manifests: What team-k8s applies, for the others.
        environ: With the kubeconfig and caches of the bench.
        scratch: Directory that is the bench's own.
    """

    namespace: str
    image: str
    manifests: list[dict[str, Any]]
    environ: Mapping[str, str]
    scratch: Path

    @property
    def name(self) -> str:
        """Of the objects."""
        return str(self.manifests[0]["metadata"]["name"])

    def run(self, *command: str | Path, stdin: str = "") -> None:
        """Run a peer's command; its output is shown only if it fails."""
        done = subprocess.run(
            command, input=stdin, env=self.environ, capture_output=True, text=True, check=False, timeout=WAIT_SECONDS
        )
        if done.returncode:
            sys.exit(f"{command[0]} failed: {done.stdout}{done.stderr}")


Moments = tuple[float, float, float]
"""On the monotonic clock: a process starts, the call begins, the call ends."""


def by_team_k8s(turn: Turn) -> Moments:
    """Deploy by the plugin, driven as Waypoint's core does it."""
    started = time.monotonic()
    with PluginHost([str(Path(sys.executable).parent / "waypoint-plugin-team-k8s")], environ=turn.environ) as host:
        host.configure("platform", OPTIONS | {"namespace": turn.namespace})
        name, _, tag = turn.image.partition(":")
        given = (
            Image(image=name, tag=tag),
            Args.DeploymentConfig(id=DEPLOYMENT_ID, sequence=1),
            Args.Source(app="web", path=str(EXAMPLE)),
            Args.JobInfo(local=True, project="shop", app="web", workspace="default"),
        )
        request = host.arguments("platform", "Deploy", *given)
        begun = time.monotonic()
        host.ask("platform", "Deploy", request, WAIT_SECONDS)
        return started, begun, time.monotonic()


def by_kubectl(turn: Turn) -> Moments:
    """Apply the manifests from stdin, then wait for the rollout."""
    program = (build.binary("kubectl"), "--namespace", turn.namespace)
    objects = {"apiVersion": "v1", "kind": "List", "items": turn.manifests}
    begun = time.monotonic()
    turn.run(*program, "apply", "-f", "-", stdin=json.dumps(objects))
    turn.run(*program, "rollout", "status", f"deployment/{turn.name}")
    return begun, begun, time.monotonic()


def by_helm(turn: Turn) -> Moments:
    """Install a chart that consists of the manifests."""
    chart = turn.scratch / turn.namespace
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(json.dumps({"apiVersion": "v2", "name": "web", "version": "0.1.0"}))
    for manifest in turn.manifests:
        (chart / "templates" / f"{manifest['kind'].lower()}.yaml").write_text(json.dumps(manifest))
    begun = time.monotonic()
    turn.run(helm(), "install", "web", chart, "--wait", "--namespace", turn.namespace)
    return begun, begun, time.monotonic()


TOOLS: dict[str, Callable[[Turn], Moments]] = {OURS: by_team_k8s, KUBECTL: by_kubectl, HELMS: by_helm}


def helm() -> Path:
    """Give the path of Helm's program; build it if it is not there."""
    program = CACHE / f"helm-{HELM}"
    if not program.exists():
        module = HERE / "gomod" / "helm"
        gobuild.build(f"Helm {HELM} (2 to 4 minutes, once)", "helm.sh/helm/v3/cmd/helm", program, cwd=module)
    return program


def manifests(namespace: str, image: str) -> list[dict[str, Any]]:
    """Plan what team-k8s applies, by its own functions."""
    options = optionvalues.from_json(Options, json.dumps(OPTIONS | {"namespace": namespace}).encode(), "deploy.use")
    resolved = standards.resolve("kubernetes", EXAMPLE, "shop", "web", "default", options, "app.web.deploy.use")
    name, _, tag = image.partition(":")
    config = DeploymentConfig(id=DEPLOYMENT_ID, sequence=1)
    return plan.manifests(deploying.make_order(resolved, Image(image=name, tag=tag), config))
