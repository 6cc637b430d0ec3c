"""From standards to manifests. Pure: no clock, no network, no randomness.

`wps plan` shows what these functions give, and the platform applies just that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from team_k8s import names
from teamconfig import units

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.model import Kubernetes, Observability
    from teamconfig.model.kubernetes import Probe

Manifest = dict[str, Any]

PORT_NAME = "http"
"""Of the app's own port, as the builtin has it; Services may name it."""


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

    @property
    def name(self) -> str:
        """Of the Kubernetes Deployment."""
        return names.deployment(self.identity.app, self.sequence)

    @property
    def port(self) -> int:
        """That the app listens on, 0 for a worker."""
        return self.standards.port or 0


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


def pull_policy(reference: str) -> str:
    """Choose when the image is pulled, as the builtin does.

    Args:
        reference: Of the image.

    Returns:
        "Always" for latest, which may change; "IfNotPresent" otherwise.
    """
    last = reference.rpartition("/")[2]
    tag = last.rpartition(":")[2] if ":" in last else "latest"
    return "Always" if tag == "latest" and "@" not in last else "IfNotPresent"


def manifests(order: Order) -> list[Manifest]:
    """Plan everything that a deploy applies, in order.

    Args:
        order: What is to be deployed.

    Returns:
        The Deployment, and its HorizontalPodAutoscaler if the standards ask for one.
    """
    planned = [deployment(order)]
    if autoscaled(order.standards):
        planned.append(autoscaler(order))
    return planned


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
    select = names.selector(order.name, order.deployment_id)
    labels = _labels(order.identity, standards, order.labels)
    template_labels = labels | {"app": order.name, "version": order.deployment_id} | select
    template_labels["waypoint.hashicorp.com/version"] = order.deployment_id
    about = {"waypaas.dev/profile-revision": order.revision} if order.revision else {}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": order.name,
            "labels": labels | select,
            "annotations": about | {names.STATE_ANNOTATION: names.DEPLOYING},
        },
        "spec": {
            "replicas": replicas(standards),
            "progressDeadlineSeconds": int(units.parse_duration(standards.rollout_timeout or "10m").total_seconds()),
            "revisionHistoryLimit": 0,
            "selector": {"matchLabels": select},
            "template": {
                "metadata": {"labels": template_labels, "annotations": {**(standards.annotations or {}), **about}},
                "spec": pod(order),
            },
        },
    }


def _labels(identity: names.Identity, standards: Kubernetes, observability: Mapping[str, str]) -> dict[str, str]:
    """Give the labels of every object; whose it is cannot be overwritten."""
    return {**(standards.labels or {}), **observability, **names.common(identity)}


def replicas(standards: Kubernetes) -> int:
    """Say how many pods to begin with: within the autoscaler's bounds, where there is one."""
    wanted = 1 if standards.replicas is None else standards.replicas
    scale = standards.autoscale
    if scale is None or not scale.max_replicas:
        return wanted
    return min(max(wanted, scale.min_replicas or 1), scale.max_replicas)


def pod(order: Order) -> Manifest:
    """Plan the pod's spec.

    Args:
        order: What is to be deployed.

    Returns:
        The spec, which passes the restricted Pod Security Standard unless the standards say otherwise.
    """
    standards = order.standards
    spec: Manifest = {
        "containers": [container(order)],
        "securityContext": _pod_security(standards),
        "terminationGracePeriodSeconds": int(
            units.parse_duration(standards.termination_grace or "30s").total_seconds()
        ),
        # A shell's environment of 8 variables per Service of the namespace, which nobody reads.
        "enableServiceLinks": False,
    }
    if standards.service_account:
        spec["serviceAccountName"] = standards.service_account
    else:
        spec["automountServiceAccountToken"] = False
    if standards.image_pull_secret:
        spec["imagePullSecrets"] = [{"name": standards.image_pull_secret}]
    if standards.security and standards.security.read_only_root_filesystem:
        spec["volumes"] = [{"name": "tmp", "emptyDir": {}}]
    return spec


