"""Find whatever is left of an app in a workspace, by its names and then by its tags, whoever has forgotten it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from team_ecs import doors, names

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_ecs.cloud import Cloud
    from teamplugin.identity import Identity

    Found = dict[tuple[str, str], Callable[[], object]]
    """What removes each thing, by kind and name."""


def scalable_targets(cloud: Cloud, whose: Identity) -> Found:
    """Find scalable targets; their names hold the app's mark, which no other has."""
    there = cloud.pages("application-autoscaling", "DescribeScalableTargets", "ScalableTargets", ServiceNamespace="ecs")
    prefix = f"service/{cloud.place.cluster}/"
    found: Found = {}
    for each in there:
        name = str(each["ResourceId"]).removeprefix(prefix)
        if name != each["ResourceId"] and names.is_ours(name, whose):
            keys = ("ServiceNamespace", "ResourceId", "ScalableDimension")
            found["ScalableTarget", name] = partial(
                cloud.ask, "application-autoscaling", "DeregisterScalableTarget", **{key: each[key] for key in keys}
            )
    return found


def rules(cloud: Cloud, whose: Identity) -> Found:
    """Find rules of the listener, and of those that the app was on before; or its own listeners."""
    return {
        (doors.kind(rule["RuleArn"]), rule["RuleArn"]): partial(doors.remove, where, rule)
        for where in (cloud, *doors.elsewhere(cloud, whose))
        for rule in where.own_rules(names.owner(whose))
    }


def services(cloud: Cloud, whose: Identity) -> Found:
    """Find services of the cluster that are not ending already."""
    cluster = cloud.place.cluster
    arns = cloud.pages("ecs", "ListServices", "serviceArns", cluster=cluster)
    found: Found = {}
    for each in cloud.services(arn for arn in arns if names.is_ours(arn.rpartition("/")[2], whose)):
        if each["status"] != "DRAINING" and names.has(names.read(each.get("tags")), names.owner(whose)):
            name = each["serviceName"]
            found["Service", name] = partial(
                cloud.ask, "ecs", "DeleteService", cluster=cluster, service=name, force=True
            )
    return found


def load_balancers(cloud: Cloud, whose: Identity) -> Found:
    """Find the app's own load balancer."""
    name = names.family(whose)
    there = cloud.load_balancer(name)
    arn = str(there["LoadBalancerArn"]) if there is not None else ""
    if not arn or not names.has(cloud.tags([arn]).get(arn, {}), names.owner(whose)):
        return {}
    return {("LoadBalancer", name): partial(cloud.ask, "elbv2", "DeleteLoadBalancer", LoadBalancerArn=arn)}


def target_groups(cloud: Cloud, whose: Identity) -> Found:
    """Find target groups."""
    there = cloud.pages("elbv2", "DescribeTargetGroups", "TargetGroups")
    arns = {
        group["TargetGroupArn"]: group["TargetGroupName"]
        for group in there
        if names.is_ours(group["TargetGroupName"], whose)
    }
    return {
        ("TargetGroup", arns[arn]): partial(cloud.ask, "elbv2", "DeleteTargetGroup", TargetGroupArn=arn)
        for arn, tags in cloud.tags(arns).items()
        if names.has(tags, names.owner(whose))
    }


def task_definitions(cloud: Cloud, whose: Identity) -> Found:
    """Find task definitions; their family is the app's alone."""
    family = names.family(whose)
    arns = cloud.pages("ecs", "ListTaskDefinitions", "taskDefinitionArns", familyPrefix=family, status="ACTIVE")
    return {
        ("TaskDefinition", arn): partial(cloud.ask, "ecs", "DeregisterTaskDefinition", taskDefinition=arn)
        for arn in arns
    }
