"""From standards to AWS's requests: equal to the golden files, and to the contract of each option."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session  # type: ignore[import-untyped]  # publishes no types
import pytest
import yaml
from botocore.validate import ParamValidator  # type: ignore[import-untyped]

from team_ecs import balancer, doors, names, ownbalancer, plan, routing, taskdefinition

if TYPE_CHECKING:
    from collections.abc import Callable

    from team_ecs.order import Order
    from teamconfig.profile import Profile

GOLDEN = Path(__file__).parent / "golden"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/web/6d0e"
DEFINITION = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:1"
RICH: dict[str, Any] = {
    "autoscale": {"min_count": 2, "max_count": 10, "cpu_percent": 60, "requests_per_task": 600},
    "secrets": {"DB": "arn:aws:ssm:eu-west-1:111122223333:parameter/web/db"},
    "env": {"MODE": "strict"},
    "task_role": "payments-web",
    "architecture": "arm64",
    "launch_type": "FARGATE_SPOT",
    "sidecars": [{"name": "proxy", "image": "registry.test/proxy:1", "port": 8443, "command": ["--quiet"]}],
    "command": ["/app"],
    "args": ["serve"],
    "cpu": "1",
    "memory": "3Gi",
}


def requests(order: Order, profile: Profile) -> dict[str, Any]:
    """Plan all requests of a deploy and its release."""
    planned: dict[str, Any] = {"ecs RegisterTaskDefinition": taskdefinition.plan(order)}
    if plan.own(order.standards):
        planned["elbv2 CreateLoadBalancer"] = ownbalancer.requested(order)
        planned["elbv2 CreateListener"] = ownbalancer.listener(order, "arn:balancer")
    if order.port:
        planned["elbv2 CreateTargetGroup"] = plan.target_group(order, "vpc-1")
        if plan.networked(order.standards):
            listener = doors.listener_of(
                {"Actions": routing.forward(GROUP), "Listener": balancer.own_listener(order.standards)}
            )
            planned["elbv2 CreateListener"] = {"LoadBalancerArn": order.door} | listener
        else:
            planned["elbv2 CreateRule"] = {
                "ListenerArn": "arn:listener",
                "Priority": 1000,
                "Conditions": routing.traffic_conditions(profile.network),
                "Actions": routing.forward(GROUP),
            }
    planned["ecs CreateService"] = plan.service(order, DEFINITION, GROUP if order.port else "")
    if plan.autoscaled(order.standards):
        planned["application-autoscaling RegisterScalableTarget"] = plan.scalable_target(order)
        for number, policy in enumerate(plan.scaling_policies(order, "app/shared/1/targetgroup/web/6d0e")):
            planned[f"application-autoscaling PutScalingPolicy {number}"] = policy
    return planned


NETWORK_BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/net/shared/1"
PARTS: dict[str, Any] = {
    "task_role": "payments-web",
    "volumes": [
        {"name": "uploads", "file_system": "fs-0a1b2c3d", "mount_path": "/var/uploads", "root_directory": "/web"},
        {
            "name": "shared",
            "file_system": "fs-0a1b2c3d",
            "access_point": "fsap-0a1b2c3d",
            "iam": True,
            "mount_path": "/shared",
            "read_only": True,
        },
    ],
    "firelens": {
        "image": "registry.test/fluent-bit:2",
        "options": {"Name": "http", "Host": "logs.acme.example"},
        "secrets": {"apikey": "arn:aws:ssm:eu-west-1:111122223333:parameter/logs/key"},
        "config": "/fluent-bit/configs/parse-json.conf",
    },
    "sidecars": [{"name": "proxy", "image": "registry.test/proxy:1"}],
    "capacity_provider": "payments-spot",
    "launch_type": "EC2",
}
NETWORKED: dict[str, Any] = {
    "port": 5432,
    "load_balancer": {
        "network_arn": NETWORK_BALANCER,
        "listen_port": 443,
        "certificate_arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1",
    },
}
OWN: dict[str, Any] = {
    "load_balancer": {
        "own": "application",
        "security_groups": ["sg-balancer"],
        "subnets": ["subnet-c", "subnet-d"],
        "certificate_arn": "arn:aws:acm:eu-west-1:111122223333:certificate/1",
        "internal": False,
    },
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "dev": ("default", {}),
    "production": ("production", {}),
    "worker": ("default", {"port": 0}),
    "rich": ("default", RICH),
    "parts": ("default", PARTS),
    "networked": ("default", NETWORKED),
    "own": ("default", OWN),
    "machines": ("default", {"launch_type": "EC2", "cpu": "125m", "memory": "200Mi"}),
}


@pytest.mark.parametrize("case", CASES)
def test_golden_requests(make_order: Callable[..., Order], make_profile: Callable[..., Profile], case: str) -> None:
    """What AWS is asked for is, to the letter, what was reviewed and is in the golden file."""
    workspace, options = CASES[case]
    planned = requests(make_order(workspace, **options), make_profile(workspace))
    assert yaml.safe_dump(planned, sort_keys=False) == (GOLDEN / f"{case}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_requests_have_the_form_of_the_api(
    make_order: Callable[..., Order], make_profile: Callable[..., Profile], case: str
) -> None:
    """Each request passes the check of AWS's own description of the operation."""
    workspace, options = CASES[case]
    session = botocore.session.get_session()
    for name, request in requests(make_order(workspace, **options), make_profile(workspace)).items():
        service, operation = name.split()[:2]
        shape = session.get_service_model(service).operation_model(operation).input_shape
        assert ParamValidator().validate(request, shape).generate_report() == "", name


