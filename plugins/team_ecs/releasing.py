"""Release: lead an app's traffic to the target group of a deployment that is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from team_ecs import balancer, messages, names, removing, routing, shifting
from team_ecs.gen.team_ecs.v1 import team_ecs_pb2
from team_ecs.order import tags
from teamplugin import standards
from teamplugin.identity import refuse_other
from waypaas_sdk.errors import MissingError, StateError
from waypaas_sdk.result import Result

if TYPE_CHECKING:
    from team_ecs.cloud import Cloud
    from team_ecs.order import Request
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
        request: Request = {
            "Conditions": routing.traffic_conditions(network),
            "Actions": routing.forward(target.target_group_arn),
        }
        rule = _direct(cloud, call, resolved, request)
        url = routing.url(network, found.listener, found.address)
        step.update(f"The load balancer sends {identity.app}'s traffic to {target.name}: {url}")
    resources = [removing.resource("ListenerRule", rule, cloud)]
    return Result(_message(target, url, rule), url=url, resources=resources)


def _direct(cloud: Cloud, call: Call, resolved: standards.Resolved, request: Request) -> str:
    """Change the app's rule, or make it where there is none."""
    rules = cloud.rules()
    mine = names.owner(resolved.identity) | {names.KIND_TAG: names.TRAFFIC}
    ours = cloud.own_rules(mine, rules)
    _refuse_foreign(rules, {rule["RuleArn"] for rule in ours}, request)
    if ours:
        arn = str(ours[0]["RuleArn"])
        shifting.shift(cloud, call, ours[0], request, resolved.profile.ecs.canary, cloud.notify)
        return arn
    profile = resolved.profile
    chosen = profile.ecs.load_balancer.priority if profile.ecs.load_balancer else None
    all_tags = tags(profile.ecs, profile.observability.labels or {}, resolved.identity) | mine
    first = chosen or routing.FIRST_TRAFFIC
    return balancer.make_rule(cloud, request, all_tags, first, only=chosen is not None)


def _refuse_foreign(rules: list[dict[str, Any]], ours: set[str], request: Request) -> None:
    """Refuse the host and path of another rule: the one with the lower number would get all requests."""
    for rule in rules:
        if rule["RuleArn"] not in ours and routing.same(rule.get("Conditions", ()), request["Conditions"]):
            raise StateError(
                "another rule of the listener takes these very requests",
                why=f"it is {rule['RuleArn']}, with priority {rule.get('Priority')}, and not of this app",
                fix="choose another network.host or network.path, or remove that rule",
                where="network.host",
            )


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