def container(order: Order) -> Manifest:
    """Plan the app's container.

    Args:
        order: What is to be deployed.

    Returns:
        The container.
    """
    standards = order.standards
    planned: Manifest = {
        "name": names.dns_label(order.identity.app),
        "image": order.image,
        "imagePullPolicy": pull_policy(order.image),
        "env": environment(order),
        "resources": resources(standards),
        "securityContext": _container_security(standards),
    }
    ports = _ports(order)
    if ports:
        planned["ports"] = ports
    if standards.security and standards.security.read_only_root_filesystem:
        planned["volumeMounts"] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108  # inside the container
    for field_name, declared in _probes(standards).items():
        planned_probe = probe(declared, order.port)
        if planned_probe is not None:
            planned[field_name] = planned_probe
    return planned


def environment(order: Order) -> list[Manifest]:
    """Plan the environment: the standards' variables, their `env` after observability's, Waypoint's, PORT.

    Args:
        order: What is to be deployed.

    Returns:
        Entries with unique names, sorted as they were added; the last value of a name holds.
    """
    merged = {**order.variables, **(order.standards.env or {}), **order.environment}
    if order.port:
        merged["PORT"] = str(order.port)
    return [{"name": name, "value": value} for name, value in merged.items()]


def observed(standards: Observability) -> dict[str, str]:
    """Give the variables that tell an app how it is observed."""
    told = {
        "LOG_FORMAT": standards.log_format,
        "LOG_LEVEL": standards.log_level,
        "OTEL_EXPORTER_OTLP_ENDPOINT": standards.otlp_endpoint,
    }
    return {name: value for name, value in told.items() if value}


def resources(standards: Kubernetes) -> Manifest:
    """Plan requests and limits."""
    request = {"cpu": standards.cpu, "memory": standards.memory_request or standards.memory}
    limit = {"cpu": standards.cpu_limit, "memory": standards.memory}
    planned = {
        "requests": {name: quantity(value) for name, value in request.items() if value},
        "limits": {name: quantity(value) for name, value in limit.items() if value},
    }
    return {name: values for name, values in planned.items() if values}


def quantity(text: str) -> str:
    """Write an amount of memory or CPU as Kubernetes does; ours are the same notation."""
    return text.strip()


def _ports(order: Order) -> list[Manifest]:
    ports: list[Manifest] = []
    if order.port:
        ports.append({"name": PORT_NAME, "containerPort": order.port, "protocol": "TCP"})
    return ports + [
        {"name": extra.name, "containerPort": extra.port, "protocol": extra.protocol or "TCP"}
        for extra in order.standards.ports or ()
    ]


def _probes(standards: Kubernetes) -> dict[str, Probe]:
    block = standards.probe
    if block is None:
        return {}
    declared = {
        "startupProbe": block.startup,
        "readinessProbe": block.readiness,
        "livenessProbe": block.liveness,
    }
    return {name: found for name, found in declared.items() if found is not None}


def probe(declared: Probe, port: int) -> Manifest | None:
    """Plan one probe.

    Args:
        declared: By the standards.
        port: That the app listens on, 0 for a worker.

    Returns:
        The probe; None where it is switched off, or has no port to ask.
    """
    kind = declared.effective_kind()
    asked = declared.port or port
    if kind == "none" or (kind != "exec" and not asked):
        return None
    how: dict[str, Manifest] = {
        "http": {"httpGet": {"path": declared.path or "/", "port": asked}},
        "tcp": {"tcpSocket": {"port": asked}},
        "grpc": {"grpc": {"port": asked}},
        "exec": {"exec": {"command": list(declared.command or ())}},
    }
    timing = {
        "initialDelaySeconds": _seconds(declared.initial_delay),
        "periodSeconds": _seconds(declared.period),
        "timeoutSeconds": _seconds(declared.timeout),
        "failureThreshold": declared.failure_threshold,
        "successThreshold": declared.success_threshold,
    }
    return how[kind] | {name: value for name, value in timing.items() if value}


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else max(0, round(units.parse_duration(duration).total_seconds()))


