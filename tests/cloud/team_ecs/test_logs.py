"""Logs of tasks, by CloudWatch Logs on moto."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from ecsapp import waited

from testservers.awsproxy import Fault

if TYPE_CHECKING:
    from ecsapp import App

GROUP = "/ecs/payments/web"


@pytest.fixture
def logged(app: App) -> App:
    """Give an app that has a log group."""
    app.aws.client("logs").create_log_group(logGroupName=GROUP)
    return app


def test_routed_logs_say_so(logged: App) -> None:
    """Where a log router takes the app's log elsewhere, the reader is told so before the router's own log."""
    logged.use({"firelens": {"image": "registry.test/fluent-bit:2", "options": {"Name": "http"}}})
    following = logged.host.begin("platform", "Logs", logged.deploy(), *logged.job("default"))
    assert waited(lambda: any("goes elsewhere by its log router" in line for line in logged.host.logs.lines))
    following.cancel()


def write(app: App, stream: str, *lines: str, ago: float = 0.0) -> None:
    """Write lines as a task does."""
    logs = app.aws.client("logs")
    known = logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"]
    if not known:
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    now = int((time.time() - ago) * 1000)
    events = [{"timestamp": now + number, "message": line} for number, line in enumerate(lines)]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def test_behaviour_18_logs_of_several_tasks(logged: App) -> None:
    """The logs of all tasks arrive, each with its task, go on as they are written, and those of others do not."""
    deployed = logged.deploy()
    one, two = f"{deployed.name}/web/0a1b2c3d4e5f", f"{deployed.name}/web/9f8e7d6c5b4a"
    write(logged, one, "first", "second")
    write(logged, "web-152b26f8-v10/web/aaaa", "of another deployment")
    following = logged.host.begin("platform", "Logs", deployed, *logged.job("default"))
    assert logged.host.logs.wait_for("second", 30)
    write(logged, two, "third")
    assert logged.host.logs.wait_for("third", 30)
    following.cancel()
    assert logged.host.logs.lines == ["first", "second", "third"]
    assert [event.partition for event in logged.host.logs.events] == ["0a1b2c3d/web", "0a1b2c3d/web", "9f8e7d6c/web"]


def test_behaviour_18_late_lines_are_not_lost(logged: App) -> None:
    """A line that comes 20 s late is shown, once, and so is one while AWS throttles."""
    deployed = logged.deploy()
    write(logged, f"{deployed.name}/web/0a1b2c3d4e5f", "on time")
    following = logged.host.begin("platform", "Logs", deployed, *logged.job("default"))
    assert logged.host.logs.wait_for("on time", 30)
    logged.aws.proxy.add(Fault("logs:FilterLogEvents", times=2))
    write(logged, f"{deployed.name}/web/9f8e7d6c5b4a", "late", ago=20.0)
    assert logged.host.logs.wait_for("late", 60)
    rounds = logged.aws.proxy.actions().count("logs:FilterLogEvents")
    assert waited(lambda: logged.aws.proxy.actions().count("logs:FilterLogEvents") >= rounds + 2)
    following.cancel()
    assert logged.host.logs.lines == ["on time", "late"]


def test_behaviour_18_the_tail_and_the_rate(logged: App) -> None:
    """The first lines are the last 200, and CloudWatch is asked no more than once in 2 seconds."""
    deployed = logged.deploy()
    write(logged, f"{deployed.name}/web/0a1b2c3d4e5f", *(f"line {number:03}" for number in range(300)))
    following = logged.host.begin("platform", "Logs", deployed, *logged.job("default"))
    assert logged.host.logs.wait_for("line 299", 30)
    asked = logged.aws.proxy.actions().count("logs:FilterLogEvents")
    time.sleep(5)
    following.cancel()
    assert logged.host.logs.lines == [f"line {number:03}" for number in range(100, 300)]
    assert logged.aws.proxy.actions().count("logs:FilterLogEvents") - asked <= 3
