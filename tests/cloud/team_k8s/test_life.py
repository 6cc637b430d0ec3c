"""Release, status, logs, exec and destroy, on a real API server and where it matters on a real node."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import grpc
import pytest
from app import waited

from waypaas_sdk.gen.hashicorp.waypoint.sdk import arguments_pb2, resources_pb2

if TYPE_CHECKING:
    from app import App

    from testbed.fixture import Bed

Args = arguments_pb2.Args
Health = resources_pb2.StatusReport.Health


def test_behaviour_14_release_is_a_flip_of_the_selector(app: App) -> None:
    """A release changes the Service's selector and nothing else of it; releasing the older one flips it back."""
    first = app.deploy("registry.test/any:1")
    second = app.deploy("registry.test/any:2", sequence=2)
    app.release(first)
    before = app.get("service", "web")
    app.release(second)
    after = app.get("service", "web")

    assert app.served_by() == "web-v2"
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"] | {"selector": after["spec"]["selector"]}
    app.release(first)
    assert app.get("service", "web")["spec"] == before["spec"]


def test_behaviour_14_each_workspace_has_its_service(app: App) -> None:
    """The Service is named after the app, in other workspaces than the default after app and workspace."""
    app.release(app.deploy("registry.test/any:1"))
    app.release(app.deploy("registry.test/any:1", 2, "staging"), "staging")
    assert {"service/web", "service/web-staging"} <= set(app.objects())
    assert app.served_by() == "web-v1"


def test_release_of_what_is_gone_keeps_the_traffic(app: App) -> None:
    """A deployment that is not there any more, or has no ready pod, is not released; the traffic stays."""
    first, second = app.deploy("registry.test/any:1"), app.deploy("registry.test/any:1", 2)
    app.release(second)
    app.destroy(first)
    with pytest.raises(grpc.RpcError, match=r"is not in namespace .* any more") as caught:
        app.release(first)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert app.served_by() == "web-v2"


def test_release_does_not_take_a_foreign_service(app: App) -> None:
    """A Service of the app's name that somebody else made stays as it is, and the text says how to hand it over."""
    port = {"port": 80, "targetPort": 80}
    app.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [port]}})
    before = app.get("service", "web")
    deployed = app.deploy("registry.test/any:1")
    with pytest.raises(grpc.RpcError, match="kubectl label service web"):
        app.release(deployed)
    assert app.get("service", "web") == before


def test_behaviour_15_an_old_release_does_not_take_the_service_along(app: App) -> None:
    """Destroying the older release and its deployment, as prune does, leaves the live Service and its pods."""
    first, second = app.deploy("registry.test/any:1"), app.deploy("registry.test/any:2", 2)
    old, live = app.release(first), app.release(second)

    assert app.destroy(old) == []
    assert app.destroy(first) == ["Deployment/web-v1"]
    assert app.served_by() == "web-v2"
    assert app.status(live).health == Health.READY


def test_behaviour_17_health_follows_the_cluster(app: App) -> None:
    """READY with all replicas, PARTIAL with some, MISSING when somebody else has removed it; never an error."""
    deployed = app.deploy("registry.test/any:1", replicas=2)
    report = app.status(deployed)
    assert (report.health, report.health_message) == (Health.READY, "2 of 2 replicas ready")
    assert report.HasField("generated_time")
    assert {part.type for part in report.resources} == {"Deployment", "Pod"}
    assert all(part.declared_resource.name == "web-v1" for part in report.resources)
    assert all(part.platform_url.startswith(app.bed.url) for part in report.resources)

    app.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "small"},
            "spec": {"hard": {"pods": "2"}},
        }
    )
    app.bed.kubectl("scale", "deployment", "web-v1", "--replicas=3", "-n", app.namespace)
    assert waited(lambda: app.status(deployed).health == Health.PARTIAL)
    app.bed.kubectl("delete", "deployment", "web-v1", "-n", app.namespace)
    assert app.status(deployed).health == Health.MISSING


