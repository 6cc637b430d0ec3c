"""Remove the parts of a deployment, each only if its tags say that it is one. Gone already is fine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from team_ecs import doors, names, plan
from waypaas_sdk.errors import MissingError
from waypaas_sdk.resources import Category, Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from team_ecs.cloud import Cloud

PLATFORM = "ecs"
CATEGORIES = {
    "LoadBalancer": Category.ROUTER,
    "TaskDefinition": Category.CONFIG,
    "TargetGroup": Category.ROUTER,
    "ListenerRule": Category.ROUTER,
    "Listener": Category.ROUTER,
    "Service": Category.INSTANCE_MANAGER,
    "ScalableTarget": Category.POLICY,
}
"""Kinds of parts, in the order in which a deploy makes them; removed in the opposite one."""

NEWEST = 10
"""Task definitions that are looked at to find the one of a deploy that was cut off."""


def resource(kind: str, name: str, cloud: Cloud) -> Resource:
    """Name a part as Waypoint is told of it."""
    return Resource(
        name, kind, PLATFORM, CATEGORIES[kind], {"region": cloud.place.region, "cluster": cloud.place.cluster}
    )


class Parts:
    """The parts of one deployment.

    Args:
        cloud: Where they are.
        name: Of service and target group.
        tags: That all parts have, with that of the deployment.
        task_definition_arn: Empty where it is not known: then it is looked for.
        family: Of task definitions, to look in.
    """

    def __init__(
        self, cloud: Cloud, name: str, tags: Mapping[str, str], task_definition_arn: str = "", family: str = ""
    ) -> None:
        self._cloud, self._name, self._tags = cloud, name, tags
        self._task_definition_arn, self._family = task_definition_arn, family

    def remove(self, kind: str) -> None:
        """Remove one part.

        Args:
            kind: One of CATEGORIES.

        Raises:
            MissingError: It is gone already, or was never this deployment's.
            PluginError: It is left.
        """
        removers: dict[str, Callable[[], None]] = {
            "TaskDefinition": self._task_definition,
            "TargetGroup": self._target_group,
            "ListenerRule": self._rules,
            "Listener": self._rules,
            "Service": self._service,
            "ScalableTarget": self._scalable_target,
            "LoadBalancer": self._load_balancer,
        }
        removers[kind]()

    def _scalable_target(self) -> None:
        wanted = plan.scalable(self._cloud.place.cluster, self._name)
        self._cloud.ask("application-autoscaling", "DeregisterScalableTarget", **wanted)

    def _service(self) -> None:
        found = self._cloud.service(self._name)
        if found is None or not names.has(names.read(found.get("tags")), self._tags):
            raise MissingError(f"service {self._name} is not there")
        if found["status"] != "DRAINING":
            self._cloud.ask("ecs", "DeleteService", cluster=self._cloud.place.cluster, service=self._name, force=True)

    def _rules(self) -> None:
        """Remove the deployment's own rules, and itself from the app's traffic: else its target group stays in use."""
        rules = self._cloud.rules()
        for rule in self._cloud.own_rules(self._tags, rules):
            doors.remove(self._cloud, rule)
        owner = {key: value for key, value in self._tags.items() if key != names.DEPLOYMENT_TAG}
        group = self._cloud.target_group(self._name)
        for rule in self._cloud.own_rules(owner | {names.KIND_TAG: names.TRAFFIC}, rules):
            if group is not None:
                doors.leave(self._cloud, rule, group["TargetGroupArn"])

    def _load_balancer(self) -> None:
        """Remove the app's own load balancer, with its listeners and rules; its name is that of the family."""
        owner = {key: value for key, value in self._tags.items() if key != names.DEPLOYMENT_TAG}
        found = self._cloud.load_balancer(self._family)
        arn = found["LoadBalancerArn"] if found is not None else ""
        if not arn or not names.has(self._cloud.tags([arn]).get(arn, {}), owner):
            raise MissingError(f"load balancer {self._family} is not there")
        self._cloud.ask("elbv2", "DeleteLoadBalancer", LoadBalancerArn=arn)

    def _target_group(self) -> None:
        found = self._cloud.target_group(self._name)
        if found is None:
            raise MissingError(f"target group {self._name} is not there")
        arn = found["TargetGroupArn"]
        if not names.has(self._cloud.tags([arn]).get(arn, {}), self._tags):
            raise MissingError(f"target group {self._name} is of something else")
        self._cloud.ask("elbv2", "DeleteTargetGroup", TargetGroupArn=arn)

    def _task_definition(self) -> None:
        arns = [self._task_definition_arn] if self._task_definition_arn else self._cut_off()
        for arn in arns:
            self._cloud.ask("ecs", "DeregisterTaskDefinition", taskDefinition=arn)

    def _cut_off(self) -> list[str]:
        """Find what a deploy registered whose answer never came."""
        listed = self._cloud.ask(
            "ecs", "ListTaskDefinitions", familyPrefix=self._family, status="ACTIVE", sort="DESC", maxResults=NEWEST
        )
        found = []
        for arn in listed.get("taskDefinitionArns", ()):
            answer = self._cloud.ask("ecs", "DescribeTaskDefinition", taskDefinition=arn, include=["TAGS"])
            if names.has(names.read(answer.get("tags")), self._tags):
                found.append(arn)
        return found
