"""An app planned by both plugins from the same options, and what both plans give."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from team_ecs import plan as ecs_plan
from team_ecs import taskdefinition
from team_ecs.order import Order as EcsOrder
from team_k8s import plan as k8s_plan
from team_k8s.order import Order as K8sOrder
from teamconfig import reading, resolve, units
from teamconfig.stanza import Stanza
from teamplugin.identity import Identity
from wps import parity

if TYPE_CHECKING:
    from teamconfig.profile import Profile

ORG = b"org: {name: acme, contact: '#platform', environments: [dev, production], protected: [production]}\n"
TEAM = {
    "team": {"projects": ["shop"], "owner": "#payments"},
    "standards": {
        "ecs": {
            "region": "eu-west-1", "cluster": "payments", "subnets": ["subnet-a"], "security_groups": ["sg-a"],
            "execution_role": "execution",
            "load_balancer": {"listener_arn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/x/1/2"},
            # The defaults differ where the platforms do; a team that wants the same says so once.
            "health_check": {"period": "5s", "timeout": "2s", "healthy_threshold": 2},
        },
        "kubernetes": {"probe": {"readiness": {"success_threshold": 2}}},
        "network": {"host": "{app}.{environment}.acme.example"},
        "observability": {"log_level": "info", "log_format": "json", "labels": {"tier": "gold"}},
    },
}  # fmt: skip
IDENTITY = Identity("shop", "web", "default", "dev", "payments")
DEPLOYMENT = "01HZXW5VE4M2Q6S8T0V2X4Z6A8"
IMAGE = "registry.test/web:v1"
WAYPOINT = {"WAYPOINT_DEPLOYMENT_ID": DEPLOYMENT}
TREE = reading.tree(
    {"org.yaml": ORG, "teams/payments/team.yaml": json.dumps(TEAM).encode()}, revision="dir:test", origin="test"
)
MIB = 1 << 20


@dataclass(frozen=True)
class Given:
    """What an app gets.

    Args:
        ports: That it listens on, by container.
        environment: By container.
        cpu: Thousandths of a core.
        memory: MiB.
        count: How many to begin with, fewest and most.
        health: Path, period, timeout, failures, successes; None for a worker.
        program: Command and arguments, by container.
        grace: Seconds to end in.
    """

    ports: dict[str, list[int]]
    environment: dict[str, dict[str, str]]
    cpu: int
    memory: int
    count: tuple[int, int, int]
    health: tuple[str, int, int, int, int] | None
    program: dict[str, tuple[list[str], list[str]]]
    grace: int


def _profile(section: str, values: dict[str, Any]) -> Profile:
    stanza = Stanza(section, values, "app.web.deploy.use")
    return resolve.profile(TREE, project="shop", app="web", workspace="default", stanzas=[stanza])


def on_kubernetes(values: dict[str, Any]) -> Given:
    """Plan options of team-k8s, and read the manifests."""
    profile = _profile("kubernetes", values)
    variables = k8s_plan.observed(profile.observability)
    order = K8sOrder(IDENTITY, profile.kubernetes, IMAGE, DEPLOYMENT, 7, WAYPOINT, {}, variables)
    spec = k8s_plan.deployment(order)["spec"]
    pod = spec["template"]["spec"]
    containers = [*pod["containers"], *pod.get("initContainers", ())]
    app = containers[0]
    scale = k8s_plan.autoscaler(order)
    bounds = (scale["spec"]["minReplicas"], scale["spec"]["maxReplicas"]) if scale else (spec["replicas"],) * 2
    probe = app.get("readinessProbe")
    return Given(
        {each["name"]: [port["containerPort"] for port in each.get("ports", ())] for each in containers},
        {each["name"]: {one["name"]: one["value"] for one in each.get("env", ())} for each in containers},
        units.parse_cpu(app["resources"]["requests"]["cpu"]),
        units.parse_memory(app["resources"]["limits"]["memory"]) // MIB,
        (spec["replicas"], *bounds),
        (
            (probe["httpGet"]["path"], probe["periodSeconds"], probe["timeoutSeconds"], probe["failureThreshold"],
             probe["successThreshold"])
            if probe else None
        ),
        {each["name"]: (each.get("command", []), each.get("args", [])) for each in containers},
        pod["terminationGracePeriodSeconds"],
    )  # fmt: skip


def on_ecs(values: dict[str, Any], *, machines: bool = False) -> Given:
    """Plan the same options as `wps create --infra ecs` says them, and read the requests.

    Args:
        values: Options of team-k8s.
        machines: Of one's own, which give any size; else Fargate's.

    Returns:
        What it gets; sizes are what is asked of AWS.
    """
    converted, problems = parity.converted("kubernetes", values, "app.web.deploy.use", {})
    assert problems == []
    profile = _profile("ecs", converted | ({"launch_type": "EC2"} if machines else {}))
    variables = ecs_plan.observed(profile.observability)
    order = EcsOrder(
        IDENTITY, profile.ecs, IMAGE, DEPLOYMENT, 7, "eu-west-1", environment=WAYPOINT, variables=variables
    )
    task = taskdefinition.plan(order)
    containers = task["containerDefinitions"]
    service = ecs_plan.service(order, "arn", "arn:targetgroup" if order.port else "")
    target = ecs_plan.target_group(order, "vpc-1") if order.port else None
    count = service["desiredCount"]
    scale = ecs_plan.scalable_target(order) if ecs_plan.autoscaled(profile.ecs) else None
    return Given(
        {each["name"]: [port["containerPort"] for port in each.get("portMappings", ())] for each in containers},
        {each["name"]: {one["name"]: one["value"] for one in each["environment"]} for each in containers},
        int(task["cpu"]) * 1000 // 1024,
        int(task["memory"]),
        (count, scale["MinCapacity"], scale["MaxCapacity"]) if scale else (count, count, count),
        (
            (target["HealthCheckPath"], target["HealthCheckIntervalSeconds"], target["HealthCheckTimeoutSeconds"],
             target["UnhealthyThresholdCount"], target["HealthyThresholdCount"])
            if target else None
        ),
        {each["name"]: (each.get("entryPoint", []), each.get("command", [])) for each in containers},
        containers[0]["stopTimeout"],
    )  # fmt: skip