def test_behaviour_17_a_deployment_whose_pods_crash_is_down(app: App) -> None:
    """A deployment whose pods began to crash is DOWN, with the container and its exit code."""
    deployed = app.deploy("registry.test/any:1", replicas=1)
    patch = '{"spec":{"template":{"spec":{"containers":[{"name":"web","image":"faults.test/crash-loop"}]}}}}'
    strategy = '{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}'
    for change in (strategy, patch):
        app.bed.kubectl("patch", "deployment", "web-v1", "-n", app.namespace, "-p", change)
    assert waited(lambda: app.status(deployed).health == Health.DOWN)
    assert "exit code 1" in app.status(deployed).health_message


def test_behaviour_17_service_that_is_gone_is_missing(app: App) -> None:
    """A release whose Service is gone is MISSING, one without ready pods is DOWN."""
    deployed = app.deploy("registry.test/any:1", replicas=1)
    release = app.release(deployed)
    assert app.status(release).health == Health.READY
    app.bed.kubectl("scale", "deployment", "web-v1", "--replicas=0", "-n", app.namespace)
    assert waited(lambda: app.status(release).health == Health.DOWN)
    app.bed.kubectl("delete", "service", "web", "-n", app.namespace)
    assert app.status(release).health == Health.MISSING


def test_behaviour_18_logs_of_several_pods(real_app: App) -> None:
    """The logs of all pods arrive, each with its name, and go on as they are written."""
    deployed = real_app.deploy("registry.test/hello:v1", replicas=2)
    following = real_app.host.begin("platform", "Logs", deployed, *real_app.job("default"))
    assert real_app.host.logs.wait_for("tick 4", 30)
    assert waited(lambda: len({event.partition for event in real_app.host.logs.events}) == 2)
    following.cancel()

    by_pod: dict[str, list[str]] = {}
    for event in list(real_app.host.logs.events):
        by_pod.setdefault(event.partition, []).append(event.contents)
    for lines in by_pod.values():
        assert lines[0] == "hello v1: listening on port 8080"
        ticks = [line for line in lines if line.startswith("tick")]
        assert ticks == [f"tick {number}" for number in range(1, len(ticks) + 1)], "none lost, none twice"


def test_behaviour_18_logs_go_on_after_an_outage(real_app: App, bed: Bed) -> None:
    """When the API server goes away and comes back, the log goes on where it stopped: no line lost, none twice."""
    deployed = real_app.deploy("registry.test/hello:v1", replicas=1)
    following = real_app.host.begin("platform", "Logs", deployed, *real_app.job("default"))
    assert real_app.host.logs.wait_for("tick 2", 30)
    bed.stop_apiserver()
    time.sleep(3)
    bed.start_apiserver()
    seen = len(real_app.host.logs.lines)
    assert waited(lambda: len(real_app.host.logs.lines) > seen + 5, 60)
    following.cancel()

    ticks = [line for line in real_app.host.logs.lines if line.startswith("tick")]
    assert ticks == [f"tick {number}" for number in range(1, len(ticks) + 1)]


def test_behaviour_18_logs_of_a_new_pod(real_app: App) -> None:
    """A pod that comes while its log is followed is followed too, from its first line."""
    deployed = real_app.deploy("registry.test/hello:v1", replicas=1)
    following = real_app.host.begin("platform", "Logs", deployed, *real_app.job("default"))
    assert real_app.host.logs.wait_for("tick 1", 30)
    real_app.bed.kubectl("scale", "deployment", "web-v1", "--replicas=2", "-n", real_app.namespace)
    assert waited(lambda: real_app.host.logs.lines.count("hello v1: listening on port 8080") == 2, 60)
    following.cancel()


def exec_info(real_app: App, *command: str, tty: bool = False) -> Args.ExecSessionInfo:
    """Say what to run; its streams are the host's."""
    stream = real_app.host.plugin.broker.accept([real_app.host.exec.handler()])
    info = Args.ExecSessionInfo(stream_id=stream, args=command, is_tty=tty)
    if tty:
        info.term_type = "xterm"
        info.initial_window.height, info.initial_window.width = 40, 100
    return info


