"""What a component's operations give back to Waypoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.message import Message

    from waypaas_sdk.resources import Resource


@dataclass(frozen=True)
class Result:
    """The outcome of build, push, deploy, release or start.

    A method may return the bare message where it has nothing to add.

    Args:
        message: What later operations get as their argument. It has to carry all
            that they need to find what was made: they must not depend on
            waypoint.hcl, which may have changed by then.
        url: Where the deployment or release is reached; empty if nowhere.
        resources: What the operation made, for `waypoint status` and destroy.
        template_data: JSON-able; `artifact.*` or `deploy.*` in waypoint.hcl. No secrets.
        labels: Of a build only.
    """

    message: Message
    url: str = ""
    resources: Sequence[Resource] = ()
    template_data: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConfigValue:
    """One value that a config sourcer read.

    Args:
        name: As it was asked for.
        value: Text, or a JSON-able structure, or the error that reading this one met.
    """

    name: str
    value: str | Mapping[str, Any] | Sequence[Any] | Exception
