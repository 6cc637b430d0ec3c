"""Where in AWS an app is."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from waypaas_sdk.errors import OptionError

BALANCER = ":loadbalancer/"
"""In the ARN of a load balancer, not in that of its listener."""


@dataclass(frozen=True)
class Place:
    """Where in AWS.

    Args:
        region: Of AWS.
        account: Twelve digits; empty as long as nobody has asked.
        cluster: Name of the ECS cluster.
        listener_arn: Listener whose rules are ours; empty for a worker.
        service: Address of the team config service that gives the right to it; empty for the user's own credentials.
        network_arn: Network load balancer that the app has listeners of its own on; empty where it has rules.
    """

    region: str
    account: str
    cluster: str
    listener_arn: str = ""
    service: str = ""
    network_arn: str = ""

    @property
    def door(self) -> str:
        """ARN of what leads to the app: the shared listener, or the network load balancer; empty for a worker."""
        return self.network_arn or self.listener_arn

    def at(self, door: str) -> Place:
        """Give the same place with another listener or network load balancer.

        Args:
            door: ARN of one of them.

        Returns:
            The place.
        """
        network = BALANCER in door
        return replace(self, listener_arn="" if network else door, network_arn=door if network else "")


def region(standard: str | None) -> str:
    """Choose the region.

    Args:
        standard: That of the standards, if any.

    Returns:
        It, or that of AWS_REGION or AWS_DEFAULT_REGION.

    Raises:
        OptionError: None of them says it.
    """
    found = standard or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or ""
    if not found:
        raise OptionError(
            "no AWS region is set",
            why="neither the standard ecs.region nor AWS_REGION names one",
            fix="set ecs.region in the standards",
            where="ecs.region",
        )
    return found
