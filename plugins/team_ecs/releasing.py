"""Release: lead an app's traffic to the target group of a deployment that is well."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from team_ecs import balancer, dns, doors, messages, names, plan, removing, routing, shifting
from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
from team_ecs.order import tags
from teamplugin import standards
from teamplugin.identity import refuse_other
from waypaas_sdk.errors import MissingError, PluginError, StateError
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from collections.abc import Mapping

    from team_ecs.balancer import Balancer
    from team_ecs.cloud import Cloud
    from team_ecs.order import Request
    from teamplugin.identity import Identity
    from waypaas_sdk.arguments import JobInfo, Source
    from waypaas_sdk.call import Call
    from waypaas_sdk.terminal import TerminalUI


def release(
    options: Any, target: team_ecs_pb2.Deployment, job: JobInfo, source: Source, ui: TerminalUI, call: Call
) -> Result:
    """Release a deployment.

    Args:
        options: Of waypoint.hcl, decoded; None where nothing was configured.
        target: The deployment; an older one rolls back.
        job: Says project, app and workspace.
        source: Where the app is.
        ui: The user's terminal.
        call: The running call.

    Returns:
        The release.

    Raises:
        MissingError: The deployment is not there any more.
        OptionError: The standards ask for what a rule of a listener cannot hold.
        StateError: It is not well, or host and path are somebody else's; traffic stays where it was.
        PluginError: AWS refuses, or cannot be reached.
    """
    with ui.step_group() as steps, steps.add(f"Release {target.name}") as step:
        identity = messages.identity_from_proto(target.identity)
        refuse_other(identity, job)
        resolved = standards.of_job("ecs", job, source.path, options, "release")
        cloud = messages.cloud(target.place, "deploy", target.identity, call, step.update, image=target.image)
        refuse_unwell(cloud, target)
        if not target.target_group_arn:
            step.update(f"{target.name} is a worker without port: no traffic to direct")
            return Result(_message(target, "", ""))
        network = resolved.profile.network
        found = balancer.find(cloud, resolved.profile.ecs, network)
        request: Request = {"Actions": routing.forward(target.target_group_arn)}
        if found.network:
            request["Listener"] = found.listener
        else:
            alone = bool(plan.own(resolved.profile.ecs))
            request["Conditions"] = routing.traffic_conditions(network, alone=alone)
        rule = _direct(cloud, call, resolved, target, request)
        if rule is None:
            rule = _begin(cloud, resolved, request, found)
        else:
            record(cloud, resolved, rule, found)
        url = (routing.network_url if found.network else routing.url)(network, found.listener, found.address)
        step.update(f"The load balancer sends {identity.app}'s traffic to {target.name}: {url}")
    arn = rule["RuleArn"]
    resources = [removing.resource(doors.kind(arn), arn, cloud)]
    return Result(_message(target, url, arn), url=url, resources=resources)


def _direct(
    cloud: Cloud, call: Call, resolved: standards.Resolved, target: team_ecs_pb2.Deployment, request: Request
) -> dict[str, Any] | None:
    """Change the app's rule; give it, with the tags that it had, or None where there is none."""
    rules = cloud.rules()
    mine = names.owner(resolved.identity) | {names.KIND_TAG: names.TRAFFIC}
    ours = cloud.own_rules(mine, rules)
    _refuse_foreign(rules, {rule["RuleArn"] for rule in ours}, request)
    if not ours:
        return None
    shifting.shift(cloud, call, target, ours[0], request, resolved.profile.ecs.canary)
    return dict(ours[0])


def _begin(cloud: Cloud, resolved: standards.Resolved, request: Request, found: Balancer) -> dict[str, Any]:
    """Make the app's rule, and only then remove the one of the listener that it was on before; give the new one."""
    mine = names.owner(resolved.identity) | {names.KIND_TAG: names.TRAFFIC}
    wanted, labels = resolved.profile.ecs, resolved.profile.observability.labels or {}
    all_tags = tags(wanted, labels, resolved.identity) | mine
    chosen = wanted.load_balancer.priority if wanted.load_balancer else None
    only = request["Listener"]["Port"] if "Listener" in request else chosen
    arn = doors.make(cloud, request, all_tags, only or routing.FIRST_TRAFFIC, only=only is not None)
    rule = {"RuleArn": arn, "Tags": all_tags}
    try:
        record(cloud, resolved, rule, found)
    except BaseException:
        doors.remove(cloud.again(), {"RuleArn": arn})
        raise
    try:
        _leave_others(cloud, resolved.identity)
    except PluginError as err:
        cloud.notify(f"the rule of the listener that the app was on before is left: {err.what}")
    return rule


