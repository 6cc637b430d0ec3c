"""Rights at a cluster: what the team config service gives, as access to the API server.

Without a service the user's own kubeconfig is used; that is `kubeconfig`'s matter.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from team_k8s.kubeconfig import Access
from teamplugin.authority import Rights
from waypaas_sdk.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from teamconfig.stanza import Stanza
    from teamplugin.identity import Identity
    from teamplugin.standards import Resolved


class ClusterRights(Rights):
    """As Rights, at a cluster.

    Args:
        address: Of the service.
        identity: Whose app it is.
        action: Word of the policy.
        image: As in Rights.
        stanzas: As in Rights.

    Raises:
        PluginError: Nobody is signed in at the service.
    """

    def __init__(
        self, address: str, identity: Identity, action: str, image: str = "", stanzas: Sequence[Stanza] = ()
    ) -> None:
        super().__init__(address, "kubernetes", identity, action, image, stanzas)

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


def of(resolved: Resolved, action: str, image: str = "") -> ClusterRights | None:
    """Give the rights for an app by the service that its standards come from.

    Args:
        resolved: The standards.
        action: Word of the policy.
        image: As in Rights.

    Returns:
        None where there is no service: the user's own credentials are used.

    Raises:
        PluginError: Nobody is signed in at the service.
    """
    if not resolved.authority:
        return None
    return ClusterRights(resolved.authority, resolved.identity, action, image, resolved.stanzas)


def _tls(server: str, authority: str) -> Any:
    if not server.startswith("https://"):
        raise PolicyError(f"the cluster at {server} has no TLS", fix="tell the platform team")
    import ssl  # noqa: PLC0415  # cloud calls only

    return ssl.create_default_context(cadata=authority or None)
