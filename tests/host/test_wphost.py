"""An app's life through Waypoint's own Go code: what exactly reaches the host."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from project import Project
from wphost import Host

if TYPE_CHECKING:
    from pathlib import Path

    from testbed.fixture import Bed

PLAIN = 'use "team-k8s" {}'


@pytest.fixture
def project(bed: Bed, namespace: str, tmp_path: Path) -> Project:
    """Give a project whose app goes to the fresh namespace; no server of Waypoint knows it."""
    made = Project(tmp_path, bed.kubeconfig)
    made.change(PLAIN, f'use "team-k8s" {{ namespace = "{namespace}" }}')
    return made


@pytest.fixture
def host(project: Project) -> Host:
    """Give a host for the project."""
    return Host(project)


@pytest.fixture
def deployed(host: Host) -> Host:
    """Give a host whose app is built and deployed."""
    for operation in ("build", "deploy"):
        assert host(operation).code == 0
    return host


def objects(bed: Bed, namespace: str) -> list[str]:
    """Give the names of what lives in a namespace."""
    return bed.kubectl("get", "deployments,replicasets,pods,services", "-n", namespace, "-o", "name").split()


def stored(host: Host) -> dict[str, str]:
    """Give the types of the messages that the host keeps."""
    state = json.loads(host.state.read_text())
    records = {"artifact": state["Artifact"], "deployment": state["Deployments"][0], "release": state["Releases"][0]}
    return {name: record["Message"]["type_url"].rpartition("/")[2] for name, record in records.items()}


def test_life_of_an_app(host: Host, bed: Bed, namespace: str) -> None:
    """An app is built, deployed, released by the platform's default releaser, looked at, entered and destroyed."""
    assert host("init").result == {"event": "result", "Builder": "team-k8s", "Platform": "team-k8s"}

    built = host("build")
    assert built.result["type"].endswith("/docker.Image")
    assert built.result["template"] == {"image": "registry.test/hello", "tag": "v1", "registry": {}}
    assert "Image registry.test/hello:v1" in built.ui

    deployed = host("deploy")
    assert deployed.result["sequence"] == 1
    assert deployed.result["declared"] == ["web-v1"]
    assert deployed.result["template"]["id"] == deployed.result["id"]
    assert "-> Deployment web-v1: all 1 replicas are ready" in deployed.ui
    assert "deployment.apps/web-v1" in objects(bed, namespace)

    released = host("release")
    assert released.result["url"] == "http://web.dev.acme.example"
    assert released.result["declared"] == ["web", "web"], "the Service and the Ingress"
    assert stored(host) == {
        "artifact": "docker.Image",
        "deployment": "team_k8s.v1.Deployment",
        "release": "team_k8s.v1.Release",
    }

    report = host("status").result["Platform"]
    assert report["health"] == "READY"
    assert report["generatedTime"]
    assert {resource["type"]: resource["health"] for resource in report["resources"]} == {
        "Deployment": "READY",
        "Pod": "READY",
    }
    assert all(resource["declaredResource"] == {"name": "web-v1"} for resource in report["resources"])
    assert host("status").result["Platform"]["health"] == "READY", "with the last report at hand"

    followed = host("logs", "5s")
    assert followed.result["ended_by"] == "host"
    assert followed.lines[0] == "hello v1: listening on port 8080"
    assert "tick 1" in followed.lines

    executed = host("exec", "sh", "-c", "id; echo fault >&2; exit 7")
    assert executed.result["exit_code"] == 7
    assert executed.output().startswith(b"uid=65532")
    assert executed.output("stderr") == b"fault\n"

    destroyed = host("destroy")
    assert destroyed.result["left"] == []
    assert set(destroyed.result["destroyed"]) >= {"web-v1"}
    assert objects(bed, namespace) == []


def test_release_stanza_of_its_own(host: Host, project: Project, bed: Bed, namespace: str) -> None:
    """A release manager that the app names is asked for release, status and destroy; its stanza may use results."""
    text = project.file.read_text().rstrip().removesuffix("}")
    stanza = '  release {\n    use "team-k8s" { namespace = deploy.cluster.namespace }\n  }\n}\n'
    project.file.write_text(text + stanza)
    for operation in ("build", "deploy", "release"):
        assert host(operation).code == 0, operation

    assert host("init").result["ReleaseManager"] == "team-k8s"
    reports = host("status").result
    assert (reports["Platform"]["health"], reports["ReleaseManager"]["health"]) == ("READY", "READY")
    assert set(host("destroy").result["destroyed"]) == {"web-v1", "web"}
    assert objects(bed, namespace) == []


