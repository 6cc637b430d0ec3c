"""`wps plan` and `wps render`, against what the plugin really did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app import waited

if TYPE_CHECKING:
    from app import App


def wps(app: App, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run wps where the app is."""
    environ = os.environ | {"KUBECONFIG": str(app.bed.kubeconfig)}
    program = Path(sys.executable).with_name("wps")
    return subprocess.run([program, *arguments], cwd=app.path, env=environ, capture_output=True, text=True, check=False)


def use(app: App, options: str) -> None:
    """Let waypoint.hcl deploy to the app's namespace with some options."""
    file = app.path / "waypoint.hcl"
    original = file.with_suffix(".original")
    if not original.exists():
        original.write_text(file.read_text())
    stanza = f'use "team-k8s" {{\n      namespace = "{app.namespace}"\n      {options}\n    }}'
    file.write_text(original.read_text().replace('use "team-k8s" {}', stanza))


def deploy(app: App, **options: object) -> str:
    """Deploy and release; give the deployment's id."""
    deployed = app.deploy("registry.test/hello:v1", **options)
    app.release(deployed)
    return deployed.id


def test_nothing_is_deployed_yet(app: App) -> None:
    """Before the first deploy everything is to be created, which is exit code 2, and nothing is made."""
    use(app, "")
    done = wps(app, "plan")
    assert done.returncode == 2, done.stderr
    assert "nothing is deployed yet" in done.stdout
    assert "+ Deployment web-v1: create" in done.stdout
    assert app.objects() == []


def test_no_change(app: App) -> None:
    """What was just deployed is planned without any change, though the server added its defaults."""
    use(app, "replicas = 2")
    deploy(app, replicas=2)
    done = wps(app, "plan")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 to create, 0 to change, 0 to delete" in done.stdout


def test_changes_are_shown_by_field(app: App) -> None:
    """An option that changed is shown as the field that it changes, with both values, and so is what would go."""
    deploy(app, replicas=2)
    use(app, 'memory = "512Mi"')
    done = wps(app, "plan", "--image", "registry.test/hello:v2")
    assert done.returncode == 2, done.stderr
    assert "- spec.template.spec.containers[web].image: registry.test/hello:v1" in done.stdout
    assert "+ spec.template.spec.containers[web].image: registry.test/hello:v2" in done.stdout
    assert "+ spec.template.spec.containers[web].resources.limits.memory: 512Mi" in done.stdout
    assert "- PodDisruptionBudget web-v1: delete" in done.stdout, "one replica has no budget"
    changes = json.loads(wps(app, "plan", "--json").stdout)["changes"]
    assert {"Deployment", "PodDisruptionBudget"} == {c["kind"] for c in changes if c["action"] != "none"}


def test_the_autoscalers_replicas_are_no_change(app: App) -> None:
    """What the autoscaler made of the replicas is not planned to be taken back."""
    use(app, "replicas = 2\n      autoscale { max_replicas = 4 }")
    deploy(app, replicas=2, autoscale={"max_replicas": 4})
    app.bed.kubectl("scale", "deployment", "web-v1", "--replicas=3", "-n", app.namespace)
    assert wps(app, "plan").returncode == 0


def test_rendered_manifests_are_what_the_plugin_applies(app: App) -> None:
    """Applying what is rendered by kubectl, it finds nothing to change in what the plugin has deployed and released."""
    use(app, "replicas = 2")
    identity = deploy(app, replicas=2)
    rendered = wps(app, "render", "--sequence", "1", "--id", identity)
    assert rendered.returncode == 0, rendered.stderr
    # kubectl diff ends with 1, and so would raise, if it finds a difference.
    server_side = ["--server-side", "--field-manager=waypaas", "--force-conflicts"]
    shown = app.bed.kubectl("diff", *server_side, "-f", "-", stdin=rendered.stdout)
    assert shown.strip() == ""


def test_rendered_manifests_run_without_the_plugin(app: App, tmp_path: Path) -> None:
    """Kubectl alone brings a rendered app up, from a file for each object."""
    use(app, "replicas = 2")
    done = wps(app, "render", "--out", str(tmp_path / "manifests"))
    assert done.returncode == 0, done.stderr
    app.bed.kubectl("apply", "--server-side", "--field-manager=waypaas", "-f", str(tmp_path / "manifests"))
    assert waited(lambda: app.get("deployment", "web-v1")["status"].get("availableReplicas") == 2)
    assert app.served_by() == "web-v1"


def test_a_look_runs_nothing_of_the_app(app: App) -> None:
    """A kubeconfig that lies beside the app is not used by a look at it: it could name a program to run."""
    (app.path / "kubeconfig").write_text("{}")
    use(app, 'kubeconfig = "./kubeconfig"')
    done = wps(app, "plan")
    assert done.returncode == 1
    assert "lies in the repository of the app" in done.stderr


def test_a_cluster_that_is_not_there(app: App) -> None:
    """Without a cluster `wps plan` says so and what to do, with exit code 1; `wps render` needs none."""
    use(app, 'context = "elsewhere"')
    done = wps(app, "plan")
    assert done.returncode == 1
    assert "the kubeconfig has no context 'elsewhere'" in done.stderr
    assert wps(app, "render").returncode == 0
