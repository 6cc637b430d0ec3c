"""Standards as users write them, resolved by the real resolver."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from team_k8s import exposure
from team_k8s.order import Order
from teamconfig import reading, resolve
from teamconfig.model import Network
from teamconfig.stanza import Stanza
from teamplugin.identity import Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from teamconfig.model import Kubernetes

    Standards = Callable[..., Kubernetes]
    MakeOrder = Callable[..., Order]
    MakeTarget = Callable[..., exposure.Target]

ORG = b"org: {name: acme, contact: '#platform', environments: [dev, production]}\n"
TEAM = b"team: {projects: [shop], owner: '#payments'}\n"
IDENTITY = Identity("shop", "web", "default", "dev", "payments")


@pytest.fixture(scope="session", autouse=True)
def own_standards() -> Iterator[None]:
    """Let apps name their standards themselves, whatever the tests' environment says."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("WAYPAAS_STANDARDS", raising=False)
        yield


@pytest.fixture(scope="session")
def examples() -> Path:
    """Give the directory of examples."""
    return Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="session")
def standards() -> Standards:
    """Give the function that resolves options of waypoint.hcl over a company without standards of its own."""
    tree = reading.tree({"org.yaml": ORG, "teams/payments/team.yaml": TEAM}, revision="dir:test", origin="test")

    def make(**values: Any) -> Kubernetes:
        stanza = Stanza("kubernetes", values, "app.web.deploy.use")
        return resolve.profile(tree, project="shop", app="web", workspace="default", stanzas=[stanza]).kubernetes

    return make


@pytest.fixture(scope="session")
def make_target() -> MakeTarget:
    """Give the function that releases what was ordered."""

    def make(order: Order, network: Network | None = None, **values: Any) -> exposure.Target:
        facts = {"name": order.name, "id": order.deployment_id, "port": order.port, "labels": order.labels, **values}
        return exposure.Target(order.identity, kubernetes=order.standards, network=network or Network(), **facts)

    return make


@pytest.fixture(scope="session")
def make_order(standards: Standards) -> MakeOrder:
    """Give the function that orders a deploy with some options of waypoint.hcl."""

    def make(identity: Identity = IDENTITY, **values: Any) -> Order:
        return Order(
            identity=identity,
            standards=standards(**values),
            image="registry.test/hello:v1",
            deployment_id="01HDEPLOYMENT",
            sequence=7,
            environment={"WAYPOINT_DEPLOYMENT_ID": "01HDEPLOYMENT"},
            labels={"tier": "gold"},
            revision="dir:test",
        )

    return make
