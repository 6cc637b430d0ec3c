"""How the world reaches a released deployment: Service, Ingress, HTTPRoute, and the URL. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from team_k8s import names
from team_k8s.podspec import PORT_NAME
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_k8s.order import Manifest
    from teamconfig.model import Kubernetes, Network
    from teamplugin.identity import Identity

HTTP, HTTPS = 80, 443

NGINX, ALB = "nginx.ingress.kubernetes.io/", "alb.ingress.kubernetes.io/"

SOURCE_RANGES = {
    "nginx": (f"{NGINX}allowlist-source-range", f"{NGINX}whitelist-source-range"),
    "alb": (f"{ALB}inbound-cidrs",),
}
"""Annotations by which an ingress class takes the networks of its clients."""

WIDER = {
    "nginx": ("allowlist-source-range", "whitelist-source-range", "configuration-snippet", "server-snippet"),
    "alb": ("inbound-cidrs", "security-groups", "security-group-prefix-lists"),
}
"""Annotations of a class, behind its prefix, by which these networks could be widened again."""


@dataclass(frozen=True)
class Target:
    """A deployment that shall get the traffic.

    Args:
        identity: Whose it is.
        name: Of the Kubernetes Deployment.
        id: Its ULID from Waypoint.
        port: That the app listens on.
        kubernetes: The resolved section.
        network: The resolved section.
        labels: Of every object, by standard of the team's observability.
    """

    identity: Identity
    name: str
    id: str
    port: int
    kubernetes: Kubernetes
    network: Network
    labels: Mapping[str, str]

    @property
    def service_name(self) -> str:
        """Of the Service, and of what leads to it."""
        return names.service(self.identity.app, self.identity.workspace)

    def object(self, api: str, kind: str, spec: Manifest, annotations: Mapping[str, str] | None = None) -> Manifest:
        """Plan an object of the release, which outlives each deployment."""
        labels = {**(self.kubernetes.labels or {}), **self.labels, **names.common(self.identity)}
        metadata = {
            "name": self.service_name,
            "labels": labels,
            "annotations": {**(annotations or {}), "waypaas.dev/deployment": self.name},
        }
        return {"apiVersion": api, "kind": kind, "metadata": metadata, "spec": spec}


def manifests(target: Target) -> list[Manifest]:
    """Plan everything that a release applies, in order.

    Args:
        target: What gets the traffic.

    Returns:
        The Service; with a host, the Ingress or HTTPRoute that leads to it; nothing for a worker.

    Raises:
        OptionError: The standards ask for what their ingress class cannot do.
    """
    if not target.port:
        return []
    planned = service(target)
    if not target.network.host:
        return [planned]
    gateway = target.network.gateway
    front = http_route(target) if gateway and gateway.name else ingress(target)
    # By this a later release or destroy knows what to take away.
    planned["metadata"]["annotations"][names.FRONTS_ANNOTATION] = front["kind"]
    return [planned, front]


def service(target: Target) -> Manifest:
    """Plan the Service. Its selector is all that a release changes.

    Args:
        target: What gets the traffic.

    Returns:
        The manifest.
    """
    wanted = target.kubernetes.service
    kind = (wanted and wanted.type) or "ClusterIP"
    entry: Manifest = {
        "name": PORT_NAME,
        "port": (wanted and wanted.port) or HTTP,
        "targetPort": target.port,
        "protocol": "TCP",
    }
    if wanted and kind == "NodePort" and wanted.node_port:
        entry["nodePort"] = wanted.node_port
    ports = [entry]
    for extra in target.kubernetes.ports:
        if extra.service_port:
            protocol = extra.protocol or "TCP"
            ports.append(
                {"name": extra.name, "port": extra.service_port, "targetPort": extra.port, "protocol": protocol}
            )
    spec: Manifest = {"type": kind, "selector": names.selector(target.name, target.id), "ports": ports}
    if kind == "NodePort" and target.network.allowed_cidrs:
        raise OptionError(
            "network.allowed_cidrs cannot be held by a Service of type NodePort",
            why="every node would take its clients from anywhere",
            fix="choose the type LoadBalancer or ClusterIP",
            where="kubernetes.service.type",
        )
    if kind == "LoadBalancer" and target.network.allowed_cidrs:
        spec["loadBalancerSourceRanges"] = list(target.network.allowed_cidrs)
    return target.object("v1", "Service", spec, wanted.annotations if wanted else None)


def ingress(target: Target) -> Manifest:
    """Plan the Ingress.

    Args:
        target: What gets the traffic; its network has a host.

    Returns:
        The manifest.

    Raises:
        OptionError: The class cannot hold clients to the networks that may reach the app.
    """
    network = target.network
    path = {
        "path": network.path or "/",
        "pathType": network.path_type or "Prefix",
        "backend": {"service": {"name": target.service_name, "port": {"number": _service_port(target)}}},
    }
    spec: Manifest = {"rules": [{"host": network.host, "http": {"paths": [path]}}]}
    if network.ingress_class:
        spec["ingressClassName"] = network.ingress_class
    annotations = dict(network.annotations or {})
    tls = network.tls
    if tls is not None and tls.enabled:
        secret = tls.secret or (f"{target.service_name}-tls" if tls.issuer else "")
        spec["tls"] = [{"hosts": [network.host]} | ({"secretName": secret} if secret else {})]
        if tls.issuer:
            annotations["cert-manager.io/cluster-issuer"] = tls.issuer
        if tls.certificate_arn:
            annotations["alb.ingress.kubernetes.io/certificate-arn"] = tls.certificate_arn
    if network.allowed_cidrs:
        annotations |= dict.fromkeys(_source_ranges(network), ",".join(network.allowed_cidrs))
    return target.object("networking.k8s.io/v1", "Ingress", spec, annotations)


def _service_port(target: Target) -> int:
    wanted = target.kubernetes.service
    return (wanted and wanted.port) or HTTP


def _source_ranges(network: Network) -> tuple[str, ...]:
    """Give the annotations that hold clients to their networks; refuse what would not hold, or be widened again."""
    found = SOURCE_RANGES.get(network.ingress_class or "")
    if found is None:
        shown = f"class {network.ingress_class}" if network.ingress_class else "the cluster's default class"
        raise OptionError(
            f"network.allowed_cidrs cannot be held by an Ingress of {shown}",
            why=f"only these classes are known to hold clients to networks: {', '.join(sorted(SOURCE_RANGES))}",
            fix="set network.ingress_class, or hold it by network.annotations and remove allowed_cidrs",
            where="network.allowed_cidrs",
        )
    wider = [key for key in network.annotations or {} if key.rpartition("/")[2] in WIDER[network.ingress_class or ""]]
    if wider:
        raise OptionError(
            f"the annotation {wider[0]} is not allowed beside network.allowed_cidrs",
            why="it would widen the networks that may reach the app",
            fix="remove it, or ask whoever set allowed_cidrs",
            where="network.annotations",
        )
    return found


def http_route(target: Target) -> Manifest:
    """Plan the HTTPRoute of the Gateway API.

    Args:
        target: What gets the traffic; its network has a host and a gateway.

    Returns:
        The manifest.

    Raises:
        OptionError: The networks that may reach the app are limited, which a route cannot do.
    """
    network, gateway = target.network, target.network.gateway
    if network.allowed_cidrs:
        raise OptionError(
            "network.allowed_cidrs cannot be held by an HTTPRoute",
            why="the Gateway API leaves that to the Gateway",
            fix="limit the Gateway itself, and remove allowed_cidrs",
            where="network.allowed_cidrs",
        )
    parent: Manifest = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
    named = {"name": gateway.name, "namespace": gateway.namespace, "sectionName": gateway.listener} if gateway else {}
    parent |= {name: value for name, value in named.items() if value}
    kind = "Exact" if network.path_type == "Exact" else "PathPrefix"
    rule = {
        "matches": [{"path": {"type": kind, "value": network.path or "/"}}],
        "backendRefs": [
            {"group": "", "kind": "Service", "name": target.service_name, "port": _service_port(target), "weight": 1}
        ],
    }
    spec = {"parentRefs": [parent], "hostnames": [network.host], "rules": [rule]}
    return target.object("gateway.networking.k8s.io/v1", "HTTPRoute", spec, network.annotations)


def host_url(network: Network) -> str:
    """Say where an app with a host is reached.

    Args:
        network: The resolved section; has a host.

    Returns:
        URL with the scheme of its clients, and its path.
    """
    scheme = "https" if network.tls is not None and network.tls.enabled else "http"
    path = "" if network.path in {None, "", "/"} else network.path
    return f"{scheme}://{network.host}{path}"


def service_url(service: Manifest, namespace: str, node: str = "") -> str:
    """Say where a Service without host is reached.

    Args:
        service: As the API server has it.
        namespace: That it is in.
        node: Address of a node, for a NodePort.

    Returns:
        A URL; empty as long as a load balancer has no address.
    """
    spec = service["spec"]
    port = spec["ports"][0]["port"]
    host = f"{service['metadata']['name']}.{namespace}.svc"
    if spec["type"] == "LoadBalancer":
        host = address(service)
        if not host:
            return ""
    elif spec["type"] == "NodePort" and node:
        host, port = node, spec["ports"][0].get("nodePort", port)
    host = f"[{host}]" if ":" in host else host
    scheme = "https" if port == HTTPS else "http"
    return f"{scheme}://{host}" + ("" if port in {HTTP, HTTPS} else f":{port}")


def address(found: Manifest) -> str:
    """Give the address that a load balancer gave a Service or Ingress, or empty."""
    addresses = (found.get("status", {}).get("loadBalancer") or {}).get("ingress") or [{}]
    return str(addresses[0].get("hostname") or addresses[0].get("ip") or "")


def route_problem(found: Any) -> str:
    """Say what a Gateway still has against an HTTPRoute; empty once each parent has accepted it."""
    parents = found.get("status", {}).get("parents") or []
    if not parents:
        return "no Gateway has looked at it yet"
    for parent in parents:
        held = {c["type"]: c for c in parent.get("conditions", ())}
        for kind in ("Accepted", "ResolvedRefs"):
            condition = held.get(kind, {})
            if condition.get("status") != "True":
                return f"{kind} is {condition.get('status', 'unknown')}: {condition.get('message', 'no reason given')}"
    return ""
