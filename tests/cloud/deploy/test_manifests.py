"""The service's manifests on the test bed, and what they name: configuration, image, Secrets."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from teamconfig.credentials import config as clouds
from teamconfig.identity import providers
from teamconfig.service import config
from testbed.fixture import Bed, ensure
from testbed.shell import TestbedError, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
BASE = ROOT / "deploy" / "base"
OVERLAY = ROOT / "deploy" / "overlays" / "example"
SPACE = "waypaas"
PIN = "scheduler.alpha.kubernetes.io/node-selector=waypaas.test/node=fake"


@pytest.fixture(scope="module")
def bed() -> Bed:
    """Give the running test bed."""
    return ensure()


@pytest.fixture(scope="module")
def namespace(bed: Bed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Make the namespace of the manifests, its Secrets as the README says, and a disk for the checkpoints."""
    bed.kubectl("apply", "--server-side", "-f", str(BASE / "namespace.yaml"))
    bed.kubectl("annotate", "namespace", SPACE, PIN)
    keys = ("--from-literal=signing.key=x", "--from-literal=audit.key=x")
    bed.kubectl("create", "secret", "generic", "waypaas-keys", "-n", SPACE, *keys)
    database = ("--from-literal=password=x", "--from-literal=ca.crt=x")
    bed.kubectl("create", "secret", "generic", "waypaas-database", "-n", SPACE, *database)
    tls = ("--from-literal=tls.crt=x", "--from-literal=tls.key=x", "--from-literal=ca.crt=x")
    bed.kubectl("create", "secret", "generic", "waypaas-tls", "-n", SPACE, *tls)
    disk = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": "waypaas-checkpoints"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteMany"],
            "hostPath": {"path": str(tmp_path_factory.mktemp("checkpoints"))},
            "claimRef": {"namespace": SPACE, "name": "waypaas-checkpoints"},
        },
    }
    bed.kubectl("apply", "-f", "-", stdin=json.dumps(disk))
    wait_until("the default service account", lambda: _has_account(bed), 60)
    yield SPACE
    bed.kubectl("delete", "namespace", SPACE, "--timeout=120s")
    bed.kubectl("delete", "persistentvolume", "waypaas-checkpoints")


def _has_account(bed: Bed) -> bool:
    return bool(bed.kubectl("get", "serviceaccount", "default", "-n", SPACE, "-o", "name", "--ignore-not-found"))


def rendered(bed: Bed) -> list[dict[str, Any]]:
    """Give the manifests as kustomize renders them."""
    listed = bed.kubectl("apply", "-k", str(BASE), "--dry-run=client", "-o", "json")
    items: list[dict[str, Any]] = json.loads(listed)["items"]
    return items


def test_the_server_takes_the_manifests_without_a_warning(bed: Bed, namespace: str) -> None:
    """Server-side validation accepts every manifest, and warns of nothing: neither of fields nor of Pod Security."""
    taken = bed.kubectl("apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "-k", str(BASE))
    kinds = {line.partition(".")[0].partition("/")[0] for line in taken.splitlines()}
    assert kinds == {
        "namespace", "serviceaccount", "configmap", "service", "deployment", "persistentvolumeclaim",
        "poddisruptionbudget", "networkpolicy",
    }  # fmt: skip
    assert namespace == SPACE


def test_the_service_is_rolled_out(bed: Bed, namespace: str) -> None:
    """Applied for real, two pods are admitted under `restricted`, on two nodes, and one of them may be drained."""
    bed.kubectl("apply", "--server-side", "--warnings-as-errors", "-k", str(BASE))
    bed.kubectl("rollout", "status", "deployment/waypaas", "-n", namespace, "--timeout=90s")
    pods = json.loads(bed.kubectl("get", "pods", "-n", namespace, "-o", "json"))["items"]
    assert len({pod["spec"]["nodeName"] for pod in pods}) == 2
    for pod in pods:
        names = {volume["name"] for volume in pod["spec"]["volumes"] if not volume["name"].startswith("kube-api")}
        assert names == {
            "config", "tls", "keys", "state", "checkpoints", "tmp", "database", "git", "authorities",
        }  # fmt: skip
    wait_until("the budget", lambda: _allowed(bed, namespace) == 1, 30)


def _allowed(bed: Bed, namespace: str) -> int:
    found = json.loads(bed.kubectl("get", "poddisruptionbudget", "waypaas", "-n", namespace, "-o", "json"))
    return int(found["status"].get("disruptionsAllowed", 0))


def test_the_namespace_refuses_what_is_not_restricted(bed: Bed, namespace: str) -> None:
    """A pod that runs as root is not admitted beside the service."""
    container = {"name": "x", "image": "x", "securityContext": {"runAsUser": 0}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"containers": [container]}}
    with pytest.raises(TestbedError, match="violates PodSecurity"):
        bed.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(pod))


