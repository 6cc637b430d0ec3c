"""Rights by the team config service: asked for at the moment of use, renewed, given back.

Without a service the user's own credentials are used, and nobody enforces
limits. What a plugin makes of the credentials is its own matter.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self

from teamplugin.standards import translated
from waypaas_sdk.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from teamconfig.stanza import Stanza
    from teamplugin.identity import Identity
    from teamplugin.standards import Resolved

GRANT_VARIABLE = "WAYPAAS_GRANT"
"""A grant that was asked for elsewhere and is handed to this run."""

REPLACED_VARIABLE = "WAYPAAS_REPLACED_BY"
"""Digest of the release that has replaced what is removed in this run: its grant covers that."""

_ENDED = frozenset({"redeemed", "expired", "refused"})
_OVER = frozenset({"grant_used", "grant_expired"})
"""Why a grant cannot be used, although what it has let begin may go on."""

_EARLIER = 50
"""So many earlier grants of one question are looked through for one that waits."""

_PRODUCTION_ACTIONS = frozenset({"deploy", "promote", "destroy"})
_AHEAD = "ecr"
"""Platform on which an image goes ahead of its deploy: its grant is shown, and left for the deploy."""


class Rights:
    """The right to do one thing with one app in one environment.

    Args:
        address: Of the service.
        identity: Whose app it is.
        action: Word of the policy: "deploy", "destroy", "logs", "read", "exec", "build".
        image: Reference of the image that is deployed, or brought to where it will be; "" where none is. What is
            destroyed is named by nothing here, but `REPLACED_VARIABLE` may say what has replaced it.
        stanzas: Options of waypoint.hcl, which the service judges before it gives anything.

    Raises:
        PluginError: Nobody is signed in at the service.
    """

    platform: ClassVar[str]
    """Whose credentials: "kubernetes", "aws", or "ecr" for image repositories alone."""

    @classmethod
    def of(cls, resolved: Resolved, action: str, image: str = "") -> Self | None:
        """Give the rights for an app by the service that its standards come from.

        Args:
            resolved: The standards.
            action: Word of the policy.
            image: As in the class.

        Returns:
            None where there is no service: the user's own credentials are used.

        Raises:
            PluginError: Nobody is signed in at the service.
        """
        if not resolved.authority:
            return None
        return cls(resolved.authority, resolved.identity, action, image, resolved.stanzas)

    def __init__(
        self, address: str, identity: Identity, action: str, image: str = "", stanzas: Sequence[Stanza] = ()
    ) -> None:
        from teamconfig import StandardsError  # noqa: PLC0415
        from teamconfig.client.service import Service  # noqa: PLC0415  # only where there is a service

        try:
            self._service = Service.at(address, dict(os.environ))
        except StandardsError as err:
            raise translated(err) from err
        self._identity = identity
        self._action = action
        self._digest = os.environ.get(REPLACED_VARIABLE, "") if action == "destroy" else image.partition("@")[2]
        self._stanzas = tuple(one for one in stanzas if one.values)  # those that set nothing change no question
        self._leases: list[str] = []

    @property
    def service(self) -> str:
        """Address of the service."""
        return self._service.settings.service

    def credentials(self) -> Any:
        """Get credentials.

        Returns:
            The service's message `Credentials`.

        Raises:
            PluginError: The service refuses, or is away.
        """
        from teamconfig import StandardsError  # noqa: PLC0415

        try:
            made = self._asked()
        except StandardsError as err:
            raise translated(err) from err
        self._leases.append(made.lease_id)
        return made

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

    def _asked(self) -> Any:
        from teamconfig.client.errors import ServiceError  # noqa: PLC0415

        identity = self._identity
        where = (identity.project, identity.app, identity.workspace)
        asked = (*where, self._action, self.platform, self._stanzas, self._digest)
        replaced = self._action == "destroy" and bool(self._digest)
        handed = os.environ.get(GRANT_VARIABLE, "") if self._action in _PRODUCTION_ACTIONS and not replaced else ""
        if handed and self.platform != _AHEAD:
            return self._by_handed(handed, asked)
        try:
            return self._service.credentials(*asked)
        except ServiceError as err:
            if err.reason != "grant_needed" or replaced:
                raise
        if not self._digest and self._action != "destroy":
            raise PolicyError(
                f"{self._action} in {identity.environment} needs an image by its digest",
                why="what runs there is a release that ran before, and a tag may mean another image tomorrow",
                fix="deploy repository@sha256:... instead",
            )
        token = handed or self._grant(where)
        if self.platform == _AHEAD:
            return self._service.credentials(*asked, token)
        return self._service.redeem(token, self._digest, self.platform, self._stanzas)

    def _by_handed(self, token: str, asked: tuple[Any, ...]) -> Any:
        """Use a grant that was handed to us, or go on with what we have begun by it."""
        from teamconfig.client.errors import ServiceError  # noqa: PLC0415

        try:
            return self._service.redeem(token, self._digest, self.platform, self._stanzas)
        except ServiceError as err:
            if err.reason not in _OVER:
                raise
            over = err
        try:
            return self._service.credentials(*asked)
        except ServiceError as err:
            raise (over if err.reason == "grant_needed" else err) from None

    def _grant(self, where: tuple[str, str, str]) -> str:
        """Ask for a grant; the same question again finds the one that waits for approval."""
        key = hashlib.sha256(repr((*where, self._action, self._digest, self._stanzas)).encode()).hexdigest()[:32]
        grant = self._open_grant(where, key)
        if grant.state == "requested":
            missing = grant.approvals_wanted - len(grant.approvers)
            raise PolicyError(
                f"{self._action} in {self._identity.environment} waits for approval",
                why=f"{missing} of {grant.approvals_wanted} approvals are missing; nobody approves what they ask for",
                fix=f"ask {_who(missing)} to run `wps approve {grant.id}`, then run this again",
            )
        return str(grant.token)

    def _open_grant(self, where: tuple[str, str, str], key: str) -> Any:
        """Find the grant of this question that has not ended; grants of earlier releases of the image have."""
        from teamconfig.client.errors import ServiceError  # noqa: PLC0415

        for name in (key, *(f"{key}-{number}" for number in range(1, _EARLIER)), f"{key}-{secrets.token_hex(4)}"):
            try:
                grant = self._service.request_grant(*where, self._action, self._digest, name, self._stanzas)
            except ServiceError as err:
                if err.reason != "idempotency_mismatch":  # it was asked by other standards
                    raise
                continue
            if grant.state not in _ENDED:
                break
        return grant


def _who(missing: int) -> str:
    return "another lead" if missing == 1 else f"{missing} leads"


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