def _leave_others(cloud: Cloud, whose: Identity) -> None:
    """Remove the app's rule of the listener that it was on before: its requests would never end there."""
    for other in doors.elsewhere(cloud, whose):
        for rule in other.own_rules(names.owner(whose) | {names.KIND_TAG: names.TRAFFIC}):
            cloud.notify(f"removing the rule of the listener that {whose.app} was on before")
            with suppress(MissingError):
                # The record stays: it leads to the new load balancer by now.
                doors.remove(other, {"RuleArn": rule["RuleArn"]})


def _refuse_foreign(rules: list[dict[str, Any]], ours: set[str], request: Request) -> None:
    """Refuse the host and path of another rule, as the one with the lower number gets all requests, or its port."""
    for rule in rules:
        if rule["RuleArn"] in ours:
            continue
        if "Listener" in request and rule["Priority"] == str(request["Listener"]["Port"]):
            raise StateError(
                f"port {rule['Priority']} of the network load balancer is not of this app",
                why=f"it is {rule['RuleArn']}",
                fix="choose another ecs.load_balancer.listen_port, or remove that listener",
                where="ecs.load_balancer.listen_port",
            )
        if "Conditions" in request and routing.same(rule.get("Conditions", ()), request["Conditions"]):
            raise StateError(
                "another rule of the listener takes these very requests",
                why=f"it is {rule['RuleArn']}, with priority {rule.get('Priority')}, and not of this app",
                fix="choose another network.host or network.path, or remove that rule",
                where="network.host",
            )


def record(cloud: Cloud, resolved: standards.Resolved, rule: Mapping[str, Any], found: Balancer) -> None:
    """Let the record of the app's host lead to the load balancer, where the standards name a hosted zone.

    Args:
        cloud: Where the rule is.
        resolved: The standards.
        rule: The app's, with its tags; it is noted there which record is the app's.
        found: The load balancer.

    Raises:
        StateError: The record is somebody else's.
        PluginError: AWS refuses.
    """
    wanted = resolved.profile.ecs.load_balancer
    zone, host = (wanted.hosted_zone if wanted else "") or "", resolved.profile.network.host or ""
    noted, note = rule["Tags"].get(names.RECORD_TAG, ""), f"{zone}/{host}" if zone else ""
    if note:
        dns.lead(cloud, resolved.identity, zone, host, (found.zone, found.address))
    if note == noted:
        return
    if noted:
        dns.remove_noted(cloud, rule["Tags"])
    cloud.ask("elbv2", "AddTags", ResourceArns=[rule["RuleArn"]], Tags=[{"Key": names.RECORD_TAG, "Value": note}])


def refuse_unwell(cloud: Cloud, target: team_ecs_pb2.Deployment) -> None:
    """Refuse to send traffic where nobody would answer it.

    Args:
        cloud: Where the deployment is.
        target: The deployment.

    Raises:
        MissingError: It is not there any more.
        StateError: It has no task, or not only healthy ones.
    """
    service = cloud.service(target.name)
    if service is None or not names.has(names.read(service.get("tags")), messages.tags(target)):
        raise MissingError(
            f"deployment {target.name} is not in cluster {cloud.place.cluster} any more",
            fix="deploy again, or release a deployment that `waypoint deployment list` shows",
        )
    if not target.target_group_arn:
        return
    shifting.refuse_unwell(cloud.health(target.target_group_arn), "", "the traffic stays where it is")


def _message(target: team_ecs_pb2.Deployment, url: str, rule: str) -> team_ecs_pb2.Release:
    return team_ecs_pb2.Release(
        url=url,
        place=target.place,
        identity=target.identity,
        deployment_id=target.id,
        deployment_name=target.name,
        target_group_arn=target.target_group_arn,
        rule_arn=rule,
    )
