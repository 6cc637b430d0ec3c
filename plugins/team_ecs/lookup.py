"""Subnets and security groups of tasks: as the standards name them, or looked up by their tags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from waypaas_sdk.errors import MissingError, OptionError, PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.cloud import Cloud
    from teamconfig.model import Ecs

WORLD = frozenset({"0.0.0.0/0", "::/0"})


def network(cloud: Cloud, standards: Ecs, vpc: str) -> Ecs:
    """Find what the standards name by tags, and see that nothing is open to the whole internet unasked.

    Args:
        cloud: Where.
        standards: The resolved section `ecs`.
        vpc: Of the load balancer; "" for a worker.

    Returns:
        The same standards, with subnets and security groups by their ids.

    Raises:
        MissingError: Nothing has these tags.
        OptionError: The subnets are of more than one network.
        PolicyError: A security group lets in the whole internet, and the standards do not say that it may.
    """
    subnets, groups = list(standards.subnets or ()), list(standards.security_groups or ())
    if not subnets:
        tags = standards.subnet_tags or {}
        found = cloud.pages("ec2", "DescribeSubnets", "Subnets", Filters=_filters(tags, vpc))
        _refuse_none(found, tags, vpc, "ecs.subnet_tags")
        networks = {str(each["VpcId"]) for each in found}
        if len(networks) > 1:
            raise OptionError(
                f"the subnets with the tags of ecs.subnet_tags are of {len(networks)} networks",
                why="a task has its addresses in one: " + ", ".join(sorted(networks)),
                fix="add a tag that only those of one network have",
                where="ecs.subnet_tags",
            )
        subnets, vpc = sorted(str(each["SubnetId"]) for each in found), networks.pop()
    known: list[dict[str, Any]] = []
    if not groups:
        tags = standards.security_group_tags or {}
        known = cloud.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", Filters=_filters(tags, vpc))
        _refuse_none(known, tags, vpc, "ecs.security_group_tags")
        groups = sorted(str(each["GroupId"]) for each in known)
    if not standards.open_to_world:
        if known:
            _refuse_open(known)
        else:
            refuse_open(cloud, groups)
    return replace(standards, subnets=subnets, security_groups=groups)


def _filters(tags: Mapping[str, str], vpc: str) -> list[dict[str, Any]]:
    wanted = [{"Name": f"tag:{name}", "Values": [value]} for name, value in tags.items()]
    return wanted + ([{"Name": "vpc-id", "Values": [vpc]}] if vpc else [])


def _refuse_none(found: list[dict[str, Any]], tags: Mapping[str, str], vpc: str, where: str) -> None:
    if not found:
        said = ", ".join(f"{name}={value}" for name, value in tags.items())
        raise MissingError(
            f"there is nothing with the tags {said}" + (f" in {vpc}" if vpc else ""),
            fix="tag what the tasks shall have, or name it by its id",
            where=where,
        )


def refuse_open(cloud: Cloud, groups: list[str]) -> None:
    """Refuse security groups that let in the whole internet.

    Args:
        cloud: Where.
        groups: Their ids.

    Raises:
        PolicyError: One does.
        PluginError: AWS cannot be asked.
    """
    _refuse_open(cloud.pages("ec2", "DescribeSecurityGroups", "SecurityGroups", GroupIds=groups))


def _refuse_open(groups: list[dict[str, Any]]) -> None:
    for group in groups:
        ranges = [
            str(each.get("CidrIp") or each.get("CidrIpv6"))
            for permission in group.get("IpPermissions", ())
            for each in (*permission.get("IpRanges", ()), *permission.get("Ipv6Ranges", ()))
        ]
        wide = sorted(WORLD & set(ranges))
        if wide:
            raise PolicyError(
                f"security group {group['GroupId']} lets in the whole internet",
                why=f"it has a rule for {', '.join(wide)}, and ecs.open_to_world is false",
                fix="let in the load balancer's security group only, or set ecs.open_to_world: true in the standards",
                where="ecs.security_groups",
            )
