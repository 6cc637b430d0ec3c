"""Standards as users write them, resolved by the real resolver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from team_ecs import plan
from team_ecs.order import Order
from teamconfig import reading, resolve
from teamconfig.stanza import Stanza
from teamplugin.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable

    from teamconfig.model import Ecs
    from teamconfig.profile import Profile

    MakeProfile = Callable[..., Profile]
    MakeOrder = Callable[..., Order]

ORG = b"org: {name: acme, contact: '#platform', environments: [dev, production], protected: [production]}\n"
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/shared/1/2"
TEAM = {
    "team": {"projects": ["shop"], "owner": "#payments"},
    "standards": {
        "ecs": {
            "region": "eu-west-1",
            "account": "111122223333",
            "cluster": "payments-{environment}",
            "subnets": ["subnet-a", "subnet-b"],
            "security_groups": ["sg-tasks"],
            "execution_role": "payments-execution",
            "load_balancer": {"listener_arn": LISTENER},
            "tags": {"cost-center": "1234"},
        },
        "network": {"host": "{app}.{environment}.acme.example"},
        "observability": {"log_level": "info", "labels": {"tier": "gold"}},
    },
}
IDENTITY = Identity("shop", "web", "default", "dev", "payments")


@pytest.fixture(scope="session")
def make_profile() -> MakeProfile:
    """Give the function that resolves options of waypoint.hcl over the standards of a team."""
    files = {"org.yaml": ORG, "teams/payments/team.yaml": json.dumps(TEAM).encode()}
    tree = reading.tree(files, revision="dir:test", origin="test")

    def make(workspace: str = "default", network: dict[str, Any] | None = None, **ecs: Any) -> Profile:
        stanzas = [Stanza("ecs", ecs, "app.web.deploy.use"), Stanza("network", network or {}, "app.web.deploy.use")]
        return resolve.profile(tree, project="shop", app="web", workspace=workspace, stanzas=stanzas)

    return make


@pytest.fixture(scope="session")
def make_order(make_profile: MakeProfile) -> MakeOrder:
    """Give the function that orders a deploy with some options of waypoint.hcl."""

    def make(workspace: str = "default", **ecs: Any) -> Order:
        profile = make_profile(workspace, **ecs)
        standards: Ecs = profile.ecs
        return Order(
            identity=Identity("shop", "web", workspace, profile.environment, "payments"),
            standards=standards,
            image="registry.test/web:v1",
            deployment_id="01HZXW5VE4M2Q6S8T0V2X4Z6A8",
            sequence=7,
            region="eu-west-1",
            roles="arn:aws:iam::111122223333:role/",
            environment={"WAYPOINT_DEPLOYMENT_ID": "01HZXW5VE4M2Q6S8T0V2X4Z6A8"},
            labels=profile.observability.labels or {},
            variables={"LOG_LEVEL": "info"},
            protected=profile.protected,
            door=plan.door(standards),
        )

    return make
