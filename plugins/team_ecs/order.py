"""What a deploy is asked for: the input of every plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from team_ecs import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.model import Ecs
    from teamplugin.identity import Identity

Request = dict[str, Any]
"""Parameters of one operation, as boto3 takes them."""


@dataclass(frozen=True)
class Order:
    """What is to be deployed.

    Args:
        identity: Whose it is.
        standards: The resolved section `ecs`.
        image: Reference with tag or digest.
        deployment_id: ULID from Waypoint.
        sequence: Waypoint's count of the app's deployments.
        region: Of AWS.
        roles: Prefix of the ARN of a role that is named only: "arn:aws:iam::111122223333:role/".
        architecture: Of the image, where it says so.
        environment: Variables of Waypoint itself, by name.
        labels: Tags of everything, by standard of the team's observability.
        variables: Of the app, by standard of the team's observability.
        protected: Nobody opens a shell in this environment.
        door: ARN of the listener or network load balancer that leads to it; empty for a worker.
    """

    identity: Identity
    standards: Ecs
    image: str
    deployment_id: str
    sequence: int
    region: str
    roles: str = ""
    architecture: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    protected: bool = False
    door: str = ""

    @property
    def name(self) -> str:
        """Of service and target group."""
        return names.service(self.identity, self.sequence)

    @property
    def port(self) -> int:
        """That the app listens on, 0 for a worker."""
        return self.standards.port or 0

    @property
    def tags(self) -> dict[str, str]:
        """Of everything that the deploy makes: by the standards, and whose it is, which cannot be overwritten."""
        return tags(self.standards, self.labels, self.identity) | {names.DEPLOYMENT_TAG: self.deployment_id}

    def role(self, name: str) -> str:
        """Give the ARN of a role that the standards name, or write in full."""
        return name if name.startswith("arn:") else f"{self.roles}{name}"


def tags(standards: Ecs, labels: Mapping[str, str], identity: Identity) -> dict[str, str]:
    """Give the tags of everything of an app.

    Args:
        standards: The resolved section `ecs`.
        labels: By standard of the team's observability.
        identity: Whose it is.

    Returns:
        Values by key.
    """
    chosen = {key: names.tag_value(value) for key, value in {**labels, **(standards.tags or {})}.items()}
    return chosen | names.owner(identity)


def image_reference(image: str, tag: str) -> str:
    """Write an image and its tag as one reference.

    Args:
        image: Repository, perhaps with a digest.
        tag: Tag or digest, or empty for latest.

    Returns:
        "repository:tag" or "repository@digest".
    """
    if "@" in image or not tag:
        return image if "@" in image else f"{image}:latest"
    return f"{image}@{tag}" if tag.startswith("sha256:") else f"{image}:{tag}"
