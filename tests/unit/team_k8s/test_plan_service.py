"""The Service: what a release changes, and where it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from team_k8s import plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.model import Kubernetes

    MakeOrder = Callable[..., plan.Order]
    Standards = Callable[..., Kubernetes]


def service(order: plan.Order, name: str = "web-v7", deployment_id: str = "01HDEPLOYMENT") -> dict[str, Any]:
    """Plan the Service of an order."""
    return plan.service(order.identity, order.standards, name, deployment_id, order.port, order.labels)


def test_it_finds_the_pods_of_its_deployment(make_order: MakeOrder) -> None:
    """The Service's selector matches the labels that the same deploy gives its pods, and its port is theirs."""
    order = make_order(port=8080)
    planned = service(order)["spec"]
    template = plan.deployment(order)["spec"]["template"]
    assert planned["selector"].items() <= template["metadata"]["labels"].items()
    assert planned["ports"][0]["targetPort"] == template["spec"]["containers"][0]["ports"][0]["containerPort"]


def test_behaviour_14_a_release_changes_the_selector_only(make_order: MakeOrder) -> None:
    """Two releases of one app differ in the selector and the note of it, so going back is one change too."""
    order = make_order()
    one, other = service(order), service(order, "web-v8", "01HLATER")
    assert one["spec"].pop("selector") != other["spec"].pop("selector")
    assert one["metadata"].pop("annotations") != other["metadata"].pop("annotations")
    assert one == other


@pytest.mark.parametrize(
    ("options", "spec"),
    [
        ({}, {"type": "ClusterIP", "port": 80}),
        ({"type": "LoadBalancer", "port": 443}, {"type": "LoadBalancer", "port": 443}),
        ({"type": "NodePort", "node_port": 30080}, {"type": "NodePort", "port": 80, "nodePort": 30080}),
        ({"type": "ClusterIP", "node_port": 30080}, {"type": "ClusterIP", "port": 80}),
    ],
)
def test_type_and_ports(make_order: MakeOrder, options: dict[str, Any], spec: dict[str, Any]) -> None:
    """Type and ports are the standards'; a node port only where the type has one."""
    planned = service(make_order(service=options))["spec"]
    (entry,) = planned["ports"]
    expected = {name: value for name, value in spec.items() if name != "type"}
    assert planned["type"] == spec["type"]
    assert entry == {"name": "http", "targetPort": 3000, "protocol": "TCP", **expected}


def test_annotations(make_order: MakeOrder) -> None:
    """The Service carries the standards' annotations, and names the deployment that it serves."""
    planned = service(make_order(service={"annotations": {"a": "b"}}))
    assert planned["metadata"]["annotations"] == {"a": "b", "waypaas.dev/deployment": "web-v7"}


def found(planned: dict[str, Any], *addresses: dict[str, str], node_port: int = 0) -> dict[str, Any]:
    """Give what the API server says of a Service."""
    ports = [{**planned["spec"]["ports"][0], **({"nodePort": node_port} if node_port else {})}]
    status = {"loadBalancer": {"ingress": list(addresses)} if addresses else {}}
    return {**planned, "spec": {**planned["spec"], "ports": ports}, "status": status}


@pytest.mark.parametrize(
    ("options", "addresses", "url"),
    [
        ({}, (), "http://web.payments-dev.svc"),
        ({"port": 8080}, (), "http://web.payments-dev.svc:8080"),
        ({"type": "LoadBalancer"}, (), ""),
        ({"type": "LoadBalancer"}, ({"ip": "192.0.2.1"},), "http://192.0.2.1"),
        ({"type": "LoadBalancer", "port": 81}, ({"hostname": "lb.test"},), "http://lb.test:81"),
        ({"type": "LoadBalancer"}, ({"ip": "2001:db8::1"},), "http://[2001:db8::1]"),
        ({"type": "LoadBalancer", "port": 81}, ({"ip": "2001:db8::1"},), "http://[2001:db8::1]:81"),
    ],
)
def test_url(make_order: MakeOrder, options: dict[str, Any], addresses: Any, url: str) -> None:
    """The URL is where the Service is reached, and empty as long as nobody knows."""
    planned = service(make_order(service=options))
    assert plan.service_url(planned, "payments-dev", found(planned, *addresses)) == url


def test_url_before_the_server_was_asked(make_order: MakeOrder) -> None:
    """What needs no address from the cluster has its URL from the plan alone."""
    assert plan.service_url(service(make_order()), "payments-dev") == "http://web.payments-dev.svc"


@pytest.mark.parametrize(("node", "host"), [("192.0.2.9", "192.0.2.9"), ("2001:db8::9", "[2001:db8::9]")])
def test_url_of_a_node_port(make_order: MakeOrder, node: str, host: str) -> None:
    """A NodePort is reached at a node, by the port that Kubernetes chose."""
    planned = service(make_order(service={"type": "NodePort"}))
    assert plan.service_url(planned, "x", found(planned, node_port=31234), node) == f"http://{host}:31234"
    assert plan.service_url(planned, "x", found(planned, node_port=31234)) == "http://web.x.svc"
