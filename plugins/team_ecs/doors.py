"""What leads to an app, in one way for both kinds: rules of a shared listener, listeners of a network load balancer.

A network load balancer has no rules: there an app has listeners of its own, and
what would be a rule's priority is a listener's port. Both are told apart by
their ARNs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_ecs import dns, faults, names, routing
from waypaas_sdk.errors import CloudError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.cloud import Cloud
    from team_ecs.order import Order, Request
    from teamplugin.identity import Identity

RACES = 5
"""How often somebody else may take a priority just before us."""

TAKEN = frozenset({"PriorityInUse", "DuplicateListener"})
FIRST_PREVIEW_PORT = 49152
LISTENER = ":listener/"


def kind(arn: str) -> str:
    """Say what it is, by its ARN: "Listener" or "ListenerRule"."""
    return "Listener" if LISTENER in arn else "ListenerRule"


def make_preview(cloud: Cloud, order: Order, target_group_arn: str) -> str:
    """Make that by which the load balancer knows a deployment that has no traffic yet.

    Args:
        cloud: Where.
        order: What is deployed.
        target_group_arn: Of the deployment.

    Returns:
        ARN of the rule, or of the listener.

    Raises:
        PluginError: AWS refuses.
    """
    tags = order.tags | {names.KIND_TAG: names.PREVIEW}
    actions = routing.forward(target_group_arn)
    if cloud.place.network_arn:
        return make(cloud, {"Actions": actions, "Listener": {"Protocol": "TCP"}}, tags, FIRST_PREVIEW_PORT)
    return make(cloud, {"Conditions": routing.preview_conditions(order.deployment_id), "Actions": actions}, tags, 1)


def make(cloud: Cloud, request: Request, tags: Mapping[str, str], first: int, *, only: bool = False) -> str:
    """Make a rule with the first priority that is free, whoever else is making rules just now.

    Args:
        cloud: Where.
        request: Conditions and actions; of a listener its protocol and certificates.
        tags: Of the rule; no other rule has all of them.
        first: Priority, or port, to begin with.
        only: That one or none.

    Returns:
        ARN of the rule, or of the listener.

    Raises:
        StateError: The priority is taken, or each that was free was taken by others.
        PluginError: AWS refuses.
    """
    written = [{"Key": key, "Value": value} for key, value in tags.items()]
    for _ in range(RACES):
        rules = cloud.rules()
        number = first if only else routing.free_priority(rules, first)
        try:
            return _created(cloud, request, number, written)
        except CloudError as err:
            if faults.code_of(err) not in TAKEN:
                raise
        # It may be our own rule that has it: made by a request whose answer was lost.
        ours = cloud.own_rules(tags)
        if ours:
            return str(ours[0]["RuleArn"])
        if only:
            break
    if cloud.place.network_arn:
        raise StateError(
            f"port {first} of the network load balancer is of somebody else" if only else "ports are taken too fast",
            fix="choose another ecs.load_balancer.listen_port" if only else "try again",
            where=f"load balancer {cloud.place.network_arn}",
        )
    raise StateError(
        f"a rule of the listener with priority {first} is of somebody else"
        if only
        else "priorities are taken too fast",
        fix="unset ecs.load_balancer.priority, so that a free one is taken" if only else "try again",
        where=f"listener {cloud.place.listener_arn}",
    )


def _created(cloud: Cloud, request: Request, number: int, tags: list[dict[str, str]]) -> str:
    if cloud.place.network_arn:
        listener = listener_of(request, number) | {"LoadBalancerArn": cloud.place.network_arn, "Tags": tags}
        return str(cloud.ask("elbv2", "CreateListener", **listener)["Listeners"][0]["ListenerArn"])
    rule = {"ListenerArn": cloud.place.listener_arn, "Priority": number, "Tags": tags, **request}
    return str(cloud.ask("elbv2", "CreateRule", **rule)["Rules"][0]["RuleArn"])


def listener_of(request: Request, port: int | None = None) -> Request:
    """Write what would be a rule as a listener. Pure.

    Args:
        request: As for `make`.
        port: Of the listener; None where the request says it.

    Returns:
        Parameters of CreateListener and ModifyListener.
    """
    chosen = {} if port is None else {"Port": port}
    # A listener of a network load balancer leads to one target group, and weighs nothing.
    (arn,) = routing.targets({"Actions": request["Actions"]})
    return {"DefaultActions": [{"Type": "forward", "TargetGroupArn": arn}], **request.get("Listener", {}), **chosen}


def change(cloud: Cloud, arn: str, request: Request) -> None:
    """Change a rule, or a listener of the app's own, at once.

    Args:
        cloud: Where.
        arn: Of it.
        request: As for `make`; conditions may be left out.

    Raises:
        PluginError: AWS refuses.
    """
    if LISTENER in arn:
        cloud.ask("elbv2", "ModifyListener", ListenerArn=arn, **listener_of(request))
    else:
        cloud.ask("elbv2", "ModifyRule", RuleArn=arn, **request)


def remove(cloud: Cloud, rule: Mapping[str, Any]) -> None:
    """Remove a rule, or a listener of the app's own, and before it the record that leads there.

    Args:
        cloud: Where.
        rule: As `Cloud.own_rules` gives it, with its tags.

    Raises:
        MissingError: It is gone already.
        PluginError: It is left.
    """
    dns.remove_noted(cloud, rule.get("Tags", {}))
    arn = rule["RuleArn"]
    if LISTENER in arn:
        cloud.ask("elbv2", "DeleteListener", ListenerArn=arn)
    else:
        cloud.ask("elbv2", "DeleteRule", RuleArn=arn)


def leave(cloud: Cloud, rule: Mapping[str, Any], target_group_arn: str) -> None:
    """Take a target group out of an app's traffic; the rule goes with the last one.

    Args:
        cloud: Where the rule is.
        rule: As `Cloud.own_rules` gives it.
        target_group_arn: That gets no more requests; one that gets none already is fine.

    Raises:
        PluginError: AWS refuses.
    """
    there = routing.targets(rule)
    others = [arn for arn in there if arn != target_group_arn]
    if target_group_arn not in there:
        return
    if others:
        change(cloud, rule["RuleArn"], {"Actions": routing.forward(others[0])})
    else:
        remove(cloud, rule)


def elsewhere(cloud: Cloud, whose: Identity) -> list[Cloud]:
    """Find the listeners and load balancers that an app was on before its standards named others.

    Args:
        cloud: With the one that it is on now.
        whose: App and workspace.

    Returns:
        The same cloud with each of the others, as target groups that are still there tell.

    Raises:
        PluginError: AWS cannot be asked.
    """
    groups = cloud.pages("elbv2", "DescribeTargetGroups", "TargetGroups")
    arns = [each["TargetGroupArn"] for each in groups if names.is_ours(each["TargetGroupName"], whose)]
    tags = [found for found in cloud.tags(arns).values() if names.has(found, names.owner(whose))]
    known = {found.get(names.DOOR_TAG, "") for found in tags} - {"", cloud.place.door}
    return [cloud.at(door) for door in sorted(known)]
