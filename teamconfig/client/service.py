"""The team config service as a signed-in client uses it: tokens renewed, calls tried once more with new ones.

What may be done without the service is `copies`' to say.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from teamconfig import proof
from teamconfig.client import errors as client_errors
from teamconfig.client.channel import Channel
from teamconfig.client.copies import About, Copies
from teamconfig.client.errors import ServiceError, SignInError, UnreachableError
from teamconfig.client.renewing import fresh_token
from teamconfig.client.stanzas import stanzas_json
from teamconfig.client.vault import Vault
from teamconfig.gen.waypaas.v1 import common_pb2, rights_pb2, sessions_pb2, standards_pb2
from teamconfig.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.message import Message

    from teamconfig.client.vault import Session
    from teamconfig.stanza import Stanza
    from teamconfig.tree import Tree

RENEW_SECONDS = 30.0
"""An access token is renewed when it has less than this to live."""

RENEWABLE = frozenset({"session_expired", "session_unknown", "stale_groups"})
"""Reasons for which the call is worth another try with renewed tokens."""

_OVER = frozenset({"refresh_reused", "refresh_expired", "refresh_unknown", "session_closed", "session_revoked",
                   "session_unknown", "account_disabled", "wrong_device", "provider_gone"})  # fmt: skip


class Service:
    """One service, for one user on one machine.

    Args:
        settings: Name the service.
        environ: The process's environment.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self.settings = settings
        self.vault = Vault(settings.service, environ)
        self._open: Channel | None = None

    @classmethod
    def at(cls, address: str, environ: Mapping[str, str]) -> Service:
        """Give the service at an address where the user has signed in.

        Args:
            address: "host:port", as it was signed in at.
            environ: The process's environment.

        Returns:
            The service.

        Raises:
            SignInError: There is no session.
        """
        kept = Vault(address, environ).load()
        if kept is None:
            raise client_errors.not_signed_in(address)
        settings = Settings(address, "", Path(), kept.certificate_authority, address)
        return cls(settings, environ)

    def close(self) -> None:
        """End the connection."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def session(self) -> Session:
        """Give the session that is kept.

        Raises:
            SignInError: There is none.
        """
        found = self.vault.load()
        if found is None or not found.access_token:
            raise client_errors.not_signed_in(self.settings.service)
        return found

    def call(self, method: str, request: Message, deadline: float = 5.0) -> Any:
        """Call a method as the user who is signed in; an old token is renewed first.

        Args:
            method: "Sessions/WhoAmI".
            request: Its request.
            deadline: Seconds, for each try.

        Returns:
            The reply.

        Raises:
            SignInError: There is no session, or it is over.
            ServiceError: The service refused.
            UnreachableError: It does not answer.
        """
        session = self.session()
        if session.access_expires - time.time() < RENEW_SECONDS:
            session = self.renew(session)
        try:
            return self.channel(session).call(method, request, session.access_token, deadline)
        except ServiceError as err:
            if err.reason not in RENEWABLE:
                raise self._sign_in_again(err) from err
        session = self.renew(session)
        try:
            return self.channel(session).call(method, request, session.access_token, deadline)
        except ServiceError as err:
            raise self._sign_in_again(err) from err

    def channel(self, session: Session) -> Channel:
        """Give the connection, made at the first call."""
        if self._open is None:
            # The authority that the user has signed in with counts, not what a repository's file names since.
            authority = session.certificate_authority or self.settings.certificate_authority
            settings = replace(self.settings, certificate_authority=authority)
            self._open = Channel(settings, bytes.fromhex(session.device_key))
        return self._open

    def renew(self, session: Session) -> Session:
        """Renew the tokens, unless another process has done so meanwhile.

        Args:
            session: As this process knows it.

        Returns:
            With fresh tokens.

        Raises:
            SignInError: The session is over.
            ServiceError: The service refused for another reason.
            UnreachableError: It does not answer.
        """
        with self.vault.locked():
            kept = self.vault.load()
            if kept is None:
                raise client_errors.not_signed_in(self.settings.service)
            if kept.access_token != session.access_token:
                return kept
            if not kept.seed:
                # Kept before it is sent: whoever never sees the answer, killed or cut off, asks for the same again.
                kept = self.vault.update(seed=secrets.token_hex(proof.SEED_BYTES))
            request = sessions_pb2.RefreshRequest(refresh_token=kept.refresh_token, seed=bytes.fromhex(kept.seed))
            if kept.idp_token:
                request.token, idp_token = fresh_token(kept)
                kept = self.vault.update(idp_token=idp_token)
            try:
                made = self.channel(kept).call("Sessions/Refresh", request, kept.refresh_token)
            except ServiceError as err:
                raise self._sign_in_again(err) from err
            return self.vault.update(
                access_token=made.access_token,
                access_expires=made.access_expires,
                refresh_token=made.refresh_token,
                refresh_expires=made.refresh_expires,
                seed="",
            )

    def _sign_in_again(self, err: ServiceError) -> ServiceError:
        if err.reason not in _OVER or isinstance(err, SignInError):
            return err
        problem = replace(err.problems[0], fix="run `wps init`")
        return SignInError([problem], reason=err.reason, request_id=err.request_id)

    def tree(self, project: str, app: str, workspace: str, stanzas: Sequence[Stanza] = ()) -> Tree:
        """Get the standards of an app; a kept copy, if the service is away and it may be used.

        Args:
            project: Waypoint's project.
            app: Waypoint's app.
            workspace: Waypoint's workspace.
            stanzas: Options of waypoint.hcl, which the service judges too.

        Returns:
            The part of the standards that the app's come from; `note` says so if it is a kept copy.

        Raises:
            StandardsError: There are none, or the service refuses, or is away and no copy may be used.
        """
        session = self.session()
        request = standards_pb2.ResolveRequest(
            target=common_pb2.Target(project=project, app=app, workspace=workspace), stanzas=stanzas_json(stanzas)
        )
        copies, about = Copies(self.vault, self.settings.service, self._now), About(project, app, workspace)
        try:
            text = self.call("Standards/Resolve", request).bundle
        except UnreachableError as err:
            return copies.offline(err, session, about)
        return copies.take(text, session, about)

    def _now(self) -> float:
        return time.time() + (self._open.clock_offset if self._open is not None else 0.0)

    def credentials(
        self,
        project: str,
        app: str,
        workspace: str,
        action: str,
        platform: str,
        stanzas: Sequence[Stanza] = (),
        digest: str = "",
        grant: str = "",
    ) -> rights_pb2.Credentials:
        """Get credentials for one action, at the moment of their use.

        Args:
            project: Waypoint's project.
            app: Waypoint's app.
            workspace: Waypoint's workspace.
            action: "deploy", "logs", "exec", ...
            platform: "kubernetes", "aws" or "ecr".
            stanzas: Options of waypoint.hcl.
            digest: Of the image, "sha256:...", where one is deployed.
            grant: Token of a grant to deploy that image, by which its bytes may go ahead; it is not used up.

        Returns:
            Credentials for at most 15 minutes; they are never kept.

        Raises:
            StandardsError: The service refuses, or is away.
        """
        request = rights_pb2.IssueCredentialsRequest(
            target=common_pb2.Target(project=project, app=app, workspace=workspace), action=action, platform=platform,
            stanzas=stanzas_json(stanzas), digest=digest, grant=grant,
        )  # fmt: skip
        return self.call("Rights/IssueCredentials", request, 15.0)  # type: ignore[no-any-return]  # by the contract

    def request_grant(
        self,
        project: str,
        app: str,
        workspace: str,
        action: str,
        digest: str,
        key: str,
        stanzas: Sequence[Stanza] = (),
    ) -> rights_pb2.Grant:
        """Ask for a one-use right.

        Args:
            project: Waypoint's project.
            app: Waypoint's app.
            workspace: Waypoint's workspace.
            action: "deploy", "promote" or "destroy".
            digest: Of the image; empty to destroy.
            key: The same key finds the same grant.
            stanzas: Options of waypoint.hcl.

        Returns:
            The grant, approved or waiting.

        Raises:
            StandardsError: The service refuses, or is away.
        """
        return self.call(  # type: ignore[no-any-return]  # by the contract
            "Rights/RequestGrant",
            rights_pb2.RequestGrantRequest(
                target=common_pb2.Target(project=project, app=app, workspace=workspace),
                action=action,
                digest=digest,
                idempotency_key=key,
                stanzas=stanzas_json(stanzas),
            ),
        )

    def redeem(self, token: str, digest: str, platform: str, stanzas: Sequence[Stanza] = ()) -> rights_pb2.Credentials:
        """Use a grant; with the session, if there is one.

        Args:
            token: Of the grant.
            digest: Of the image at hand.
            platform: "kubernetes", "aws" or "ecr".
            stanzas: Options of waypoint.hcl that the grant was asked for with.

        Returns:
            Credentials for at most 15 minutes.

        Raises:
            StandardsError: The service refuses, or is away.
        """
        request = rights_pb2.RedeemGrantRequest(
            token=token,
            digest=digest,
            platform=platform,
            stanzas=stanzas_json(stanzas),
            device_key=self.session().public_key(),
        )
        return self.call("Rights/RedeemGrant", request, deadline=15.0)  # type: ignore[no-any-return]  # by the contract
