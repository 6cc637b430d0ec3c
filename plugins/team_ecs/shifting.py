"""Shift an app's traffic to another target group: all at once, or by steps with time to look between them."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

from team_ecs import diagnose, routing
from teamconfig import units
from waypaas_sdk.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from team_ecs.cloud import Cloud
    from team_ecs.order import Request
    from teamconfig.model.ecs import Canary
    from waypaas_sdk.call import Call

LOOK_SECONDS = 5.0


def shift(
    cloud: Cloud,
    call: Call,
    rule: Mapping[str, Any],
    request: Request,
    canary: Canary | None,
    tell: Callable[[str], None],
) -> None:
    """Change the app's rule.

    Args:
        cloud: Where it is.
        call: Ends the waits when cancelled; then the traffic goes back.
        rule: The app's, as AWS tells it.
        request: What it shall be in the end: conditions, and the action that forwards to one target group.
        canary: Steps by standard; None for all at once.
        tell: Told what is awaited.

    Raises:
        StateError: The new one did not keep well; the traffic is where it was.
        PluginError: AWS refuses.
        CancelledError: The call was cancelled; the traffic is where it was.
    """
    (new,) = routing.targets({"Actions": request["Actions"]})
    old = next((arn for arn in routing.targets(rule) if arn != new), "")
    steps = canary.steps if canary is not None and canary.steps else []
    if old and steps and not _is_back(old, new):
        try:
            _by_steps(cloud, call, (rule, request), (old, new), steps, canary, tell)
        except BaseException:
            back = {"Conditions": request["Conditions"], "Actions": routing.forward(old)}
            cloud.again().ask("elbv2", "ModifyRule", RuleArn=rule["RuleArn"], **back)
            raise
    cloud.ask("elbv2", "ModifyRule", RuleArn=rule["RuleArn"], **request)


def _by_steps(
    cloud: Cloud,
    call: Call,
    rules: tuple[Mapping[str, Any], Request],
    arns: tuple[str, str],
    steps: list[str],
    canary: Canary | None,
    tell: Callable[[str], None],
) -> None:
    (rule, request), (old, new) = rules, arns
    seconds = units.parse_duration((canary and canary.bake) or "1m").total_seconds()
    for percent in sorted(int(step) for step in steps):
        actions = routing.forward_split({old: 100 - percent, new: percent})
        split = {"Conditions": request["Conditions"], "Actions": actions}
        cloud.ask("elbv2", "ModifyRule", RuleArn=rule["RuleArn"], **split)
        tell(f"{percent} % of the traffic for {seconds:g} s")
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