def test_everything_that_is_named_is_there(bed: Bed) -> None:
    """ConfigMaps, claims and accounts that the pods name are in the manifests, and the Secrets are in the README."""
    made = {(each["kind"], each["metadata"]["name"]) for each in rendered(bed)}
    (deployment,) = [each for each in rendered(bed) if each["kind"] == "Deployment"]
    spec = deployment["spec"]["template"]["spec"]
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    assert ("ConfigMap", volumes["config"]["configMap"]["name"]) in made
    assert ("PersistentVolumeClaim", volumes["checkpoints"]["persistentVolumeClaim"]["claimName"]) in made
    assert ("ServiceAccount", spec["serviceAccountName"]) in made
    readme = (ROOT / "deploy" / "README.md").read_text()
    secrets = set(re.findall(r'"secret(?:Name|KeyRef)": (?:\{[^}]*"name": )?"([a-z-]+)"', json.dumps(spec)))
    assert secrets == {"waypaas-tls", "waypaas-keys", "waypaas-database", "waypaas-git"}
    assert all(f"`{name}`" in readme for name in secrets)


def test_the_overlay_gives_what_it_says(bed: Bed, tmp_path: Path) -> None:
    """The example overlay, with the port that the README adds, renders with its image, configuration and patches."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    overlay = tmp_path / "deploy" / "overlays" / "example"
    (port,) = re.findall(
        r"^```yaml\n(  - target:.*?)^```$", (ROOT / "deploy/README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    with (overlay / "kustomization.yaml").open("a") as file:
        file.write(port)
    made = {each["kind"]: each for each in yaml.safe_load_all(bed.kubectl("kustomize", str(overlay)))}
    spec = made["Deployment"]["spec"]["template"]["spec"]
    images = {each["image"] for each in (*spec["containers"], *spec["initContainers"])}
    assert images == {"registry.acme.example/platform/waypaas:0.1.0"}
    assert made["ConfigMap"]["data"] == {"service.yaml": (OVERLAY / "service.yaml").read_text()}
    (config_volume,) = [each for each in spec["volumes"] if each["name"] == "config"]
    assert config_volume["configMap"]["name"] == made["ConfigMap"]["metadata"]["name"]
    assert made["PersistentVolumeClaim"]["spec"]["storageClassName"] == "shared-files"
    assert made["Service"]["spec"]["type"] == "LoadBalancer"
    assert {"port": 22} in made["NetworkPolicy"]["spec"]["egress"][1]["ports"]


def test_the_sample_configuration_is_one() -> None:
    """The sample service.yaml is read by all who read a part of it, and fits the paths of the Deployment."""
    path = BASE / "config" / "service.yaml"
    found = config.read(path)
    assert [one.name for one in providers.read(found.providers, str(path))] == ["acme"]
    places = clouds.read(found.clusters, found.accounts, path)
    assert places.cluster("production").server == "https://api.acme.example:6443"
    deployment = (BASE / "deployment.yaml").read_text()
    for place in (found.state_directory.parent, found.checkpoints, (found.certificate or path).parent):
        assert f"mountPath: {place}" in deployment, place
    for listener in (found.listen, found.metrics):
        assert f"containerPort: {listener.rpartition(':')[2]}" in deployment


def test_the_image_is_made_of_what_is_there() -> None:
    """Every file that the Containerfile copies exists, the extra is declared, and the user is a number, not root's."""
    lines = re.sub(r"\\\n", " ", (ROOT / "deploy" / "Containerfile").read_text()).splitlines()
    copied = [
        part for line in lines if line.startswith("COPY ") and "--from" not in line for part in line.split()[1:-1]
    ]
    assert copied
    assert [name for name in copied if not (ROOT / name).exists()] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert {name.partition("/")[0] for name in packages} <= set(copied)
    assert "service" in project["project"]["optional-dependencies"]
    (user,) = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert all(int(part) > 0 for part in user.split(":"))
