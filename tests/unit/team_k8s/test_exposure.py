"""The Service: what a release changes, and where it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from team_k8s import exposure, plan
from teamconfig.model import Kubernetes, Network
from teamconfig.model.network import Gateway, Tls
from teamplugin.identity import Identity
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_k8s.order import Order

    MakeOrder = Callable[..., Order]

IDENTITY = Identity("shop", "web", "default", "dev", "payments")


def service(order: Order, name: str = "web-v7", deployment_id: str = "01HDEPLOYMENT") -> dict[str, Any]:
    """Plan the Service of an order."""
    target = exposure.Target(order.identity, name, deployment_id, order.port, order.standards, Network(), order.labels)
    return exposure.service(target)


def released(network: Network, *, port: int = 3000, **values: Any) -> list[dict[str, Any]]:
    """Plan a release with a network."""
    target = exposure.Target(IDENTITY, "web-v7", "01HDEPLOYMENT", port, Kubernetes(**values), network, {})
    return exposure.manifests(target)


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
        ({"type": "LoadBalancer", "port": 443}, ({"ip": "192.0.2.1"},), "https://192.0.2.1"),
        ({"type": "LoadBalancer", "port": 81}, ({"hostname": "lb.test"},), "http://lb.test:81"),
        ({"type": "LoadBalancer"}, ({"ip": "2001:db8::1"},), "http://[2001:db8::1]"),
        ({"type": "LoadBalancer", "port": 81}, ({"ip": "2001:db8::1"},), "http://[2001:db8::1]:81"),
    ],
)
def test_url(make_order: MakeOrder, options: dict[str, Any], addresses: Any, url: str) -> None:
    """The URL is where the Service is reached, and empty as long as nobody knows."""
    planned = service(make_order(service=options))
    assert exposure.service_url(found(planned, *addresses), "payments-dev") == url


@pytest.mark.parametrize(("node", "host"), [("192.0.2.9", "192.0.2.9"), ("2001:db8::9", "[2001:db8::9]")])
def test_url_of_a_node_port(make_order: MakeOrder, node: str, host: str) -> None:
    """A NodePort is reached at a node, by the port that Kubernetes chose."""
    planned = service(make_order(service={"type": "NodePort"}))
    assert exposure.service_url(found(planned, node_port=31234), "x", node) == f"http://{host}:31234"
    assert exposure.service_url(found(planned, node_port=31234), "x") == "http://web.x.svc"


def test_behaviour_16_ingress() -> None:
    """With a host there is an Ingress of its class, path and certificate, which names the Service's port by number."""
    tls = Tls(enabled=True, issuer="letsencrypt")
    planned = released(Network(host="web.test", path="/shop", ingress_class="nginx", tls=tls, annotations={"a": "b"}))
    front, ingress = planned
    assert front["metadata"]["annotations"]["waypaas.dev/fronts"] == "Ingress"
    assert ingress["spec"] == {
        "ingressClassName": "nginx",
        "rules": [
            {
                "host": "web.test",
                "http": {
                    "paths": [
                        {
                            "path": "/shop",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": "web", "port": {"number": 80}}},
                        }
                    ]
                },
            }
        ],
        "tls": [{"hosts": ["web.test"], "secretName": "web-tls"}],
    }
    assert (
        ingress["metadata"]["annotations"].items()
        >= {"a": "b", "cert-manager.io/cluster-issuer": "letsencrypt"}.items()
    )


@pytest.mark.parametrize(
    ("network", "url"),
    [
        (Network(host="web.test", tls=Tls(enabled=True)), "https://web.test"),
        (Network(host="web.test", tls=Tls(enabled=False)), "http://web.test"),
        (Network(host="web.test", path="/shop"), "http://web.test/shop"),
        (Network(host="web.test", path="/"), "http://web.test"),
    ],
)
def test_behaviour_16_url_of_a_host(network: Network, url: str) -> None:
    """The URL has the scheme that clients use, the host, and the path that belongs to the app."""
    assert exposure.host_url(network) == url


def test_behaviour_16_route_of_a_gateway() -> None:
    """With a gateway there is an HTTPRoute of it, and no Ingress."""
    gateway = Gateway(name="public", namespace="gateways", listener="https")
    _, route = released(Network(host="web.test", gateway=gateway, path_type="Exact", path="/x"))
    assert route["kind"] == "HTTPRoute"
    assert route["spec"]["parentRefs"] == [
        {
            "group": "gateway.networking.k8s.io",
            "kind": "Gateway",
            "name": "public",
            "namespace": "gateways",
            "sectionName": "https",
        }
    ]
    assert route["spec"]["hostnames"] == ["web.test"]
    assert route["spec"]["rules"][0]["matches"] == [{"path": {"type": "Exact", "value": "/x"}}]


@pytest.mark.parametrize("ingress_class", ["nginx", "alb"])
def test_client_networks_are_held_where_the_class_can(ingress_class: str) -> None:
    """The networks that may reach the app become the annotation that the ingress class knows."""
    _, ingress = released(Network(host="web.test", ingress_class=ingress_class, allowed_cidrs=["10.0.0.0/8"]))
    assert "10.0.0.0/8" in ingress["metadata"]["annotations"].values()


@pytest.mark.parametrize("more", [{"ingress_class": "other"}, {}, {"gateway": Gateway(name="public")}])
def test_client_networks_that_nothing_would_hold_are_refused(more: dict[str, Any]) -> None:
    """A limit that nothing would hold is an error, never left out silently."""
    with pytest.raises(OptionError, match=r"network\.allowed_cidrs cannot be held"):
        released(Network(host="web.test", allowed_cidrs=["10.0.0.0/8"], **more))


def test_behaviour_11_a_worker_is_not_exposed() -> None:
    """A worker has neither Service nor Ingress, whatever host the standards have."""
    assert released(Network(host="web.test"), port=0) == []


@pytest.mark.parametrize(
    ("conditions", "problem"),
    [
        ([], "no Gateway has looked at it yet"),
        ([("Accepted", "True"), ("ResolvedRefs", "True")], ""),
        ([("Accepted", "False"), ("ResolvedRefs", "True")], "Accepted is False: because"),
        ([("Accepted", "True")], "ResolvedRefs is unknown: no reason given"),
    ],
)
def test_a_route_is_there_when_its_gateway_says_so(conditions: list[tuple[str, str]], problem: str) -> None:
    """An HTTPRoute can be reached once each gateway has accepted it and found its Service."""
    held = [{"type": kind, "status": status, "message": "because"} for kind, status in conditions]
    found = {"status": {"parents": [{"conditions": held}] if held else []}}
    assert exposure.route_problem(found) == problem