def test_releasing_an_older_deployment(deployed: Host, bed: Bed, namespace: str) -> None:
    """A release sends the traffic to the deployment that it is given, not to the newest."""
    assert deployed("deploy").result["sequence"] == 2
    for number in ("2", "1"):
        assert deployed("-deployment", number, "release").code == 0
        selector = bed.kubectl("get", "service", "web", "-n", namespace, "-o", "jsonpath={.spec.selector.name}")
        assert selector == f"web-v{number}"


@pytest.mark.parametrize("operation", ["init", "build"])
def test_unknown_option_is_refused_by_the_host(host: Host, project: Project, operation: str) -> None:
    """An option that the plugin has not declared is refused by the host, with the place in the file."""
    project.change('image = "registry.test/hello:v1"', 'imagge = "registry.test/hello:v1"')
    error = host(operation).error

    assert (
        'waypoint.hcl:5,22-28: Unsupported argument; An argument named "imagge" is not expected here.' in error["text"]
    )
    assert not list(host(operation).of("ui"))


def test_wrong_value_is_refused_by_the_plugin(host: Host, project: Project) -> None:
    """A value that the plugin does not accept is refused when it is configured, in the plugin's words."""
    project.change("registry.test/hello:v1", "registry.test/hello:not a tag")
    done = host("build")

    assert done.code == 1
    assert "image" in done.error["text"]
    assert "not a tag" in done.error["text"]


def test_artifact_of_another_kind_is_refused_by_the_host(host: Host) -> None:
    """An artifact that no mapper makes a docker.Image of never reaches the plugin, and the missing type is named."""
    assert host("build").code == 0
    host.state.write_text(host.state.read_text().replace("/docker.Image", "/files.Artifact"))
    done = host("deploy")

    assert done.code == 1
    assert "docker.Image" in done.error["text"]
    assert not done.ui


def test_exec_of_a_failing_command(deployed: Host) -> None:
    """A command's exit code reaches the host, whatever it is; one that cannot be started is an error that names it."""
    assert deployed("exec", "false").result["exit_code"] == 1
    assert deployed("exec", "sh", "-c", "kill -9 $$").result["exit_code"] == 137
    missing = deployed("exec", "no-such-program")
    assert missing.code == 1
    assert "no-such-program" in missing.error["text"]


def test_exec_takes_input_to_its_end(deployed: Host) -> None:
    """The host's stdin is the command's, unharmed whatever its bytes are, and its end is seen by the command."""
    sent = bytes(range(256)) * 400
    done = deployed("exec", "cat", stdin=sent)

    assert done.result["exit_code"] == 0
    assert done.output() == sent


def test_interrupted_deploy_is_undone(host: Host, project: Project, bed: Bed, namespace: str) -> None:
    """A deploy that the host cancels ends as cancelled, and leaves nothing in the cluster."""
    project.change("hello:v1", "hello:slow")
    assert host("build").code == 0
    child = host.start("deploy")
    deadline = time.monotonic() + 30
    while not objects(bed, namespace) and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(child.pid, signal.SIGINT)
    done = host.finish(child)
    deadline = time.monotonic() + 30
    while objects(bed, namespace) and time.monotonic() < deadline:
        time.sleep(0.3)

    assert done.error["code"] == "Canceled"
    assert objects(bed, namespace) == []


def test_logs_end_when_the_host_is_interrupted(deployed: Host) -> None:
    """Following a log ends with an interrupt, and what was read until then has reached the host."""
    child = deployed.start("logs")
    time.sleep(4)
    os.kill(child.pid, signal.SIGINT)
    done = deployed.finish(child)

    assert done.result["ended_by"] == "host"
    assert "hello v1: listening on port 8080" in done.lines


def test_exec_of_a_silent_command_ends_when_interrupted(deployed: Host) -> None:
    """An exec session in which nothing is said ends with an interrupt, before the host has to kill the plugin."""
    child = deployed.start("exec", "sleep", "60")
    time.sleep(3)
    os.kill(child.pid, signal.SIGINT)
    done = deployed.finish(child)

    assert done.error["code"] == "Canceled"
    assert not [event for event in done.of("log") if event["@message"] == "plugin failed to exit gracefully"]
