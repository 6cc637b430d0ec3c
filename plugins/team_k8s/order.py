"""What a deploy is asked for: the input of every plan. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from team_k8s import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.model import Kubernetes
    from teamplugin.identity import Identity

Manifest = dict[str, Any]
"""An object as Kubernetes' API takes it."""


@dataclass(frozen=True)
class Order:
    """What is to be deployed.

    Args:
        identity: Whose it is.
        standards: The resolved section `kubernetes`.
        image: Reference with tag or digest.
        deployment_id: ULID from Waypoint.
        sequence: Waypoint's count of the app's deployments.
        environment: Variables of Waypoint itself, by name; secret ones only where the standards ask for them.
        labels: Of every object, by standard of the team's observability.
        variables: Of the app, by standard of the team's observability.
        revision: Of the standards.
        state: That the Deployment says it is in.
    """

    identity: Identity
    standards: Kubernetes
    image: str
    deployment_id: str
    sequence: int
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""

    @property
    def name(self) -> str:
        """Of the Kubernetes Deployment."""
        return names.deployment(self.identity.app, self.sequence)

    @property
    def port(self) -> int:
        """That the app listens on, 0 for a worker."""
        return self.standards.port or 0

    def owned(self, api: str, kind: str, spec: Manifest) -> Manifest:
        """Plan an object of this deploy, which lives and dies with it.

        Args:
            api: Version of its API.
            kind: Of the object.
            spec: What it shall be.

        Returns:
            The manifest, with the name and labels that everything of the deploy has.
        """
        metadata = {"name": self.name, "labels": self.object_labels}
        return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}

    @property
    def object_labels(self) -> dict[str, str]:
        """Of every object: by the standards, and whose it is, which cannot be overwritten."""
        chosen = {**(self.standards.labels or {}), **self.labels}
        return chosen | names.common(self.identity) | names.selector(self.name, self.deployment_id)


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
