"""A load balancer of the app's own: made by its first deploy in a workspace, and removed with the workspace.

From then on it is like a shared one: deployments and releases have rules or
listeners on it. What it was made with stays; the next one has the standards of
its time.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from team_ecs import balancer, destroying, lookup, messages, names, plan, removing
from team_ecs.guardian import guarded
from team_ecs.order import tags
from waypaas_sdk.errors import StateError
from waypaas_sdk.resources import Creation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from team_ecs.cloud import Cloud
    from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
    from team_ecs.order import Order, Request

KIND = "LoadBalancer"
NOBODY = {"ContentType": "text/plain", "MessageBody": "nothing is released here yet", "StatusCode": "404"}
HTTP, HTTPS = 80, 443


def requested(order: Order) -> Request:
    """Plan the load balancer. Pure.

    Args:
        order: The first deploy.

    Returns:
        Parameters of CreateLoadBalancer.
    """
    wanted, standards = order.standards.load_balancer, order.standards
    internal = wanted is None or wanted.internal is not False
    return {
        "Name": names.family(order.identity),
        "Type": plan.own(standards),
        "Scheme": "internal" if internal else "internet-facing",
        "Subnets": list((wanted and wanted.subnets) or standards.subnets or ()),
        "SecurityGroups": list((wanted and wanted.security_groups) or ()),
        "Tags": _tags(order),
    }


def listener(order: Order, arn: str) -> Request:
    """Plan the listener of an application load balancer; its default action answers nobody. Pure.

    Args:
        order: The first deploy.
        arn: Of the load balancer.

    Returns:
        Parameters of CreateListener.
    """
    wanted = order.standards.load_balancer
    certificate = wanted.certificate_arn if wanted else None
    port = (wanted.listen_port if wanted else None) or (HTTPS if certificate else HTTP)
    request: Request = {
        "LoadBalancerArn": arn,
        "Protocol": "HTTPS" if certificate else "HTTP",
        "Port": port,
        "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": NOBODY}],
        "Tags": _tags(order),
    }
    if certificate:
        request |= {"Certificates": [{"CertificateArn": certificate}], "SslPolicy": balancer.SECURE_POLICY}
    return request


def _tags(order: Order) -> list[dict[str, str]]:
    written = tags(order.standards, order.labels, order.identity)
    return [{"Key": key, "Value": value} for key, value in written.items()]


def find(cloud: Cloud, order: Order) -> str:
    """Find the app's own load balancer.

    Args:
        cloud: Where.
        order: A deploy.

    Returns:
        ARN of its listener, or of the network load balancer; "" where there is none, or not all of it.

    Raises:
        StateError: Something else has its name.
        PluginError: AWS cannot be asked.
    """
    there = cloud.load_balancer(names.family(order.identity))
    if there is None:
        return ""
    arn = str(there["LoadBalancerArn"])
    if not names.has(cloud.tags([arn]).get(arn, {}), names.owner(order.identity)):
        raise StateError(
            f"load balancer {names.family(order.identity)} is of somebody else",
            fix="rename it, or use a shared one: ecs.load_balancer.listener_arn",
            where="ecs.load_balancer.own",
        )
    if plan.own(order.standards) == "network":
        return arn
    listeners = cloud.pages("elbv2", "DescribeListeners", "Listeners", LoadBalancerArn=arn)
    return str(listeners[0]["ListenerArn"]) if listeners else ""


@contextmanager
def made(cloud: Cloud, order: Order, message: team_ecs_pb2.Deployment) -> Iterator[Order]:
    """Make the load balancer; it is undone if the block fails, and even if this process is killed in it.

    Args:
        cloud: Where; its place has the load balancer from then on.
        order: The first deploy.
        message: As far as it is known; gets the place.

    Yields:
        The deploy, with what leads to it.

    Raises:
        PolicyError: Its security groups let in the whole internet, and it is internal.
        PluginError: AWS refuses.
    """
    wanted = order.standards.load_balancer
    if wanted and wanted.internal is not False and not order.standards.open_to_world:
        lookup.refuse_open(cloud, list(wanted.security_groups or ()))
    with guarded(message, [KIND]), Creation() as creation:
        again = cloud.again()
        undo = partial(destroying.parts(again, message).remove, KIND)
        creation.made(removing.resource(KIND, names.family(order.identity), cloud), undo=undo)
        cloud.notify("making the app's own load balancer")
        arn = str(cloud.ask("elbv2", "CreateLoadBalancer", **requested(order))["LoadBalancers"][0]["LoadBalancerArn"])
        if plan.own(order.standards) == "application":
            answer = cloud.ask("elbv2", "CreateListener", **listener(order, arn))
            arn = str(answer["Listeners"][0]["ListenerArn"])
        cloud.place = cloud.place.at(arn)
        message.place.CopyFrom(messages.place_to_proto(cloud.place))
        yield replace(order, door=arn)
