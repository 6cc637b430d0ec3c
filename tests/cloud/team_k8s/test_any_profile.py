"""Whatever the standards permit, the real API server accepts."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from profiles import SECTION_KUBERNETES, SECTION_NETWORK

from team_k8s import exposure, kubeconfig, plan
from team_k8s.api import APPLY_PATCH, Api
from team_k8s.cloud import Cloud
from team_k8s.order import Order
from teamconfig import StandardsError, reading, resolve
from teamconfig.stanza import Stanza
from teamplugin.identity import Identity
from waypaas_sdk.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from teamconfig.profile import Profile
    from testbed.fixture import Bed

ORG = b"org: {name: acme, contact: '#platform', environments: [dev, production]}\n"
TEAM = b"team: {projects: [shop], owner: '#payments'}\n"
TREE = reading.tree({"org.yaml": ORG, "teams/payments/team.yaml": TEAM}, revision="dir:test", origin="test")
EXAMPLES = int(os.environ.get("WAYPAAS_EXAMPLES", "100"))


@pytest.fixture(scope="module")
def cloud(bed: Bed) -> Iterator[Cloud]:
    """Give a namespace to try manifests in."""
    with bed.namespace("fake") as namespace:
        made = Cloud(Api(kubeconfig.load(str(bed.kubeconfig), "", namespace)))
        yield made
        made.api.close()


def resolved(options: dict[str, Any], network: dict[str, Any]) -> Profile | None:
    """Resolve options as a developer wrote them; None where they are refused."""
    stanzas = [
        Stanza("kubernetes", options, "app.web.deploy.use"),
        Stanza("network", network, "app.web.deploy.use.network"),
    ]
    try:
        return resolve.profile(TREE, project="shop", app="web", stanzas=stanzas)
    except StandardsError:
        return None


@settings(
    max_examples=EXAMPLES,
    derandomize="WAYPAAS_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(SECTION_KUBERNETES, SECTION_NETWORK, st.sampled_from(["shop", "Shop_2", "x" * 70]))
def test_any_profile_is_accepted(cloud: Cloud, options: dict[str, Any], network: dict[str, Any], project: str) -> None:
    """Manifests of any profile that the standards permit are accepted by the API server, which only tries them."""
    profile = resolved(options, network)
    if profile is None:
        return
    identity = Identity(project, "web", "default", "dev", "payments")
    kubernetes = profile.kubernetes
    order = Order(identity, kubernetes, "registry.test/any:1", "01HDEPLOYMENT", 7)
    try:
        target = exposure.Target(identity, order.name, "01HDEPLOYMENT", order.port, kubernetes, profile.network, {})
        planned = [*plan.manifests(order), *exposure.manifests(target)]
    except OptionError:
        return
    for manifest in planned:
        path = cloud.path(manifest["kind"], manifest["metadata"]["name"])
        query = {"fieldManager": "waypaas", "force": "true", "dryRun": "All"}
        shown = json.dumps(manifest)
        cloud.api.request("PATCH", path, manifest, query=query, content_type=APPLY_PATCH, what=shown)


def test_most_of_what_is_tried_is_permitted() -> None:
    """Many of the examples are profiles that the standards permit: the property above is not empty."""
    tried: list[bool] = []

    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(SECTION_KUBERNETES, SECTION_NETWORK)
    def count(options: dict[str, Any], network: dict[str, Any]) -> None:
        tried.append(resolved(options, network) is not None)

    count()
    assert sum(tried) > len(tried) / 4