def test_nobody_opens_a_shell_in_production(make_order: Callable[..., Order]) -> None:
    """ECS Exec is off in a protected environment, where the standards deny it, and for tasks without a role."""

    def switched_on(order: Order) -> bool:
        return bool(plan.service(order, DEFINITION, GROUP)["enableExecuteCommand"])

    assert switched_on(make_order(task_role="payments-web"))
    assert not switched_on(make_order())
    assert not switched_on(make_order(task_role="payments-web", exec="deny"))
    assert not switched_on(dataclasses.replace(make_order(task_role="payments-web"), protected=True))
    assert not switched_on(make_order("production", task_role="payments-web"))


def test_standards_cannot_take_the_owners_tags(make_order: Callable[..., Order]) -> None:
    """Tags by which team-ecs tells whose a resource is are its own, whatever the standards write."""
    tags = make_order(tags={"waypaas:owner": "else/where", "waypaas:deployment": "x"}).tags
    assert tags[names.OWNER_TAG] == "payments/dev"
    assert tags[names.DEPLOYMENT_TAG] == "01HZXW5VE4M2Q6S8T0V2X4Z6A8"


def test_port_and_variables(make_order: Callable[..., Order]) -> None:
    """PORT is the app's port and cannot be overwritten; a worker has none."""
    assert taskdefinition.variables(make_order(env={"PORT": "1", "A": "b"}, port=8080)) == {
        "LOG_LEVEL": "info", "PORT": "8080", "A": "b", "WAYPOINT_DEPLOYMENT_ID": "01HZXW5VE4M2Q6S8T0V2X4Z6A8",
    }  # fmt: skip
    assert "PORT" not in taskdefinition.variables(make_order(port=0))


def test_roles_by_name_or_in_full(make_order: Callable[..., Order]) -> None:
    """A role is named, and is then of the account, or written as a whole ARN."""
    given = taskdefinition.plan(make_order(task_role="arn:aws:iam::999:role/x"))
    assert given["executionRoleArn"] == "arn:aws:iam::111122223333:role/payments-execution"
    assert given["taskRoleArn"] == "arn:aws:iam::999:role/x"


@pytest.mark.parametrize(
    ("count", "scale", "begin", "fewest"),
    [
        (2, {"max_count": 10}, 2, 2),
        (20, {"max_count": 10}, 10, 10),
        (1, {"min_count": 3, "max_count": 10}, 3, 3),
        (2, {"min_count": 0, "max_count": 10}, 2, 0),
    ],
)
def test_counts_keep_within_the_autoscaler(
    make_order: Callable[..., Order], count: int, scale: dict[str, int], begin: int, fewest: int
) -> None:
    """A service begins with a number of tasks that its autoscaler permits."""
    order = make_order(count=count, autoscale=scale)
    assert plan.count(order.standards) == begin
    assert plan.scalable_target(order)["MinCapacity"] == fewest
    assert plan.scalable_target(order)["MaxCapacity"] == 10
