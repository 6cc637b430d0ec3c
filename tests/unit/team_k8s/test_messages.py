"""What Waypoint keeps of a deployment: enough to find it again, and no credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.protobuf import json_format
from hypothesis import given
from hypothesis import strategies as st

from team_k8s import deploying, destroying, kubeconfig, messages, names, plan
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from teamconfig.model import Kubernetes
from teamconfig.model.scheduling import Autoscale
from teamplugin import standards
from teamplugin.identity import Identity
from waypaas_sdk.arguments import DeploymentConfig, Source
from waypaas_sdk.call import Call
from waypaas_sdk.gen.docker.docker_pb2 import Image
from waypaas_sdk.terminal import TerminalUI

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
IDENTITIES = st.builds(Identity, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS)
ACCESS = kubeconfig.Access(
    server="https://192.0.2.1:6443",
    namespace="payments-dev",
    context="acme",
    kubeconfig="~/.kube/acme",
    headers={"Authorization": "Bearer hunter2"},
)


@given(IDENTITIES)
def test_identities_survive(identity: Identity) -> None:
    """An identity is the same after it was stored and read again."""
    stored = messages.identity_to_proto(identity).SerializeToString()
    assert messages.identity_from_proto(team_k8s_pb2.Identity.FromString(stored)) == identity


@pytest.mark.parametrize("in_cluster", [True, False])
def test_clusters_are_noted_without_credentials(in_cluster: bool) -> None:  # noqa: FBT001  # a table's column
    """All that leads to the cluster is noted, and nothing that opens it."""
    access = kubeconfig.Access("https://a", "ns", "ctx", "/file", in_cluster, {"Authorization": "Bearer hunter2"})
    noted = messages.cluster(access)
    assert json_format.MessageToDict(noted, preserving_proto_field_name=True) == {
        "server": "https://a",
        "namespace": "ns",
        "context": "ctx",
        "kubeconfig": "/file",
        **({"in_cluster": True} if in_cluster else {}),
    }
    assert b"hunter2" not in noted.SerializeToString()


def deployed(examples: Path, options: Kubernetes | None = None) -> team_k8s_pb2.Deployment:
    """Write down a deploy of the minimal example, as the platform does."""
    source = examples / "01-minimal"
    resolved = standards.resolve("kubernetes", source, "shop", "web", "default", options, "app.web.deploy.use")
    config = DeploymentConfig(id="01HDEPLOYMENT", sequence=7, entrypoint_invite_token="hunter2")
    order = deploying.make_order(resolved, Image(image="registry.test/hello", tag="v1"), config)
    return deploying.message(resolved, order, plan.manifests(order), ACCESS, Source("web", source))


def test_a_deployment_is_found_by_its_message_alone(examples: Path) -> None:
    """What is stored holds name, place, owner and selector of the deployment, without waypoint.hcl or standards."""
    stored = deployed(examples)
    assert (stored.name, stored.id, stored.sequence, stored.port) == ("web-v7", "01HDEPLOYMENT", 7, 8080)
    assert stored.cluster.namespace == "payments-dev"
    assert messages.selector(stored) == names.selector("web-v7", "01HDEPLOYMENT")
    assert messages.identity_from_proto(stored.identity).team == "payments"
    assert stored.image == "registry.test/hello:v1"
    assert stored.profile_revision.startswith("dir:")
    assert stored.log_tail_lines == 200


def test_companions_are_remembered(examples: Path) -> None:
    """What is made beside the Deployment is stored by its kind, so that destroy lists it, and nothing else is."""
    assert list(deployed(examples).companions) == []
    options = Kubernetes(autoscale=Autoscale(min_replicas=2, max_replicas=3))
    assert list(deployed(examples, options).companions) == ["HorizontalPodAutoscaler", "PodDisruptionBudget"]


def test_behaviour_13_no_secret_is_stored(examples: Path) -> None:
    """Neither the cluster's token nor Waypoint's is in what Waypoint keeps, even where pods get the latter."""
    stored = deployed(examples, Kubernetes(entrypoint_env=True)).SerializeToString()
    assert b"hunter2" not in stored
    assert "hunter2" not in repr(ACCESS)


def test_a_release_without_service_needs_no_destroying() -> None:
    """Destroying a worker's release removes nothing, and needs no cluster for it."""
    ui = TerminalUI.__new__(TerminalUI)  # it has nobody to talk to, and is not asked to
    assert destroying.release(team_k8s_pb2.Release(deployment_name="web-v7"), ui, Call()) == []
