"""What the two kinds of load balancer cannot do, told before any call, with the closest way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_ecs import plan
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from teamconfig.model import Ecs, Network

NO_RULES = "a network load balancer passes connections on and has no rules"


def check(standards: Ecs, network: Network) -> list[OptionError]:
    """Find what the load balancer of the standards cannot do.

    Args:
        standards: The resolved section `ecs`; not a worker's.
        network: The resolved section `network`.

    Returns:
        The problems.
    """
    found = _networked(standards, network) if plan.networked(standards) else _ruled(standards)
    if plan.own(standards):
        found += _own(standards, network)
    balancer = standards.load_balancer
    if balancer and balancer.hosted_zone and (not network.host or network.host.startswith("*")):
        found.append(
            OptionError(
                "a record in Route 53 needs a host",
                why="network.host is not set" if not network.host else f'network.host = "{network.host}" is of no one',
                fix='set network.host, as "{app}.{environment}.acme.example", or unset hosted_zone',
                where="ecs.load_balancer.hosted_zone",
            )
        )
    return found


def _own(standards: Ecs, network: Network) -> list[OptionError]:
    balancer, tls = standards.load_balancer, network.tls
    found = []
    if balancer and not balancer.security_groups:
        found.append(
            OptionError(
                "the app's own load balancer has no security groups",
                why="else the VPC's default group decides who reaches it; team-ecs makes none",
                fix="set ecs.load_balancer.security_groups",
                where="ecs.load_balancer.security_groups",
            )
        )
    if balancer and balancer.own == "application" and tls and tls.enabled and not balancer.certificate_arn:
        found.append(
            OptionError(
                "the standards ask for TLS, and the app's own load balancer has no certificate",
                fix="set ecs.load_balancer.certificate_arn, or network.tls.enabled: false",
                where="network.tls.enabled",
            )
        )
    return found


def _networked(standards: Ecs, network: Network) -> list[OptionError]:
    balancer, tls, scale = standards.load_balancer, network.tls, standards.autoscale
    ways = {
        "ecs.load_balancer.priority": (balancer and balancer.priority, "use listen_port"),
        "ecs.canary.steps": (
            standards.canary and standards.canary.steps,
            "release all at once, or use a listener of an application load balancer",
        ),
        "ecs.autoscale.requests_per_task": (scale and scale.requests_per_task, "use cpu_percent"),
        "network.path": (
            network.path if network.path not in {None, "", "/"} else "",
            "use a listener of an application load balancer",
        ),
        "network.allowed_cidrs": (network.allowed_cidrs, "hold them in the load balancer's security group"),
    }
    found = [
        OptionError(f"{key} is nothing that a network load balancer can do", why=NO_RULES, fix=way, where=key)
        for key, (value, way) in ways.items()
        if value
    ]
    if tls and tls.enabled and not (balancer and balancer.certificate_arn):
        found.append(
            OptionError(
                "the standards ask for TLS, and the app's listener has no certificate",
                why="without one the network load balancer passes TCP on as it is",
                fix="set ecs.load_balancer.certificate_arn; where the app ends TLS itself, network.tls.enabled: false",
                where="network.tls.enabled",
            )
        )
    return found


def _ruled(standards: Ecs) -> list[OptionError]:
    balancer, health = standards.load_balancer, standards.health_check
    ways = {
        "ecs.load_balancer.listen_port": (
            balancer and not balancer.own and balancer.listen_port,
            "the shared listener has a port already",
        ),
        "ecs.load_balancer.certificate_arn": (
            balancer and not balancer.own and balancer.certificate_arn,
            "add the certificate to the shared listener once",
        ),
        "ecs.health_check.protocol": (
            health and health.protocol == "TCP",
            "an application load balancer asks by HTTP; set a path that always answers",
        ),
    }
    return [
        OptionError(
            f"{key} is for a network load balancer", why="the standards name none", fix=f"unset it: {way}", where=key
        )
        for key, (value, way) in ways.items()
        if value
    ]
