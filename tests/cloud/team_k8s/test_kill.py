"""A deploy that is cut off, by whatever: what remains on the cluster, and what the user reads."""

from __future__ import annotations

import os
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import pytest
from app import waited

from team_k8s import deploying

if TYPE_CHECKING:
    from app import App

    from testbed.fixture import Bed


def under_way(app: App, image: str = "faults.test/never-ready") -> grpc.Future:
    """Begin a deploy beside a live version, and wait until its pods are there."""
    app.release(app.deploy("registry.test/any:1", replicas=1))
    running = app.begin(image, 2, replicas=2)
    assert waited(lambda: sum(name.startswith("pod/web-v2") for name in app.objects()) == 2)
    return running


def guardians(app: App) -> list[int]:
    """Give the processes that the plugin has started and not yet reaped, whichever of its threads did."""
    lists = Path(f"/proc/{app.host.plugin.pid}/task").glob("*/children")
    return [int(each) for listed in lists for each in listed.read_text().split()]


def only_the_first_version_is_left(app: App, seconds: float = 30.0) -> None:
    """Hold that nothing of the second deploy is left, and the first one serves."""
    assert waited(lambda: not any("web-v2" in name for name in app.objects()), seconds), app.objects()
    assert app.served_by() == "web-v1"
    assert app.get("deployment", "web-v1")["status"]["availableReplicas"] == 1


def test_behaviour_10_cancelled(app: App) -> None:
    """A deploy that is cancelled ends at once as cancelled; nothing of it is left."""
    running = under_way(app)
    running.cancel()
    only_the_first_version_is_left(app)
    assert running.code() is grpc.StatusCode.CANCELLED


def test_behaviour_10_plugin_killed(app: App) -> None:
    """A plugin that is killed in the middle of a deploy leaves nothing: its guardian removes what was made."""
    running = under_way(app)
    app.host.plugin.kill()
    with pytest.raises(grpc.RpcError) as caught:
        running.result(30)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    only_the_first_version_is_left(app)


def test_behaviour_10_plugin_killed_while_the_api_server_is_away(app: App, bed: Bed) -> None:
    """Killed while the API server is away, the guardian waits for it, and then removes what was made."""
    under_way(app)
    bed.stop_apiserver()
    app.host.plugin.kill()
    time.sleep(3)
    bed.start_apiserver()
    only_the_first_version_is_left(app, 60)


def test_behaviour_10_asked_to_end(app: App) -> None:
    """SIGTERM cancels the running deploy; the process ends when that is undone."""
    running = under_way(app)
    os.kill(app.host.plugin.pid, signal.SIGTERM)
    with pytest.raises(grpc.RpcError, match="deploy was cancelled"):
        running.result(60)
    only_the_first_version_is_left(app)
    assert waited(lambda: app.host.plugin.exit_code == 0)


def test_behaviour_10_no_guardian_stays_behind(app: App) -> None:
    """After a deploy that succeeded its guardian is gone, and has removed nothing."""
    app.deploy("registry.test/any:1")
    assert waited(lambda: not guardians(app)), "none runs, and none waits to be reaped"
    assert "deployment.apps/web-v1" in app.objects()


def test_api_server_away_for_20_s_in_a_rollout(app: App, bed: Bed) -> None:
    """A rollout outlives 20 s without the API server: the user reads what is waited for, then it succeeds."""
    running = app.begin("faults.test/slow-ready", replicas=2)
    assert waited(lambda: any(name.startswith("pod/") for name in app.objects()))
    bed.stop_apiserver()
    back = threading.Timer(20, bed.start_apiserver)
    back.start()
    running.result(120)
    back.join()
    assert app.ready("web-v1") == 2
    assert "waiting for the API server since" in app.host.ui.text


def test_behaviour_10_machine_lost(app: App) -> None:
    """What a lost machine left is known by the cluster's own word; a deploy that was ready once is not taken for it."""
    app.release(app.deploy("registry.test/any:1", replicas=1, rollout_timeout="4s"))
    running = app.begin("faults.test/never-ready", 2, replicas=1, rollout_timeout="4s")
    assert waited(lambda: "deployment.apps/web-v2" in app.objects())
    (guardian,) = guardians(app)
    os.kill(guardian, signal.SIGKILL)
    app.host.plugin.kill()
    with pytest.raises(grpc.RpcError):
        running.result(30)
    later = datetime.now(UTC) + timedelta(hours=1)
    assert waited(lambda: deploying.is_abandoned(app.get("deployment", "web-v2"), later), 30)
    assert not deploying.is_abandoned(app.get("deployment", "web-v2"), datetime.now(UTC))
    # The version that serves is scaled beyond its quota, and so is not complete either.
    app.bed.kubectl("create", "quota", "full", "-n", app.namespace, "--hard=pods=1")
    app.bed.kubectl("scale", "deployment", "web-v1", "-n", app.namespace, "--replicas=2")
    time.sleep(6)  # longer than its deadline
    assert app.get("deployment", "web-v1")["status"]["unavailableReplicas"] == 1
    assert not deploying.is_abandoned(app.get("deployment", "web-v1"), later)
