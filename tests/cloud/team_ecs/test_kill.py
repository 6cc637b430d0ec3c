"""A deploy that is cut off at each step, by whatever: what remains at AWS."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import grpc
import pytest
from ecsapp import waited
from test_failures import MAKING

from testservers.awsanswers import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from ecsapp import App

LAST = Script()
"""The deploy comes to its last step only where all is well."""

STEPS = (*MAKING, "elasticloadbalancing:DescribeTargetHealth")


def at(app: App, step: str, cut: Callable[[], object]) -> None:
    """Cut the deploy off when it makes a call, which AWS carries out all the same."""

    def heard(action: str) -> None:
        if action == step:
            app.aws.proxy.before = lambda _: None
            cut()

    app.aws.proxy.before = heard


@pytest.mark.parametrize("step", STEPS)
def test_behaviour_10_killed_at_each_step(app: App, step: str) -> None:
    """Killed at any step, a deploy leaves nothing: its guardian removes what was made, and no more."""
    app.use({"autoscale": {"max_count": 4}})
    app.aws.proxy.script("", LAST if step == "ecs:TagResource" else Script(initial_looks=-1))
    at(app, step, app.host.plugin.kill)
    with pytest.raises(grpc.RpcError):
        app.begin().result(60)
    assert waited(lambda: app.left() == [] and "ecs:DeregisterTaskDefinition" in app.aws.proxy.actions(), 90), (
        app.left()
    )


@pytest.mark.parametrize("step", STEPS)
def test_behaviour_10_cancelled_at_each_step(app: App, step: str) -> None:
    """Cancelled at any step, a deploy ends as cancelled and leaves nothing."""
    app.use({"autoscale": {"max_count": 4}})
    app.aws.proxy.script("", LAST if step == "ecs:TagResource" else Script(initial_looks=-1))
    running = app.begin()
    at(app, step, running.cancel)
    assert waited(running.cancelled, 60)
    assert waited(lambda: app.left() == [] and "ecs:DeregisterTaskDefinition" in app.aws.proxy.actions(), 90), (
        app.left()
    )


def test_behaviour_10_asked_to_end(app: App) -> None:
    """SIGTERM cancels the running deploy beside a live one; the process ends when that is undone."""
    first = app.deploy()
    app.release(first)
    app.aws.proxy.script("", Script(pending_looks=0, initial_looks=-1))
    at(app, "ecs:CreateService", lambda: os.kill(app.host.plugin.pid, signal.SIGTERM))
    with pytest.raises(grpc.RpcError, match="deploy was cancelled"):
        app.begin(sequence=2).result(60)
    assert waited(lambda: app.host.plugin.exit_code == 0)
    assert [name for name in app.left() if "-v2" in name] == []
    assert app.served_by() == first.name
