"""examples/02-deployer-rights: with these rights everything works, and each of them is used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from app import App, waited

from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from testbed.fixture import Bed

RIGHTS = Path(__file__).resolve().parents[3] / "examples" / "02-deployer-rights" / "rbac.yaml"
WAYS = {("pods/exec", "get"), ("pods/exec", "create")}
"""Clusters differ in which of these a session by WebSocket needs."""

Args = arguments_pb2.Args


def granted() -> set[tuple[str, str]]:
    """Give what the example grants, as resource with its group and verb."""
    found = set()
    for role in yaml.safe_load_all(RIGHTS.read_text()):
        for rule in role["rules"]:
            for resource in rule["resources"]:
                name = "/".join(part for part in (rule["apiGroups"][0], resource) if part)
                found |= {(name, verb) for verb in rule["verbs"]}
    return found


@pytest.fixture
def deployer(bed: Bed, tmp_path: Path) -> Iterator[App]:
    """Give an app on the real node whose deployer has just the rights of the example."""
    with bed.namespace("real", {"pod-security.kubernetes.io/enforce": "restricted"}) as namespace:
        user = f"deployer-{namespace}"
        for role in yaml.safe_load_all(RIGHTS.read_text()):
            where = ["-n", namespace] if role["kind"] == "Role" else []
            bed.kubectl("apply", *where, "-f", "-", stdin=json.dumps(role))
            binding = ["clusterrolebinding"] if role["kind"] == "ClusterRole" else ["rolebinding", *where]
            kind = role["kind"].lower()
            name = f"{role['metadata']['name']}-{namespace}"
            bed.kubectl("create", *binding, name, f"--{kind}={role['metadata']['name']}", f"--user={user}")
        made = App(bed, namespace, tmp_path, bed.user(user))
        yield made
        made.host.close()
        bed.kubectl("delete", "clusterrolebinding", f"waypaas-look-{namespace}")


def run_task(app: App, *command: str) -> int:
    """Run a task to its end, and remove it."""
    app.host.configure("tasklauncher", {"namespace": app.namespace, "security": restricted()})
    info = Args.TaskLaunchInfo(oci_url="registry.test/hello:v1", arguments=command, entrypoint=["sh", "-c"])
    started = app.host.invoke("tasklauncher", "StartTask", info)
    task = app.unpack_task(started.result)
    code = int(app.host.invoke("tasklauncher", "WatchTask", task).exit_code)
    app.host.invoke("tasklauncher", "StopTask", task)
    return code


def restricted() -> dict[str, Any]:
    """Give the security options that the restricted standard demands of a task."""
    return {
        "run_as_non_root": True,
        "allow_privilege_escalation": False,
        "seccomp": "RuntimeDefault",
        "drop_capabilities": ["ALL"],
    }


def test_the_rights_of_the_example_are_enough_and_none_is_too_many(deployer: App) -> None:
    """A whole life under the example's rights works: deploys, failures, releases, tasks; and uses each of them."""
    app = deployer
    user = f"deployer-{app.namespace}"
    options = {
        "replicas": 2,
        "autoscale": {"max_replicas": 3},
        "network_policy": {"enabled": True, "allow_from": ["any"]},
    }
    deployed = app.deploy("registry.test/hello:v1", **options)
    network = {"host": f"{app.namespace}.test", "tls": {"enabled": False}}
    app.release(deployed, network=network | {"ingress_class": "testbed"})
    app.release(deployed, network=network | {"gateway": {"name": "testbed"}})
    app.release(deployed, network=network)
    release = app.release(deployed, network={"host": ""}, service={"type": "NodePort"})
    assert release.url.startswith("http://10."), "the address of a node"
    assert app.status(deployed).health == 2
    assert app.status(release).health == 2
    text = app.refused("registry.test/hello:broken", 2, **options)
    assert "fatal: DATABASE_URL is not set" in text
    assert "could not be removed" not in text
    assert "cannot be mounted" in app.refused("registry.test/hello:v1", 3, files={"/etc/x": "secret/missing"})

    following = app.host.begin("platform", "Logs", deployed, *app.job("default"))
    assert app.host.logs.wait_for("tick 1", 30)
    following.cancel()
    stream = app.host.plugin.broker.accept([app.host.exec.handler()])
    info = Args.ExecSessionInfo(stream_id=stream, args=["id"])
    assert app.host.begin("platform", "Exec", deployed, info, *app.job("default")).result(30).exit_code == 0
    assert run_task(app, "exit 4") == 4

    app.destroy(release)
    app.destroy(deployed)
    left = app.deploy("registry.test/hello:v2", 4, **options)
    app.release(left, network=network)
    app.release(left, network=network | {"gateway": {"name": "testbed"}})
    app.host.invoke("platform", "DestroyWorkspace", left, *app.job("default"))
    again = app.deploy("registry.test/hello:v2", 5, **options)
    app.release(again, network=network)
    app.host.invoke("platform", "DestroyWorkspace", again, *app.job("default"))
    assert waited(lambda: app.objects() == []), app.objects()

    used = app.bed.audited(user)
    used |= {(resource, "create") for resource, verb in used if verb == "patch"}  # apply needs both, and says one
    metrics = {right for right in used if right[0].startswith("metrics.k8s.io")}
    assert used - metrics - granted() == set(), "used and not granted, though nothing failed"
    assert granted() - used - WAYS == set(), "granted and not used"
