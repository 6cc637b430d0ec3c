"""From standards to manifests. Pure: no clock, no network, no randomness.

`wps plan` shows what these functions give, and the platform applies just that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from team_k8s import names, podspec, protection
from teamconfig import units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_k8s.podspec import Manifest
    from teamconfig.model import Kubernetes, Observability


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

    identity: names.Identity
    standards: Kubernetes
    image: str
    deployment_id: str
    sequence: int
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
    state: str = names.DEPLOYING

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


def manifests(order: Order) -> list[Manifest]:
    """Plan everything that a deploy applies, in order.

    Args:
        order: What is to be deployed.

    Returns:
        The Deployment, and what the standards ask for beside it: autoscaler, disruption budget, network policy.
    """
    planned = [
        protection.network_policy(order),
        deployment(order),
        autoscaler(order),
        protection.disruption_budget(order, fewest(order.standards)),
    ]
    return [manifest for manifest in planned if manifest is not None]


def autoscaled(standards: Kubernetes) -> bool:
    """Tell whether an autoscaler owns the number of replicas."""
    return bool(standards.autoscale and standards.autoscale.max_replicas)


def deployment(order: Order) -> Manifest:
    """Plan the Deployment of one deploy; blue/green, so it is a new one each time.

    Args:
        order: What is to be deployed.

    Returns:
        The manifest.
    """
    standards = order.standards
    template_labels = order.object_labels | {"app": order.name, "version": order.deployment_id}
    template_labels["waypoint.hashicorp.com/version"] = order.deployment_id
    about = {"waypaas.dev/profile-revision": order.revision} if order.revision else {}
    spec = {
        "replicas": replicas(standards),
        "progressDeadlineSeconds": int(units.parse_duration(standards.rollout_timeout or "10m").total_seconds()),
        "revisionHistoryLimit": 0,
        "selector": {"matchLabels": names.selector(order.name, order.deployment_id)},
        "template": {
            "metadata": {"labels": template_labels, "annotations": {**(standards.annotations or {}), **about}},
            "spec": podspec.pod(order),
        },
    }
    planned = order.owned("apps/v1", "Deployment", spec)
    planned["metadata"]["annotations"] = about | {names.STATE_ANNOTATION: order.state}
    return planned


def replicas(standards: Kubernetes) -> int:
    """Say how many pods to begin with: within the autoscaler's bounds, where there is one."""
    wanted = 1 if standards.replicas is None else standards.replicas
    scale = standards.autoscale
    if scale is None or not scale.max_replicas:
        return wanted
    return min(max(wanted, scale.min_replicas or 1), scale.max_replicas)


def observed(standards: Observability) -> dict[str, str]:
    """Give the variables that tell an app how it is observed."""
    told = {
        "LOG_FORMAT": standards.log_format,
        "LOG_LEVEL": standards.log_level,
        "OTEL_EXPORTER_OTLP_ENDPOINT": standards.otlp_endpoint,
    }
    return {name: value for name, value in told.items() if value}


def fewest(standards: Kubernetes) -> int:
    """Say how many pods there will be at least."""
    scale = standards.autoscale
    if scale is None or not scale.max_replicas:
        return replicas(standards)
    return min(scale.min_replicas or standards.replicas or 1, scale.max_replicas)


def autoscaler(order: Order) -> Manifest | None:
    """Plan the HorizontalPodAutoscaler.

    Args:
        order: What is to be deployed.

    Returns:
        The manifest, of autoscaling/v2; None unless the standards ask for one.
    """
    scale = order.standards.autoscale
    if scale is None or not scale.max_replicas:
        return None
    cpu = scale.cpu_percent or (None if scale.memory_percent else 75)
    wanted = {"cpu": cpu, "memory": scale.memory_percent}
    metrics = [
        {
            "type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": percent}},
        }
        for name, percent in wanted.items()
        if percent
    ]
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": order.name},
        "minReplicas": fewest(order.standards),
        "maxReplicas": scale.max_replicas,
        "metrics": metrics,
    }
    return order.owned("autoscaling/v2", "HorizontalPodAutoscaler", spec)
