"""Between what Waypoint keeps of a deployment and what we work with, in pairs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from team_k8s import names
from team_k8s.gen.team_k8s.v1 import team_k8s_pb2
from teamplugin.identity import Identity

if TYPE_CHECKING:
    from team_k8s.cloud import Cloud
    from team_k8s.kubeconfig import Access
    from waypaas_sdk.call import Call


def cluster(access: Access) -> team_k8s_pb2.Cluster:
    """Note how a cluster was reached; no credentials."""
    return team_k8s_pb2.Cluster(
        kubeconfig=access.kubeconfig,
        context=access.context,
        namespace=access.namespace,
        server=access.server,
        in_cluster=access.in_cluster,
        service=access.service,
    )


def cloud(
    noted: team_k8s_pb2.Cluster,
    action: str,
    identity: team_k8s_pb2.Identity | None,
    call: Call | None = None,
    patience: float = 60.0,
    image: str = "",
) -> Cloud:
    """Reach a cluster again.

    Args:
        noted: How it was reached.
        action: What for, a word of the policy: "read", "logs", "exec", "deploy", "destroy".
        identity: Whose app it is; None for what belongs to none.
        call: Ends waits when cancelled.
        patience: Seconds to go on trying while it is away.
        image: Reference of the image, where the action is about one.

    Returns:
        Its namespace.

    Raises:
        PluginError: There are no credentials for it here.
    """
    from team_k8s import kubeconfig  # noqa: PLC0415  # cloud calls only
    from team_k8s.api import Api  # noqa: PLC0415
    from team_k8s.cloud import Cloud  # noqa: PLC0415

    if noted.service and identity is not None:
        from team_k8s.authority import ClusterRights  # noqa: PLC0415  # only where there is a service

        given = ClusterRights(noted.service, identity_from_proto(identity), action, image).access()
        access = replace(given, namespace=noted.namespace)  # where it is, not where it would go now
    else:
        access = kubeconfig.load(noted.kubeconfig, noted.context, noted.namespace)
    return Cloud(Api(access, call, patience=patience))


def identity_to_proto(identity: Identity) -> team_k8s_pb2.Identity:
    """Encode an identity."""
    return team_k8s_pb2.Identity(
        project=identity.project,
        app=identity.app,
        workspace=identity.workspace,
        environment=identity.environment,
        team=identity.team,
    )


def identity_from_proto(noted: team_k8s_pb2.Identity) -> Identity:
    """Decode an identity."""
    return Identity(noted.project, noted.app, noted.workspace, noted.environment, noted.team)


def selector(deployment: team_k8s_pb2.Deployment) -> dict[str, str]:
    """Give the labels of a deployment's pods."""
    return names.selector(deployment.name, deployment.id)
