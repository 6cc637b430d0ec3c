"""Where in AWS an app is."""

from __future__ import annotations

import os
from dataclasses import dataclass

from waypaas_sdk.errors import OptionError


@dataclass(frozen=True)
class Place:
    """Where in AWS.

    Args:
        region: Of AWS.
        account: Twelve digits; empty as long as nobody has asked.
        cluster: Name of the ECS cluster.
        listener_arn: Listener whose rules are ours; empty for a worker.
        service: Address of the team config service that gives the right to it; empty for the user's own credentials.
    """

    region: str
    account: str
    cluster: str
    listener_arn: str = ""
    service: str = ""


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
