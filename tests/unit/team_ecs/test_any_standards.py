"""Any standards that the model permits: refused with a reason, or planned in the form of AWS's own descriptions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import botocore.session  # type: ignore[import-untyped]  # publishes no types
from botocore.validate import ParamValidator  # type: ignore[import-untyped]
from hypothesis import HealthCheck, assume, event, given, settings

from team_ecs import plan, refusals, routing, taskdefinition
from teamconfig import StandardsError
from teamconfig.model import Ecs, Network
from tests.cloud.team_k8s.profiles import block
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_ecs.order import Order
    from teamconfig.profile import Profile

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/6d0e"


OF_ECS = ("path", "path_type", "allowed_cidrs")
"""Keys of the network that ECS can hold, beside the host."""


def of_ecs(network: dict[str, Any]) -> dict[str, Any]:
    """Leave of a network what ECS can hold; the rest is refused, which is tested elsewhere."""
    return {key: value for key, value in network.items() if key in OF_ECS} | {"host": "web.acme.example"}


OF_THE_TEAM = {"region", "cluster", "subnets", "security_groups", "execution_role", "listener_arn", "secrets", "tags"}
"""Keys that have no sense in any text: the team's own hold."""


def sensible(values: Any) -> Any:
    """Leave keys out, of blocks too, that any text would only get refused for."""
    if isinstance(values, list):
        return [sensible(item) for item in values]
    if not isinstance(values, dict):
        return values
    return {key: sensible(value) for key, value in values.items() if key not in OF_THE_TEAM}


@functools.cache
def shape(service: str, operation: str) -> Any:
    """Give AWS's own description of what an operation takes."""
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def has_form(service: str, operation: str, request: dict[str, Any]) -> None:
    """Hold that a request has the form that the operation takes."""
    assert ParamValidator().validate(request, shape(service, operation)).generate_report() == "", operation


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)
@given(ecs=block(Ecs).map(sensible), network=block(Network).map(of_ecs))
def test_any_standards_are_refused_or_planned(
    make_profile: Callable[..., Profile],
    make_order: Callable[..., Order],
    ecs: dict[str, Any],
    network: dict[str, Any],
) -> None:
    """Whatever standards say, the user gets a reason, or AWS gets requests of the right form with the owner's tags."""
    try:
        profile = make_profile(network=network, **ecs)
        order = make_order(**ecs)
    except StandardsError:
        assume(condition=False)
    try:
        refusals.check(profile.ecs, profile.network, {})
        conditions = routing.traffic_conditions(profile.network) if order.port else []
    except OptionError:
        event("refused")
        return
    event("planned")
    definition = taskdefinition.plan(order)
    has_form("ecs", "RegisterTaskDefinition", definition)
    has_form("ecs", "CreateService", plan.service(order, "arn", GROUP if order.port else ""))
    assert {"key": "waypaas:owner", "value": "payments/dev"} in definition["tags"]
    if order.port:
        has_form("elbv2", "CreateTargetGroup", plan.target_group(order, "vpc-1"))
        rule = {"ListenerArn": "arn", "Priority": 1, "Conditions": conditions, "Actions": routing.forward(GROUP)}
        has_form("elbv2", "CreateRule", rule)
    if plan.autoscaled(order.standards):
        has_form("application-autoscaling", "RegisterScalableTarget", plan.scalable_target(order))
        for policy in plan.scaling_policies(order, "app/a/b/targetgroup/c/d"):
            has_form("application-autoscaling", "PutScalingPolicy", policy)
