"""Undo a deploy, or a release by steps, whose plugin process was killed; a process of its own.

See `teamplugin.guardian`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from teamplugin import guardian

if TYPE_CHECKING:
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2

UNDO_PATIENCE_SECONDS = 600.0
"""How long it goes on trying while AWS is away."""

PAUSE_SECONDS = 5.0


def guarded(deployment: team_ecs_pb2.Deployment, kinds: list[str]) -> guardian.Guarded:
    """Guard a deploy while the block lasts.

    Args:
        deployment: As far as it is known: its id, name, place and identity.
        kinds: Of its parts, in the order in which they are made.

    Returns:
        To be entered.
    """
    task = {"deployment": deployment.SerializeToString().hex(), "kinds": kinds}
    return guardian.Guarded("team_ecs.guardian", task)


def guarded_traffic(target: team_ecs_pb2.Deployment, rule_arn: str, back: dict[str, Any]) -> guardian.Guarded:
    """Guard a release by steps while the block lasts.

    Args:
        target: The deployment that is to get the traffic.
        rule_arn: Of the app's rule.
        back: What the rule shall be if the release is cut off.

    Returns:
        To be entered.
    """
    task = {"deployment": target.SerializeToString().hex(), "rule": rule_arn, "back": back}
    return guardian.Guarded("team_ecs.guardian", task)


def undo(task: dict[str, Any]) -> int:
    """Remove what a deploy was making, or give the traffic back that a release shared out.

    Args:
        task: As `guarded` or `guarded_traffic` wrote it.

    Returns:
        Exit code: 1 if it could not be done.
    """
    from team_ecs import destroying, shifting  # noqa: PLC0415  # nothing is loaded unless something is to be undone
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2  # noqa: PLC0415
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415

    deployment = team_ecs_pb2.Deployment.FromString(bytes.fromhex(task["deployment"]))
    deadline = time.monotonic() + UNDO_PATIENCE_SECONDS
    while True:
        try:
            if "rule" in task:
                shifting.undo(deployment, task["rule"], task["back"])
            else:
                destroying.undo(deployment, task["kinds"])
        except PluginError:
            if time.monotonic() > deadline:
                return 1
            time.sleep(PAUSE_SECONDS)
        else:
            return 0


if __name__ == "__main__":
    raise SystemExit(guardian.wait(undo))
