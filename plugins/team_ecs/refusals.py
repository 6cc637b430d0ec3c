"""What the standards ask for and ECS cannot do: told before any call, with the closest way. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from team_ecs import doorrules, fargate, plan, taskdefinition
from teamconfig import units
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from teamconfig.model import Ecs, Network

MOST_TAGS = 50
OWN_TAGS = 6
SECRET_ARN = re.compile(r"arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]*:[0-9]*:.+")


def check(standards: Ecs, network: Network, labels: Mapping[str, str]) -> None:
    """Refuse standards that ECS cannot hold.

    Args:
        standards: The resolved section `ecs`.
        network: The resolved section `network`.
        labels: By standard of the team's observability; they become tags.

    Raises:
        OptionError: All problems at once.
    """
    problems = [
        *_missing(standards),
        *_unsuitable(standards),
        *_parts(standards),
        *_secrets(standards),
        *_tags({**labels, **(standards.tags or {})}),
        *(_network(network) if standards.port else ()),
        *(doorrules.check(standards, network) if standards.port else ()),
    ]
    if standards.launch_type != "EC2":
        try:
            fargate.size(standards.cpu or "250m", standards.memory or "512Mi")
        except OptionError as err:
            problems.append(err)
    if problems:
        raise OptionError.join(problems)


def _missing(standards: Ecs) -> list[OptionError]:
    groups = standards.security_groups or standards.security_group_tags
    needed = {
        "ecs.cluster": (standards.cluster, "the cluster that tasks run in"),
        "ecs.subnets": (
            standards.subnets or standards.subnet_tags,
            "the subnets that tasks get their addresses from; or subnet_tags, by which they are looked up",
        ),
        "ecs.security_groups": (groups, "else the VPC's default group decides who reaches them"),
        "ecs.execution_role": (standards.execution_role, "ECS pulls the image and writes logs by it"),
    }
    if standards.port:
        why = "the app's rule is added to it; or network_arn, or own; port = 0 is a worker"
        needed["ecs.load_balancer.listener_arn"] = (plan.door(standards) or plan.own(standards), why)
    return [
        OptionError(f"{key} is not set", why=why, fix="set it in the standards of the team", where=key)
        for key, (value, why) in needed.items()
        if not value
    ]


def _unsuitable(standards: Ecs) -> list[OptionError]:
    found = []
    scale = standards.autoscale
    if scale and scale.requests_per_task and not standards.port:
        found.append(
            OptionError(
                "a worker has no requests to be scaled by",
                fix="use cpu_percent",
                where="ecs.autoscale.requests_per_task",
            )
        )
    if standards.launch_type == "EC2" and standards.assign_public_ip:
        found.append(
            OptionError(
                "tasks on machines of one's own cannot get a public address",
                why="ECS gives one on Fargate only",
                fix="unset assign_public_ip and give the subnets a NAT gateway",
                where="ecs.assign_public_ip",
            )
        )
    check = standards.health_check
    if check and units.parse_duration(check.timeout or "5s") >= units.parse_duration(check.period or "10s"):
        found.append(
            OptionError(
                f"timeout = {check.timeout} is not shorter than period = {check.period}",
                why="a load balancer ends one check before it begins the next",
                fix="shorten the timeout",
                where="ecs.health_check.timeout",
            )
        )
    return found


def _parts(standards: Ecs) -> list[OptionError]:
    """Refuse volumes, providers and log routers that ECS would refuse later, or that would do nothing."""
    found = []
    for volume in standards.volumes:
        place = f"ecs.volumes.{volume.name}"
        if volume.access_point and volume.root_directory:
            found.append(
                OptionError(
                    "an access point and a root_directory exclude each other",
                    why="the access point says the directory",
                    fix="unset root_directory",
                    where=f"{place}.root_directory",
                )
            )
        if volume.iam and not standards.task_role:
            found.append(
                OptionError(
                    "iam needs a role of the task",
                    why="by it EFS decides who may mount",
                    fix="set ecs.task_role, or unset iam",
                    where=f"{place}.iam",
                )
            )
    if standards.capacity_provider and standards.launch_type == "FARGATE_SPOT":
        found.append(
            OptionError(
                "capacity_provider and launch_type FARGATE_SPOT exclude each other",
                why="FARGATE_SPOT is a capacity provider itself",
                fix="unset one of them; with a provider of machines set launch_type: EC2",
                where="ecs.capacity_provider",
            )
        )
    router = standards.firelens
    if router and router.image and any(each.name == taskdefinition.ROUTER for each in standards.sidecars):
        found.append(
            OptionError(
                f"a sidecar is named {taskdefinition.ROUTER}",
                why="so is the router of firelens",
                fix="name it otherwise",
                where=f"ecs.sidecars.{taskdefinition.ROUTER}.name",
            )
        )
    if router and not router.image and (router.options or router.secrets or router.config):
        found.append(
            OptionError(
                "firelens has no image",
                why="the router is a container beside the app",
                fix="set ecs.firelens.image to one of Fluent Bit or Fluentd",
                where="ecs.firelens.image",
            )
        )
    return found


def _secrets(standards: Ecs) -> list[OptionError]:
    places = {"ecs.secrets": standards.secrets or {}}
    if standards.firelens:
        places["ecs.firelens.secrets"] = standards.firelens.secrets or {}
    places |= {f"ecs.sidecars.{each.name}.secrets": each.secrets or {} for each in standards.sidecars}
    found = []
    for place, secrets in places.items():
        for name, arn in secrets.items():
            if not SECRET_ARN.fullmatch(arn):
                # What stands there may be the secret itself, so it is not shown.
                found.append(
                    OptionError(
                        f"the value of {name} is no ARN of Secrets Manager or Parameter Store",
                        why="secrets are passed by reference only, and never stand in standards",
                        fix="store it there and write its ARN",
                        where=f"{place}.{name}",
                    )
                )
    return found


def _tags(tags: Mapping[str, str]) -> list[OptionError]:
    found = [
        OptionError(
            f"the tag {key} cannot be set", why="keys that begin so are AWS's and team-ecs's own", where="ecs.tags"
        )
        for key in tags
        if key.lower().startswith(("aws:", "waypaas:"))
    ]
    if len(tags) > MOST_TAGS - OWN_TAGS:
        found.append(OptionError(f"{len(tags)} tags", why=f"{MOST_TAGS - OWN_TAGS} fit beside team-ecs's own"))
    return found


def _network(network: Network) -> list[OptionError]:
    tls = network.tls
    ways = {
        "network.ingress_class": (network.ingress_class, "a listener takes its place: ecs.load_balancer.listener_arn"),
        "network.gateway": (
            network.gateway and network.gateway.name,
            "a listener takes its place: ecs.load_balancer.listener_arn",
        ),
        "network.annotations": (network.annotations, "attributes of the load balancer are its owner's to set"),
        "network.tls.secret": (tls and tls.secret, "the listener has the certificate, from ACM"),
        "network.tls.issuer": (tls and tls.issuer, "let ACM issue the certificate of the listener"),
        "network.tls.certificate_arn": (
            tls and tls.certificate_arn,
            "add the certificate to the listener once; an app never changes a shared one",
        ),
    }
    return [
        OptionError(
            f"{key} is nothing that ECS can do", why=way, fix="unset it for the apps that run on ECS", where=key
        )
        for key, (value, way) in ways.items()
        if value
    ]
