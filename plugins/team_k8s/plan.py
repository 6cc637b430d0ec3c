"""From standards to manifests. Pure: no clock, no network, no randomness.

`wps plan` shows what these functions give, and the platform applies just that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_k8s import names, podspec, protection
from teamconfig import units

if TYPE_CHECKING:
    from team_k8s.order import Manifest, Order
    from teamconfig.model import Kubernetes, Observability


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
    if about:
        planned["metadata"]["annotations"] = about
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
