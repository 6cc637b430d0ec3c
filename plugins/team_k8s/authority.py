"""Rights at a cluster by the team config service: asked for at the moment of use, renewed, given back.

Without a service the user's own kubeconfig is used, and nobody enforces limits;
that is `kubeconfig`'s matter.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from team_k8s.kubeconfig import Access
from team_k8s.standards import translated
from waypaas_sdk.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from team_k8s.names import Identity
    from team_k8s.standards import Resolved
    from teamconfig.stanza import Stanza

GRANT_VARIABLE = "WAYPAAS_GRANT"
"""A grant that was asked for elsewhere and is handed to this run."""

_ENDED = frozenset({"redeemed", "expired", "refused"})
_PRODUCTION_ACTIONS = frozenset({"deploy", "promote", "destroy"})


class Rights:
    """The right to do one thing with one app in one environment.

    Args:
        address: Of the service.
        identity: Whose app it is.
        action: Word of the policy: "deploy", "destroy", "logs", "read", "exec".
        image: Reference of the image that is deployed; "" where none is.
        stanzas: Options of waypoint.hcl, which the service judges before it gives anything.
    """

    def __init__(
        self, address: str, identity: Identity, action: str, image: str = "", stanzas: Sequence[Stanza] = ()
    ) -> None:
        from teamconfig.client.service import Service  # noqa: PLC0415  # only where there is a service

        self._service = Service.at(address, dict(os.environ))
        self._identity = identity
        self._action = action
        self._digest = image.partition("@")[2]
        self._stanzas = stanzas
        self._leases: list[str] = []

    def access(self) -> Access:
        """Get credentials.

        Returns:
            The access; it renews itself.

        Raises:
            PluginError: The service refuses, or is away.
        """
        from teamconfig import StandardsError  # noqa: PLC0415

        try:
            made = self._credentials()
        except StandardsError as err:
            raise translated(err) from err
        self._leases.append(made.lease_id)
        found = made.kubernetes
        return Access(
            server=found.server,
            namespace=found.namespace,
            service=self._service.settings.service,
            headers={"Authorization": f"Bearer {found.token}"},
            tls=_tls(found.server, found.certificate_authority),
            renew_at=time.time() + max(30.0, (made.expires - time.time()) * 0.8),
            renew=self.access,
        )

    def close(self, *, succeeded: bool) -> None:
        """Give the rights back, and say how their use ended; a service that is away does without.

        Args:
            succeeded: Whether what they were for was done.
        """
        from teamconfig import StandardsError  # noqa: PLC0415
        from teamconfig.gen.waypaas.v1 import rights_pb2  # noqa: PLC0415

        outcome = "succeeded" if succeeded else "failed"
        for lease in self._leases:
            request = rights_pb2.CloseLeaseRequest(lease_id=lease, outcome=outcome)
            try:
                self._service.call("Rights/CloseLease", request)
            except StandardsError:
                break  # it ends by itself within minutes
        self._service.close()

    def _credentials(self) -> Any:
        from teamconfig.client.errors import ServiceError  # noqa: PLC0415

        identity = self._identity
        where = (identity.project, identity.app, identity.workspace)
        if os.environ.get(GRANT_VARIABLE) and self._action in _PRODUCTION_ACTIONS:
            return self._service.redeem(os.environ[GRANT_VARIABLE], self._digest, "kubernetes", self._stanzas)
        try:
            return self._service.credentials(*where, self._action, "kubernetes", self._stanzas, self._digest)
        except ServiceError as err:
            if err.reason != "grant_needed":
                raise
        if not self._digest and self._action != "destroy":
            raise PolicyError(
                f"{self._action} in {identity.environment} needs an image by its digest",
                why="what runs there is a release that ran before, and a tag may mean another image tomorrow",
                fix="deploy repository@sha256:... instead",
            )
        return self._service.redeem(self._grant(where), self._digest, "kubernetes", self._stanzas)

    def _grant(self, where: tuple[str, str, str]) -> str:
        """Ask for a grant; the same question again finds the one that waits for approval."""
        key = hashlib.sha256(repr((*where, self._action, self._digest, self._stanzas)).encode()).hexdigest()[:32]
        asked = (*where, self._action, self._digest)
        grant = self._service.request_grant(*asked, key, self._stanzas)
        if grant.state in _ENDED:
            grant = self._service.request_grant(*asked, f"{key}-{secrets.token_hex(4)}", self._stanzas)
        if grant.state == "requested":
            missing = grant.approvals_wanted - len(grant.approvers)
            raise PolicyError(
                f"{self._action} in {self._identity.environment} waits for approval",
                why=f"{missing} of {grant.approvals_wanted} approvals are missing; nobody approves what they ask for",
                fix=f"ask another lead to run `wps approve {grant.id}`, then run this again",
            )
        return str(grant.token)


def of(resolved: Resolved, action: str, image: str = "") -> Rights | None:
    """Give the rights for an app by the service that its standards come from.

    Args:
        resolved: The standards.
        action: Word of the policy.
        image: As in Rights.

    Returns:
        None where there is no service: the user's own credentials are used.
    """
    if not resolved.authority:
        return None
    return Rights(resolved.authority, resolved.identity, action, image, resolved.stanzas)


@contextmanager
def used(rights: Rights | None) -> Iterator[None]:
    """Give rights back when the block ends, however it ends.

    Args:
        rights: None where the user's own are used.

    Yields:
        Nothing.
    """
    succeeded = False
    try:
        yield
        succeeded = True
    finally:
        if rights is not None:
            rights.close(succeeded=succeeded)


def _tls(server: str, authority: str) -> Any:
    if not server.startswith("https://"):
        raise PolicyError(f"the cluster at {server} has no TLS", fix="tell the platform team")
    import ssl  # noqa: PLC0415  # cloud calls only

    return ssl.create_default_context(cadata=authority or None)
