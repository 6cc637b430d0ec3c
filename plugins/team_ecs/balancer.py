"""The shared load balancer: what it is, and an app's own target groups and rules on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from team_ecs import faults, names, plan, routing
from waypaas_sdk.errors import CloudError, MissingError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.cloud import Cloud
    from team_ecs.order import Order, Request
    from teamconfig.model import Ecs, Network

SECURE_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
"""TLS 1.2 and 1.3; AWS's own preset still takes 1.0."""


@dataclass(frozen=True)
class Balancer:
    """A load balancer and the listener that an app is on.

    Args:
        arn: Of the load balancer.
        vpc: That it is in.
        address: Its name in DNS.
        zone: Hosted zone of that name.
        listener: As AWS tells it; of a network load balancer, as the app's own shall be.
        network: It is a network load balancer.
    """

    arn: str
    vpc: str
    address: str
    zone: str
    listener: Mapping[str, Any]
    network: bool = False

    def label(self, target_group_arn: str) -> str:
        """Name load balancer and target group as the metric of requests does."""
        return f"{self.arn.partition('loadbalancer/')[2]}/{target_group_arn.rpartition(':')[2]}"


def find(cloud: Cloud, standards: Ecs, network: Network) -> Balancer:
    """Find the load balancer of the standards, and its listener, and see that an app may be put on it.

    Args:
        cloud: Where it is.
        standards: The resolved section `ecs`.
        network: The resolved section `network`.

    Returns:
        The load balancer.

    Raises:
        MissingError: It is not there.
        OptionError: The standards ask for something else than what it is.
    """
    if cloud.place.network_arn:
        return _network(cloud, standards)
    routing.traffic_conditions(network, alone=bool(plan.own(standards)))
    arn = cloud.place.listener_arn
    listener = _only(cloud.ask("elbv2", "DescribeListeners", ListenerArns=[arn]).get("Listeners"), f"listener {arn}")
    protocol = listener.get("Protocol", "")
    if protocol not in routing.PORTS:
        raise OptionError(
            f"the listener speaks {protocol}",
            why="only those of an application load balancer (HTTP, HTTPS) have rules, by which apps share them",
            fix="name a listener of an application load balancer, or a network load balancer as network_arn",
            where="ecs.load_balancer.listener_arn",
        )
    if protocol == "HTTP" and network.tls and network.tls.enabled:
        raise OptionError(
            "the standards ask for TLS, and the listener speaks plain HTTP",
            why="team-ecs never changes a shared listener",
            fix="name its HTTPS listener, or set network.tls.enabled: false",
            where="network.tls.enabled",
        )
    return _balancer(cloud, standards, listener["LoadBalancerArn"], listener)


def _network(cloud: Cloud, standards: Ecs) -> Balancer:
    found = _balancer(cloud, standards, cloud.place.network_arn, own_listener(standards))
    if not found.network:
        raise OptionError(
            "network_arn names a load balancer that is no network one",
            why="an app gets a rule of an application load balancer, never a listener",
            fix="name its listener as listener_arn",
            where="ecs.load_balancer.network_arn",
        )
    return found


def own_listener(standards: Ecs) -> Request:
    """Plan the app's own listener on a network load balancer, without where it leads. Pure.

    Args:
        standards: The resolved section `ecs`; not a worker's.

    Returns:
        Protocol, port and certificate, as CreateListener takes them.
    """
    wanted = standards.load_balancer
    certificate = wanted.certificate_arn if wanted else None
    port = (wanted.listen_port if wanted else None) or standards.port or 0
    if not certificate:
        return {"Protocol": "TCP", "Port": port}
    return {
        "Protocol": "TLS",
        "Port": port,
        "Certificates": [{"CertificateArn": certificate}],
        "SslPolicy": SECURE_POLICY,
    }


def _balancer(cloud: Cloud, standards: Ecs, arn: str, listener: Mapping[str, Any]) -> Balancer:
    known = cloud.ask("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[arn])
    found = _only(known.get("LoadBalancers"), "the load balancer of the standards")
    if found.get("Scheme") == "internet-facing" and standards.load_balancer and standards.load_balancer.internal:
        raise OptionError(
            "the load balancer faces the internet, and the standards say that the app is internal",
            fix="name an internal one, or set ecs.load_balancer.internal: false",
            where="ecs.load_balancer.internal",
        )
    zone, network = str(found.get("CanonicalHostedZoneId", "")), found.get("Type") == "network"
    return Balancer(found["LoadBalancerArn"], found["VpcId"], found["DNSName"], zone, listener, network)


def _only(found: Any, what: str) -> dict[str, Any]:
    if not found:
        raise MissingError(f"{what} is not there", fix="see whether the standards name the right one")
    first: dict[str, Any] = found[0]
    return first


def make_target_group(cloud: Cloud, order: Order, found: Balancer) -> str:
    """Make the target group of a deploy.

    Args:
        cloud: Where.
        order: What is deployed.
        found: The load balancer.

    Returns:
        Its ARN.

    Raises:
        PluginError: AWS refuses.
    """
    try:
        made = cloud.ask("elbv2", "CreateTargetGroup", **plan.target_group(order, found.vpc))
        arn = str(made["TargetGroups"][0]["TargetGroupArn"])
    except CloudError as err:
        arn = _made_before(cloud, order) if faults.code_of(err) == "DuplicateTargetGroupName" else ""
        if not arn:
            raise
    attribute = {"Key": "deregistration_delay.timeout_seconds", "Value": plan.drain(order.standards)}
    cloud.ask("elbv2", "ModifyTargetGroupAttributes", TargetGroupArn=arn, Attributes=[attribute])
    return arn


def _made_before(cloud: Cloud, order: Order) -> str:
    """Find the target group of this very deploy, made by a request whose answer was lost; empty if there is none."""
    there = cloud.target_group(order.name)
    arn = str(there["TargetGroupArn"]) if there is not None else ""
    return arn if arn and names.has(cloud.tags([arn]).get(arn, {}), order.tags) else ""