def test_behaviour_18_exec_with_a_terminal(real_app: App) -> None:
    """With a terminal the command sees its size, and each new one; its exit code comes back."""
    deployed = real_app.deploy("registry.test/hello:v1", replicas=1)
    info = exec_info(real_app, "sh", tty=True)
    running = real_app.host.begin("platform", "Exec", deployed, info, *real_app.job("default"))
    session = real_app.host.exec
    session.type(b"stty size\n")
    assert waited(lambda: b"40 100" in session.stdout), session.stdout
    session.resize(50, 120)
    time.sleep(0.5)
    session.type(b"stty size; exit 9\n")
    assert running.result(30).exit_code == 9
    assert b"50 120" in session.stdout


def test_behaviour_18_exec_without_a_terminal(real_app: App) -> None:
    """Without a terminal stdin is passed to its end, and stderr stays apart from stdout."""
    deployed = real_app.deploy("registry.test/hello:v1", replicas=1)
    info = exec_info(real_app, "sh", "-c", "cat; echo fault >&2; exit 3")
    running = real_app.host.begin("platform", "Exec", deployed, info, *real_app.job("default"))
    real_app.host.exec.type(b"typed")
    real_app.host.exec.close_input()
    assert running.result(30).exit_code == 3
    assert (real_app.host.exec.stdout, real_app.host.exec.stderr) == (b"typed", b"fault\n")


def test_behaviour_19_exec_follows_the_standard_of_now(real_app: App) -> None:
    """The exec rule is that of the standards at the time of the call, and its refusal reaches the session."""
    deployed = real_app.deploy("registry.test/hello:v1", replicas=2, workspace="production")
    info = exec_info(real_app, "id")
    with pytest.raises(grpc.RpcError) as caught:
        real_app.host.begin("platform", "Exec", deployed, info, *real_app.job("production")).result(30)
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "not permitted in production" in str(caught.value.details())
    assert b"not permitted in production" in real_app.host.exec.stderr
    assert real_app.host.exec.stdout == b""


def test_behaviour_23_destroy_is_complete_and_idempotent(app: App) -> None:
    """Destroy removes all of a deployment, and again it has nothing to do and succeeds."""
    deployed = app.deploy("registry.test/any:1", replicas=2, autoscale={"max_replicas": 4})
    release = app.release(deployed)
    assert app.destroy(release) == ["Ingress/web", "Service/web"]
    companions = ["HorizontalPodAutoscaler/web-v1", "PodDisruptionBudget/web-v1"]
    assert app.destroy(deployed) == ["Deployment/web-v1", *companions]
    assert app.objects() == []
    app.destroy(release)
    app.destroy(deployed)


def test_behaviour_23_destroy_needs_no_standards(app: App) -> None:
    """Destroy works from what Waypoint keeps alone, though standards and waypoint.hcl say something else by now."""
    deployed = app.deploy("registry.test/any:1")
    app.release(deployed)
    (app.path / "waypoint.hcl").unlink()
    (app.path / ".waypaas.toml").write_text('standards = "/nonexistent"\n')
    app.host.configure("platform", {"namespace": "somewhere-else"})
    app.destroy(deployed)
    assert app.objects() == []


def test_behaviour_23_workspace_is_the_second_chance(app: App) -> None:
    """What Waypoint forgot goes with the workspace: of this app and this workspace, and of nothing else."""
    forgotten = app.deploy("registry.test/any:1")
    app.release(forgotten)
    app.deploy("registry.test/any:2", 2)
    app.deploy("registry.test/any:3", 3, "staging")
    app.host.invoke("platform", "DestroyWorkspace", forgotten, *app.job("default"))
    assert {name for name in app.objects() if name.startswith(("deploy", "service"))} == {"deployment.apps/web-v3"}


def test_behaviour_23_destroy_outlives_an_outage(app: App, bed: Bed) -> None:
    """A destroy that finds the API server away waits for it, says so, and completes."""
    deployed = app.deploy("registry.test/any:1")
    bed.stop_apiserver()
    back = threading.Timer(5, bed.start_apiserver)
    back.start()
    gone = app.destroy(deployed)
    back.join()
    assert gone == ["Deployment/web-v1"]
    assert "waiting for the API server" in app.host.ui.text
    assert app.objects() == []
