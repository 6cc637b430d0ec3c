"""Deployments of team-k8s behind their tests, on a real cluster: by Waypoint's own code, by jobs, under load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloud" / "team_k8s"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cloud" / "test_stage"))

from app import App
from gateworld import BIN, AnyHost
from project import ROOT, Project
from wphost import Host

from test_stage.gen.test_stage.v1.test_stage_pb2 import Release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from team_k8s.gen.team_k8s.v1.team_k8s_pb2 import Deployment
    from testbed.fixture import Bed

EXAMPLE = ROOT / "examples" / "04-tested-release" / "waypoint.hcl"
SECURITY = {"run_as_non_root": True, "allow_privilege_escalation": False, "seccomp": "RuntimeDefault",
            "drop_capabilities": ["ALL"]}  # fmt: skip
RATE = 50
LOAD = """
import http.client, sys, threading, time
host, path, rate = sys.argv[1], sys.argv[2], int(sys.argv[3])
file, guard = open(path, "a", buffering=1), threading.Lock()
def ask():
    try:
        connection = http.client.HTTPConnection(host, 80, timeout=5)
        connection.request("GET", "/")
        answer = connection.getresponse()
        said = f"{answer.status} {answer.read().decode().strip()}"
        connection.close()
    except Exception as error:
        said = f"failed {error!r}"
    with guard:
        file.write(said + "\\n")
began, count = time.monotonic(), 0
while True:
    count += 1
    time.sleep(max(0, began + count / rate - time.monotonic()))
    threading.Thread(target=ask, daemon=True).start()
"""


@pytest.fixture
def app(bed: Bed, namespace: str, tmp_path: Path) -> Iterator[App]:
    """Give an app whose pods really run."""
    made = App(bed, namespace, tmp_path)
    yield made
    made.host.close()


class Gate:
    """The plugin `test` before the releases of an app.

    Args:
        app: The app.
        kubeconfig: Of whoever releases.
    """

    def __init__(self, app: App, kubeconfig: Path | None = None) -> None:
        self.app = app
        self.environ = os.environ | {
            "KUBECONFIG": str(kubeconfig or app.bed.kubeconfig), "XDG_STATE_HOME": str(app.path.parent / "state"),
        }  # fmt: skip
        self.text = ""

    def release(self, deployment: Deployment, *tests: dict[str, Any], **options: Any) -> Any:
        """Release a deployment; give the reply."""
        with AnyHost([str(BIN / "waypoint-plugin-test")], environ=self.environ) as host:
            host.configure("releasemanager", {"test": list(tests), **options})
            try:
                return host.invoke("releasemanager", "Release", deployment, *self.app.job("default"), seconds=120)
            finally:
                self.text = host.ui.text

    def refused(self, deployment: Deployment, *tests: dict[str, Any], **options: Any) -> str:
        """Release what must not be; give the error."""
        with pytest.raises(grpc.RpcError) as caught:
            self.release(deployment, *tests, **options)
        return str(caught.value.details())

    def reports(self) -> list[dict[str, Any]]:
        """Give the reports that are kept, oldest first."""
        found = sorted((self.app.path.parent / "state").rglob("report.json"), key=lambda path: path.stat().st_mtime_ns)
        return [json.loads(path.read_text()) for path in found]


def version(number: int) -> dict[str, Any]:
    """Make a test that wants a version."""
    return {"name": "version", "contains": f"hello from v{number}"}


@contextmanager
def loaded(app: App, file: Path) -> Iterator[None]:
    """Ask the app's Service 50 times a second, and note the answers."""
    address = app.get("service", "web")["spec"]["clusterIP"]
    command = [
        "nsenter",
        f"--net=/run/netns/{app.bed.netns}",
        sys.executable,
        "-c",
        LOAD,
        address,
        str(file),
        str(RATE),
    ]
    with subprocess.Popen(command) as child:
        try:
            time.sleep(1)
            yield
            time.sleep(1)
        finally:
            child.kill()


