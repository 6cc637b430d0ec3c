"""What protects the pods of a deploy: a PodDisruptionBudget and a NetworkPolicy. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_k8s import names

if TYPE_CHECKING:
    from team_k8s.order import Manifest, Order

DNS_PORTS = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]


def disruption_budget(order: Order, replicas: int) -> Manifest | None:
    """Plan the budget of pods that a drained node may take.

    Args:
        order: What is to be deployed.
        replicas: The fewest that there will be.

    Returns:
        The manifest; None for a single replica, whose budget would only keep nodes from being drained.
    """
    block = order.standards.disruption
    if block is None or replicas <= 1:
        return None
    if block.min_available:
        limit = {"minAvailable": _count(block.min_available)}
    elif block.max_unavailable:
        limit = {"maxUnavailable": _count(block.max_unavailable)}
    else:
        return None
    selector = {"matchLabels": names.selector(order.name, order.deployment_id)}
    return order.owned("policy/v1", "PodDisruptionBudget", {"selector": selector, **limit})


def _count(text: str) -> int | str:
    return text if text.endswith("%") else int(text)


def network_policy(order: Order) -> Manifest | None:
    """Plan who may reach the pods, and where they may go.

    Args:
        order: What is to be deployed.

    Returns:
        The manifest; None unless the standards enable it.
    """
    block = order.standards.network_policy
    if block is None or not block.enabled:
        return None
    spec: Manifest = {
        "podSelector": {"matchLabels": names.selector(order.name, order.deployment_id)},
        "policyTypes": ["Ingress"],
        "ingress": _rules(order, block.allow_from or [], "from"),
    }
    if block.allow_to:
        spec["policyTypes"].append("Egress")
        spec["egress"] = [{"ports": DNS_PORTS}, *_rules(order, block.allow_to, "to")]
    return order.owned("networking.k8s.io/v1", "NetworkPolicy", spec)


def _rules(order: Order, peers: list[str], direction: str) -> list[Manifest]:
    """Plan rules: one without peers, which means all, for "any"; none at all, which means nobody, for no peers."""
    if "any" in peers:
        return [{}]
    return [{direction: [_peer(order, peer) for peer in peers]}] if peers else []


def _peer(order: Order, text: str) -> dict[str, Any]:
    kind, _, name = text.partition("/")
    if kind == "cidr":
        return {"ipBlock": {"cidr": name}}
    if kind == "app":
        project = names.label_value(order.identity.project)
        return {
            "podSelector": {"matchLabels": {"waypaas.dev/project": project, "waypaas.dev/app": names.label_value(name)}}
        }
    if name:
        return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}
    return {"podSelector": {}}
