"""Whether an image runs at a cluster: seen by the service itself, whatever its holder says."""

from __future__ import annotations

import secrets
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from teamconfig.credentials import cluster as clusters
from teamconfig.credentials import kubernetes, retrying
from teamconfig.credentials.errors import CredentialsError
from teamconfig.tree import PREVIEW

if TYPE_CHECKING:
    from teamconfig.credentials.places import Cluster

_SELECTOR = "app.kubernetes.io/managed-by=waypaas"


def seen(
    cluster: Cluster, *, team: str, environment: str, protected: bool, namespace: str, project: str, app: str,
    digest: str,
) -> bool:  # fmt: skip
    """Look whether a Deployment of an app runs an image, with the rights that the team's readers have.

    Previews run beside the environment, and are left out.

    Args:
        cluster: Where to look.
        team: That owns the project.
        environment: Of the company.
        protected: Whether it is a protected environment.
        namespace: Where the app runs.
        project: Waypoint's project.
        app: Waypoint's app.
        digest: "sha256:" and 64 hex digits.

    Returns:
        Whether one has at least one available replica of it.

    Raises:
        CredentialsError: The cluster cannot be asked.
    """
    lease = secrets.token_hex(16)
    given = kubernetes.issue(
        cluster, team=team, environment=environment, protected=protected, namespace=namespace, lease_id=lease,
        action="read",
    )  # fmt: skip
    try:
        query = urlencode({"labelSelector": _SELECTOR, "limit": 500})
        path = f"/apis/apps/v1/namespaces/{quote(namespace, safe='')}/deployments?{query}"
        deadline = time.monotonic() + retrying.SECONDS
        found = clusters.connect(cluster).read_as(given.token, path, "look what runs", deadline)
    finally:
        with suppress(CredentialsError):  # it ends by itself
            kubernetes.revoke(cluster, lease)
    return any(_runs(item, (project, app, environment), digest) for item in found.get("items") or ())


def _runs(deployment: Any, place: tuple[str, str, str], digest: str) -> bool:
    project, app, environment = place
    try:
        labels = deployment["metadata"].get("labels") or {}
        containers = deployment["spec"]["template"]["spec"]["containers"]
        available = deployment.get("status", {}).get("availableReplicas") or 0
        mine = (labels.get("waypaas.dev/project"), labels.get("waypaas.dev/app")) == (project, app)
        workspace = labels.get("waypaas.dev/workspace") or ""
        if workspace.startswith(PREVIEW) and workspace != environment:
            return False
        return bool(mine and available >= 1 and str(containers[0]["image"]).endswith(f"@{digest}"))
    except (LookupError, TypeError, AttributeError):
        return False
