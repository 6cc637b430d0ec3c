"""Undo a deploy whose plugin process was killed; a process of its own, see `teamplugin.guardian`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from teamplugin import guardian

if TYPE_CHECKING:
    from team_k8s.gen.team_k8s.v1 import team_k8s_pb2

UNDO_PATIENCE_SECONDS = 600.0
"""How long it goes on trying while the API server is away."""


def guarded(
    name: str,
    kinds: list[str],
    labels: dict[str, str],
    cluster: team_k8s_pb2.Cluster,
    identity: team_k8s_pb2.Identity,
) -> guardian.Guarded:
    """Guard a deploy while the block lasts.

    Args:
        name: Of the deploy's objects.
        kinds: Of the objects, in the order in which they are made.
        labels: Of them all.
        cluster: How it is reached; credentials are asked for again if they are needed.
        identity: Whose deploy it is.

    Returns:
        To be entered.
    """
    task = {
        "name": name,
        "kinds": kinds,
        "labels": labels,
        "cluster": cluster.SerializeToString().hex(),
        "identity": identity.SerializeToString().hex(),
    }
    return guardian.Guarded("team_k8s.guardian", task)


def undo(task: dict[str, Any]) -> int:
    """Remove what a deploy was making.

    Args:
        task: As `guarded` wrote it.

    Returns:
        Exit code: 1 if it could not be removed.
    """
    from team_k8s import messages  # noqa: PLC0415  # nothing is loaded unless something is to be undone
    from team_k8s.gen.team_k8s.v1 import team_k8s_pb2  # noqa: PLC0415
    from waypaas_sdk.errors import PluginError  # noqa: PLC0415

    try:
        cluster = team_k8s_pb2.Cluster.FromString(bytes.fromhex(task["cluster"]))
        identity = team_k8s_pb2.Identity.FromString(bytes.fromhex(task["identity"]))
        cloud = messages.cloud(cluster, "deploy", identity, patience=UNDO_PATIENCE_SECONDS)
        for kind in reversed(task["kinds"]):
            cloud.remove(kind, task["name"], task["labels"], at_once=True)
    except PluginError:
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(guardian.wait(undo))
