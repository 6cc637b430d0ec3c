"""Rights at a cluster: what the team config service gives, as access to the API server.

Without a service the user's own kubeconfig is used; that is `kubeconfig`'s matter.
"""

from __future__ import annotations

import time
from typing import Any

from team_k8s.kubeconfig import Access
from teamplugin.authority import Rights
from waypaas_sdk.errors import PolicyError


class ClusterRights(Rights):
    """As Rights, at a cluster."""

    platform = "kubernetes"

    def access(self) -> Access:
        """Get access to the cluster.

        Returns:
            The access; it renews itself.

        Raises:
            PluginError: The service refuses, or is away.
        """
        made = self.credentials()
        found = made.kubernetes
        return Access(
            server=found.server,
            namespace=found.namespace,
            service=self.service,
            headers={"Authorization": f"Bearer {found.token}"},
            tls=_tls(found.server, found.certificate_authority),
            renew_at=time.time() + max(30.0, (made.expires - time.time()) * 0.8),
            renew=self.access,
        )


def _tls(server: str, authority: str) -> Any:
    if not server.startswith("https://"):
        raise PolicyError(f"the cluster at {server} has no TLS", fix="tell the platform team")
    import ssl  # noqa: PLC0415  # cloud calls only

    return ssl.create_default_context(cadata=authority or None)
