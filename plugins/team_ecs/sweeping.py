"""Sweep up what a deploy left whose machine was lost, and its guardian with it: Waypoint knows nothing of it.

A service says by a tag whether its deploy has come to its end. The next deploy
looks at the last few numbers before its own; what is older, and what was lost
before its service was made, goes with the workspace.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from team_ecs import destroying, names, removing, routing
from teamconfig import units
from waypaas_sdk.errors import PluginError
from waypaas_sdk.resources import destroy_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from team_ecs.cloud import Cloud
    from team_ecs.order import Order
    from waypaas_sdk.resources import Resource

LOOKED_AT = 9
"""Earlier deploys; with the new one as many as one question names."""

PATIENCE_SECONDS = 3600.0
"""Longer than its own rollout_timeout a deploy may take with making and undoing."""

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TIME_DIGITS = 10


def earlier(order: Order) -> list[str]:
    """Name the services of the deploys before this one."""
    first = max(order.sequence - LOOKED_AT, 1)
    return [names.service(order.identity, number) for number in range(first, order.sequence)]


def begun(deployment_id: str) -> float:
    """Read when a deploy began, from its ULID.

    Args:
        deployment_id: As Waypoint gives it.

    Returns:
        Seconds since 1970; the end of time where it is no ULID.
    """
    value = 0
    for sign in deployment_id[:TIME_DIGITS].upper():
        if sign not in DIGITS:
            return float("inf")
        value = value * len(DIGITS) + DIGITS.index(sign)
    return value / 1000 if len(deployment_id) >= TIME_DIGITS else float("inf")


def abandoned(order: Order, services: Iterable[Mapping[str, Any]], now: float) -> list[tuple[str, dict[str, str]]]:
    """Choose the services whose deploy has not come to its end, and cannot any more. Pure.

    Args:
        order: The deploy that looks; its rollout_timeout counts.
        services: Of the cluster, with their tags.
        now: Seconds since 1970.

    Returns:
        Names, each with the tags that all parts of that deploy have.
    """
    patience = units.parse_duration(order.standards.rollout_timeout or "15m").total_seconds() + PATIENCE_SECONDS
    found = []
    for service in services:
        tags = names.read(service.get("tags"))
        id_ = tags.get(names.DEPLOYMENT_TAG, "")
        lost = tags.get(names.STATE_TAG) == names.DEPLOYING and now - begun(id_) > patience
        if lost and id_ != order.deployment_id and names.has(tags, names.owner(order.identity)):
            found.append((str(service["serviceName"]), names.owner(order.identity) | {names.DEPLOYMENT_TAG: id_}))
    return found


def sweep(cloud: Cloud, order: Order, services: Iterable[Mapping[str, Any]], tell: Callable[[str], None]) -> None:
    """Remove what lost deploys have left; what cannot be removed is no failure of this deploy.

    Args:
        cloud: Where.
        order: The deploy that looks.
        services: Of the cluster, with their tags.
        tell: Told what is removed.
    """
    for name, tags in abandoned(order, services, time.time()):
        tell(f"removing {name}, which a deploy left that was cut off")
        try:
            if not _serves(cloud, order, name):
                parts = removing.Parts(cloud, name, tags, "", names.family(order.identity))
                resources = [removing.resource(kind, name, cloud) for kind in destroying.REMOVAL]
                destroy_all(resources, partial(_drop, parts))
        except PluginError as err:
            tell(f"{name} is left: {err.what}")


def _drop(parts: removing.Parts, part: Resource) -> None:
    parts.remove(part.type)


def _serves(cloud: Cloud, order: Order, name: str) -> bool:
    """Tell whether it has traffic all the same: somebody has seen to it by hand."""
    owner = names.owner(order.identity) | {names.KIND_TAG: names.TRAFFIC}
    return any(f"/{name}/" in arn for rule in cloud.own_rules(owner) for arn in routing.targets(rule))