def _pod_security(standards: Kubernetes) -> Manifest:
    security = standards.security
    if security is None:
        return {}
    planned = {
        "runAsNonRoot": security.run_as_non_root,
        "runAsUser": security.run_as_user,
        "runAsGroup": security.run_as_group,
        "fsGroup": security.fs_group,
        "seccompProfile": {"type": security.seccomp} if security.seccomp else None,
    }
    return {name: value for name, value in planned.items() if value is not None}


def _container_security(standards: Kubernetes) -> Manifest:
    security = standards.security
    if security is None:
        return {}
    capabilities: Manifest = {}
    if security.drop_capabilities:
        capabilities["drop"] = list(security.drop_capabilities)
    if security.add_capabilities:
        capabilities["add"] = list(security.add_capabilities)
    planned = {
        "allowPrivilegeEscalation": security.allow_privilege_escalation,
        "readOnlyRootFilesystem": security.read_only_root_filesystem,
        "capabilities": capabilities or None,
    }
    return {name: value for name, value in planned.items() if value is not None}


def autoscaler(order: Order) -> Manifest:
    """Plan the HorizontalPodAutoscaler.

    Args:
        order: What is to be deployed; its standards ask for one.

    Returns:
        The manifest, of autoscaling/v2.
    """
    scale = order.standards.autoscale
    if scale is None or not scale.max_replicas:
        raise ValueError("the standards ask for no autoscaler")
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
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {
            "name": order.name,
            "labels": _labels(order.identity, order.standards, order.labels)
            | names.selector(order.name, order.deployment_id),
        },
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": order.name},
            "minReplicas": min(scale.min_replicas or order.standards.replicas or 1, scale.max_replicas),
            "maxReplicas": scale.max_replicas,
            "metrics": metrics,
        },
    }


def service(
    identity: names.Identity,
    standards: Kubernetes,
    deployment_name: str,
    deployment_id: str,
    port: int,
    labels: Mapping[str, str],
) -> Manifest:
    """Plan the Service that gives a deployment its traffic. Its selector is all that a release changes.

    Args:
        identity: Whose it is.
        standards: The resolved section `kubernetes`.
        deployment_name: Of the Kubernetes Deployment that gets the traffic.
        deployment_id: Its ULID from Waypoint.
        port: That the app listens on.
        labels: Of every object, by standard of the team's observability.

    Returns:
        The manifest.
    """
    wanted = standards.service
    entry: Manifest = {"name": PORT_NAME, "port": (wanted and wanted.port) or 80, "targetPort": port, "protocol": "TCP"}
    if wanted and wanted.type == "NodePort" and wanted.node_port:
        entry["nodePort"] = wanted.node_port
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": names.service(identity.app, identity.workspace),
            "labels": _labels(identity, standards, labels),
            "annotations": {**((wanted and wanted.annotations) or {}), "waypaas.dev/deployment": deployment_name},
        },
        "spec": {
            "type": (wanted and wanted.type) or "ClusterIP",
            "selector": names.selector(deployment_name, deployment_id),
            "ports": [entry],
        },
    }


def service_url(planned: Manifest, namespace: str, found: Manifest | None = None, node: str = "") -> str:
    """Say where a Service is reached.

    Args:
        planned: Its manifest.
        namespace: That it is in.
        found: What the API server says of it, for an address that a load balancer or node port got.
        node: Address of a node, for a NodePort.

    Returns:
        A URL; empty as long as a load balancer has no address.
    """
    spec = (found or planned)["spec"]
    port = spec["ports"][0]["port"]
    host = f"{planned['metadata']['name']}.{namespace}.svc"
    if spec["type"] == "LoadBalancer":
        addresses = ((found or {}).get("status", {}).get("loadBalancer") or {}).get("ingress") or []
        if not addresses:
            return ""
        host = addresses[0].get("hostname") or addresses[0].get("ip", "")
    elif spec["type"] == "NodePort" and node:
        host, port = node, spec["ports"][0].get("nodePort", port)
    host = f"[{host}]" if ":" in host else host
    return f"http://{host}" + ("" if port == 80 else f":{port}")  # noqa: PLR2004  # http's own port