def test_behaviour_25_no_request_fails_or_goes_astray(app: App, tmp_path: Path) -> None:
    """Under 50 requests a second a failing gate lets none reach the new version; a good release fails none."""
    gate, answers = Gate(app), tmp_path / "answers"
    gate.release(app.deploy("registry.test/hello:v1"), version(1))
    second = app.deploy("registry.test/hello:v2", sequence=2)
    with loaded(app, answers):
        begun = time.monotonic()
        assert "1 of 1 tests failed: version" in gate.refused(second, version(1))
        seconds = time.monotonic() - begun
    said = answers.read_text().splitlines()
    assert len(said) > RATE * seconds / 2
    assert set(said) == {"200 hello from v1"}
    answers.unlink()
    with loaded(app, answers):
        gate.release(second, version(2))
    said = answers.read_text().splitlines()
    assert set(said) == {"200 hello from v1", "200 hello from v2"}
    assert said[-1] == "200 hello from v2"


def test_each_pod_is_asked(app: App) -> None:
    """The way leads to the ready pods in turn, and evidence of it knows the deployment."""
    gate = Gate(app)
    deployment = app.deploy("registry.test/hello:v1", replicas=2)
    gate.release(deployment, {**version(1), "requests": 12})
    logs = app.bed.kubectl("logs", "-n", app.namespace, "-l", "name=web-v1", "--tail=-1", "--prefix")
    asked = [line.split()[0] for line in logs.splitlines() if "GET" in line or "url:/" in line]
    assert len(set(asked)) == 2
    (report,) = gate.reports()
    assert report["deployment"] == deployment.id
    assert report["image"] == "registry.test/hello:v1"


def test_jobs_run_beside_the_deployment(app: App) -> None:
    """A job reaches the pod by its own address; its exit code, log and JUnit XML count, and nothing of it is left."""
    gate = Gate(app)
    deployment = app.deploy("registry.test/hello:v1")
    launcher = {"namespace": app.namespace, "security": json.dumps(SECURITY)}
    script = (
        'echo "seen: $(wget -qO- $DEPLOYMENT_URL)"; echo "<testsuite><testcase name=\'a\'/></testsuite>"; '
        'test "$(wget -qO- $DEPLOYMENT_URL)" = "$WANTED"'
    )
    job = {"name": "inside", "kind": "job", "image": "registry.test/hello:v1", "entrypoint": ["sh", "-c"],
           "command": [script], "timeout": "60s"}  # fmt: skip
    said = gate.refused(deployment, {**job, "environment": {"WANTED": "hello from v9"}}, launcher_options=launcher)
    assert "inside: the job ended with exit code 1" in said
    assert "  | seen: hello from v1" in gate.text
    gate.release(deployment, {**job, "environment": {"WANTED": "hello from v1"}}, launcher_options=launcher)
    assert gate.reports()[-1]["tests"][0]["cases"] == [{"name": "a", "state": "passed", "seconds": 0.0, "text": ""}]
    assert app.served_by() == "web-v1"
    assert "job" not in str(app.bed.kubectl("get", "jobs", "-n", app.namespace, "-o", "name"))


def test_without_the_right_to_forward_nothing_is_released(app: App, bed: Bed) -> None:
    """Whoever may not forward a port is told so, and the traffic stays."""
    deployment = app.deploy("registry.test/hello:v1")
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "reader"},
        "rules": rules,
    }
    subjects = [{"kind": "User", "name": "reader", "apiGroup": "rbac.authorization.k8s.io"}]
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
    binding = {"apiVersion": role["apiVersion"], "kind": "RoleBinding", "metadata": {"name": "reader"},
               "subjects": subjects, "roleRef": ref}  # fmt: skip
    app.apply(role)
    app.apply(binding)
    kubeconfig = bed.user("reader")
    deployment.cluster.kubeconfig = str(kubeconfig)
    deployment.cluster.context = bed.kubectl("config", "current-context", f"--kubeconfig={kubeconfig}").strip()
    said = Gate(app, kubeconfig).refused(deployment, version(1))
    assert "no way leads to the deployment" in said
    assert "pods/portforward" in said or "open a port-forward" in said
    assert not [name for name in app.objects() if name.startswith("service/")]


