"""The shared load balancer: what it is, and an app's own target groups and rules on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from team_ecs import faults, names, plan, routing
from waypaas_sdk.errors import CloudError, MissingError, OptionError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.cloud import Cloud
    from team_ecs.order import Order, Request
    from teamconfig.model import Ecs, Network

RACES = 5
"""How often somebody else may take a priority just before us."""


@dataclass(frozen=True)
class Balancer:
    """A load balancer and the listener that an app is on.

    Args:
        arn: Of the load balancer.
        vpc: That it is in.
        address: Its name in DNS.
        listener: As AWS tells it.
    """

    arn: str
    vpc: str
    address: str
    listener: Mapping[str, Any]

    def label(self, target_group_arn: str) -> str:
        """Name load balancer and target group as the metric of requests does."""
        return f"{self.arn.partition('loadbalancer/')[2]}/{target_group_arn.rpartition(':')[2]}"


def find(cloud: Cloud, standards: Ecs, network: Network) -> Balancer:
    """Find the listener of the standards and its load balancer, and see that an app may be put on it.

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
    routing.traffic_conditions(network)
    arn = cloud.place.listener_arn
    listener = _only(cloud.ask("elbv2", "DescribeListeners", ListenerArns=[arn]).get("Listeners"), f"listener {arn}")
    protocol = listener.get("Protocol", "")
    if protocol not in routing.PORTS:
        raise OptionError(
            f"the listener speaks {protocol}",
            why="only those of an application load balancer (HTTP, HTTPS) have rules, by which apps share them",
            fix="name a listener of an application load balancer",
            where="ecs.load_balancer.listener_arn",
        )
    if protocol == "HTTP" and network.tls and network.tls.enabled:
        raise OptionError(
            "the standards ask for TLS, and the listener speaks plain HTTP",
            why="team-ecs never changes a shared listener",
            fix="name its HTTPS listener, or set network.tls.enabled: false",
            where="network.tls.enabled",
        )
    known = cloud.ask("elbv2", "DescribeLoadBalancers", LoadBalancerArns=[listener["LoadBalancerArn"]])
    found = _only(known.get("LoadBalancers"), "the load balancer of the listener")
    if found.get("Scheme") == "internet-facing" and standards.load_balancer and standards.load_balancer.internal:
        raise OptionError(
            "the load balancer faces the internet, and the standards say that the app is internal",
            fix="name a listener of an internal one, or set ecs.load_balancer.internal: false",
            where="ecs.load_balancer.internal",
        )
    return Balancer(found["LoadBalancerArn"], found["VpcId"], found["DNSName"], listener)


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


def make_preview(cloud: Cloud, order: Order, target_group_arn: str) -> str:
    """Make the rule by which the load balancer knows a deployment that has no traffic yet.

    Args:
        cloud: Where.
        order: What is deployed.
        target_group_arn: Of the deployment.

    Returns:
        ARN of the rule.

    Raises:
        PluginError: AWS refuses.
    """
    request = {
        "Conditions": routing.preview_conditions(order.deployment_id),
        "Actions": routing.forward(target_group_arn),
    }
    return make_rule(cloud, request, order.tags | {names.KIND_TAG: names.PREVIEW}, 1)


def make_rule(cloud: Cloud, request: Request, tags: Mapping[str, str], first: int, *, only: bool = False) -> str:
    """Make a rule with the first priority that is free, whoever else is making rules just now.

    Args:
        cloud: Where.
        request: Conditions and actions.
        tags: Of the rule; no other rule has all of them.
        first: Priority to begin with.
        only: That priority or none.

    Returns:
        ARN of the rule.

    Raises:
        StateError: The priority is taken, or each that was free was taken by others.
        PluginError: AWS refuses.
    """
    listener = cloud.place.listener_arn
    written = [{"Key": key, "Value": value} for key, value in tags.items()]
    for _ in range(RACES):
        rules = cloud.rules()
        priority = first if only else routing.free_priority(rules, first)
        try:
            made = cloud.ask("elbv2", "CreateRule", ListenerArn=listener, Priority=priority, Tags=written, **request)
        except CloudError as err:
            if faults.code_of(err) != "PriorityInUse":
                raise
        else:
            return str(made["Rules"][0]["RuleArn"])
        # It may be our own rule that has it: made by a request whose answer was lost.
        ours = cloud.own_rules(tags)
        if ours:
            return str(ours[0]["RuleArn"])
        if only:
            break
    raise StateError(
        f"a rule of the listener with priority {first} is of somebody else"
        if only
        else "priorities are taken too fast",
        fix="unset ecs.load_balancer.priority, so that a free one is taken" if only else "try again",
        where=f"listener {listener}",
    )
