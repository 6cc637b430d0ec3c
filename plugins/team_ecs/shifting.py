"""Shift an app's traffic to another target group: all at once, or by steps with time to look between them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from team_ecs import diagnose, doors, guardian, messages, routing
from teamconfig import units
from waypaas_sdk.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.cloud import Cloud
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
    from team_ecs.order import Request
    from teamconfig.model.ecs import Canary
    from waypaas_sdk.call import Call

LOOK_SECONDS = 5.0


def shift(
    cloud: Cloud,
    call: Call,
    target: team_ecs_pb2.Deployment,
    rule: Mapping[str, Any],
    request: Request,
    canary: Canary | None,
) -> None:
    """Change the app's rule.

    Args:
        cloud: Where it is; its `notify` is told what is awaited.
        call: Ends the waits when cancelled; then the traffic goes back.
        target: The deployment that gets the traffic.
        rule: The app's, as AWS tells it.
        request: What it shall be in the end: conditions, and the action that forwards to one target group.
        canary: Steps by standard; None for all at once.

    Raises:
        StateError: The new one did not keep well; the traffic is where it was.
        PluginError: AWS refuses.
        CancelledError: The call was cancelled; the traffic is where it was.
    """
    new = target.target_group_arn
    old = next((arn for arn in routing.targets(rule) if arn != new), "")
    steps = canary.steps if canary is not None and canary.steps else []
    if not old or not steps or _is_back(old, new):
        doors.change(cloud, rule["RuleArn"], request)
        return
    back = request | {"Actions": routing.forward(old)}
    # Guarded to the last change: a process that is killed leaves all of the traffic with one deployment.
    with guardian.guarded_traffic(target, rule["RuleArn"], back):
        try:
            _by_steps(cloud, call, (rule, request), (old, new), canary)
        except BaseException:
            doors.change(cloud.again(), rule["RuleArn"], back)
            raise
        doors.change(cloud, rule["RuleArn"], request)


def undo(target: team_ecs_pb2.Deployment, rule_arn: str, back: Request) -> None:
    """Give the traffic back that a release shared out and that was cut off; one that came to its end stays.

    Args:
        target: The deployment that was to get it.
        rule_arn: Of the app's rule.
        back: What the rule was, with the conditions that it shall have.

    Raises:
        PluginError: AWS refuses.
    """
    cloud = messages.cloud(target.place, "deploy", target.identity, image=target.image)
    rule = next((rule for rule in cloud.rules() if rule["RuleArn"] == rule_arn), None)
    shared = set(routing.targets(rule)) if rule is not None else set()
    if target.target_group_arn in shared and len(shared) > 1:
        doors.change(cloud, rule_arn, back)


def _by_steps(
    cloud: Cloud, call: Call, rules: tuple[Mapping[str, Any], Request], arns: tuple[str, str], canary: Canary | None
) -> None:
    (rule, request), (old, new) = rules, arns
    seconds = units.parse_duration((canary and canary.bake) or "1m").total_seconds()
    for percent in sorted(int(step) for step in (canary and canary.steps) or ()):
        actions = routing.forward_split({old: 100 - percent, new: percent})
        doors.change(cloud, rule["RuleArn"], request | {"Actions": actions})
        cloud.notify(f"{percent} percent of the traffic for {seconds:g} s")
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            call.sleep(min(left, LOOK_SECONDS))
            refuse_unwell(cloud.health(new), f"with {percent} % of the traffic", "all of it is back where it was")


def refuse_unwell(targets: list[dict[str, Any]], when: str, outcome: str) -> None:
    """Refuse a target group that is empty, or not all of which is healthy.

    Args:
        targets: Of it, as AWS tells them.
        when: For the text.
        outcome: For the text: where the traffic is.

    Raises:
        StateError: It is not well.
    """
    unwell = diagnose.unwell(targets)
    if unwell or not diagnose.states(targets).get("healthy"):
        raise StateError(
            f"the deployment is not healthy {when}".rstrip(),
            why="; ".join([*(unwell or ["its target group is empty"]), outcome]),
            fix="see `waypoint status` and the log, or release another deployment",
        )


def _is_back(old: str, new: str) -> bool:
    """Tell whether an older deployment gets the traffic back: that shall not take time."""
    return _sequence(new) < _sequence(old)


def _sequence(arn: str) -> int:
    match = re.search(r"-v([0-9]+)/", arn)
    return int(match[1]) if match else 0