def test_a_release_without_a_word_about_its_plugin(app: App) -> None:
    """The wrapped plugin is found by the deployment's type, and its release is kept with it."""
    reply = Gate(app).release(app.deploy("registry.test/hello:v1"))
    kept = Release.FromString(reply.result.value)
    assert kept.plugin == "team-k8s"
    assert kept.release.type_url.endswith("/team_k8s.v1.Release")
    assert reply.release.url == kept.url


def served_by(bed: Bed, namespace: str) -> str:
    """Give the name of the deployment that has the traffic."""
    return bed.kubectl("get", "service", "web", "-n", namespace, "-o", "jsonpath={.spec.selector.name}")


def test_behaviour_25_on_kubernetes(bed: Bed, namespace: str, tmp_path: Path) -> None:
    """The example: a private deployment of team-k8s is tested by port-forward; only a good one gets the traffic."""
    project = Project(tmp_path, bed.kubeconfig)
    (project.app / ".waypoint" / "plugins" / "waypoint-plugin-test").symlink_to(BIN / "waypoint-plugin-test")
    project.file.write_text(EXAMPLE.read_text())
    project.change('use "team-k8s" {}', f'use "team-k8s" {{ namespace = "{namespace}" }}')
    host = Host(project)
    for operation in ("build", "deploy", "release"):
        done = host(operation)
        assert done.code == 0, (operation, done.error)
    assert served_by(bed, namespace) == "web-v1"
    project.change("hello:v1", "hello:v2")
    for operation in ("build", "deploy"):
        assert host(operation).code == 0
    refused = host("release")
    assert refused.code == 1
    assert "the traffic stays where it is" in refused.error["text"]
    assert served_by(bed, namespace) == "web-v1"
    project.change("hello from v1", "hello from v2")
    assert host("release").code == 0
    assert served_by(bed, namespace) == "web-v2"
    assert host("status").result["ReleaseManager"]["health"] == "READY"
    assert host("destroy").result["left"] == []


BUILTIN = """project = "shop"

app "web" {{
  build {{
    use "team-k8s" {{ image = "registry.test/hello:v1" }}
  }}
  deploy {{
    use "kubernetes" {{ namespace = "{namespace}" }}
  }}
  release {{
    use "test" {{
      options = {{ namespace = "{namespace}", port = "8080" }}

      test "decides" {{
        kind    = "command"
        command = ["test", "-e", "good"]
      }}
    }}
  }}
}}
"""


@pytest.mark.flaky(reruns=1, only_rerun="HostHungError")
def test_a_builtin_releaser_of_the_real_waypoint(bed: Bed, tmp_path: Path) -> None:
    """Waypoint's own kubernetes is found by the type of its deployment, started from Waypoint itself, and gated."""
    with bed.namespace("real") as namespace:
        project = Project(tmp_path, bed.kubeconfig)
        (project.app / ".waypoint" / "plugins" / "waypoint-plugin-test").symlink_to(BIN / "waypoint-plugin-test")
        project.file.write_text(BUILTIN.format(namespace=namespace))
        assert project.waypoint("init").code == 0
        refused = project.waypoint("up", "-plain")
        assert refused.code != 0
        assert "1 of 1 tests failed: decides" in refused.output
        assert not bed.kubectl("get", "services", "-n", namespace, "-o", "name").strip()
        (project.app / "good").touch()
        released = project.waypoint("up", "-plain")
        assert released.code == 0, released.output
        assert "releasing with kubernetes" in released.output
        service = json.loads(bed.kubectl("get", "service", "web", "-n", namespace, "-o", "json"))
        assert [port["port"] for port in service["spec"]["ports"]] == [8080]
