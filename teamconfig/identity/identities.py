"""All identity providers of a service, built from its configuration: one place to sign in at, and to read groups from.

Owns which provider proves what, and where groups come from. Knows no sessions
and no rights.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from teamconfig.identity.errors import RefusedError, UnavailableError, refused
from teamconfig.identity.keys import IssuerKeys
from teamconfig.identity.ldapdirectory import LdapDirectory
from teamconfig.identity.names import printable
from teamconfig.identity.oidc import Identity, OidcVerifier
from teamconfig.identity.principal import Membership
from teamconfig.identity.providers import ISSUERS, DirectorySettings, OidcSettings, WorkloadSettings
from teamconfig.identity.signedtoken import SignedTokens
from teamconfig.identity.workload import LAYOUTS, WorkloadVerifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from teamconfig.identity.directory import Directory
    from teamconfig.identity.principal import Principal
    from teamconfig.identity.providers import Settings


class Identities:
    """Verifies who somebody is. May be used by several threads; every call ends within some 5 s.

    Args:
        providers: From `providers.read`.
        clock: Seconds since 1970.
    """

    def __init__(self, providers: Iterable[Settings], clock: Callable[[], float] = time.time) -> None:
        self.settings = {provider.name: provider for provider in providers}
        self._clock = clock
        self._keys: dict[str, IssuerKeys] = {}
        self._oidc: dict[str, OidcVerifier] = {}
        self._workloads: dict[str, WorkloadVerifier] = {}
        self._directories: dict[str, Directory] = {}
        for name, settings in self.settings.items():
            if isinstance(settings, DirectorySettings):
                self._directories[name] = LdapDirectory(name, settings.worker(), clock=clock)
            elif isinstance(settings, OidcSettings):
                self._keys[name] = IssuerKeys(settings.issuer, ca=settings.ca, wall_clock=clock)
                self._oidc[name] = OidcVerifier(
                    SignedTokens(self._keys[name], settings.client_id, clock),
                    groups_claim="" if settings.groups_from else settings.groups_claim,
                    link_claim=settings.link_claim,
                    overage_refused=settings.overage == "refuse",
                )
            else:
                self._keys[name] = IssuerKeys(
                    settings.issuer or ISSUERS[settings.system], ca=settings.ca, wall_clock=clock
                )
                tokens = SignedTokens(self._keys[name], settings.audience, clock)
                self._workloads[name] = WorkloadVerifier(tokens, LAYOUTS[settings.system])

    def by_token(self, provider: str, token: str, *, nonce: str) -> Identity:
        """Verify an ID token or a job's token.

        Args:
            provider: Its name.
            token: As received.
            nonce: Of the device that shows it, as `proof.nonce` gives it: a person's token with another was made for
                another device. A token of the device flow has none.

        Returns:
            Who it is, and what is said of them.

        Raises:
            RefusedError: The token proves nothing, or is another device's, or the account is not good.
            UnavailableError: Who could tell does not answer.
        """
        if provider in self._workloads:
            return self._workloads[provider].verify(token)
        if provider not in self._oidc:
            raise self._no_provider(provider, "a token")
        identity = self._oidc[provider].verify(token, nonce=nonce, needed=False)
        settings = self.settings[provider]
        if not isinstance(settings, OidcSettings) or not settings.groups_from:
            return identity
        membership = self._linked(settings, identity.link)
        if membership.disabled:
            raise refused(
                "account_disabled",
                f"{membership.note or 'the account is disabled'}",
                f"directory {settings.groups_from} says so",
                "ask who runs the directory",
            )
        return dataclasses.replace(identity, membership=membership)

    def by_password(self, provider: str, user: str, password: str) -> Identity:
        """Verify a password.

        Args:
            provider: Name of a directory.
            user: As typed.
            password: As typed.

        Returns:
            Who it is, and what is said of them.

        Raises:
            RefusedError: User or password wrong, or the account is not good.
            UnavailableError: The directory does not answer.
        """
        settings = self.settings.get(provider)
        if not isinstance(settings, DirectorySettings) or not settings.sign_in:
            raise self._no_provider(provider, "a password")
        principal, membership = self._directories[provider].sign_in(user, password)
        return Identity(principal, membership, "", 0.0, "")

    def membership(self, provider: str, principal: Principal, link: str = "") -> Membership | None:
        """Read again what is said of somebody.

        Args:
            provider: By which they signed in.
            principal: Who.
            link: Of the identity that signing in gave.

        Returns:
            What is said of them now; None where only a fresh token can tell.

        Raises:
            RefusedError: There is no such provider any more, or the groups cannot be taken.
            UnavailableError: The directory does not answer.
        """
        settings = self.settings.get(provider)
        if isinstance(settings, DirectorySettings):
            return self._directories[provider].membership(principal)
        if isinstance(settings, OidcSettings) and settings.groups_from:
            return self._linked(settings, link)
        if settings is None:
            raise self._no_provider(provider, "anything")
        return None

    def _linked(self, settings: OidcSettings, link: str) -> Membership:
        if not link:
            note = f"claim {settings.link_claim} is missing in the token, so the directory cannot be asked for groups"
            return Membership(read_at=self._clock(), note=note)
        try:
            return self._directories[settings.groups_from].linked(link)[1]
        except RefusedError as err:
            if err.reason != "not_linked":
                raise
            return Membership(read_at=self._clock(), disabled=True, note="the account is gone from the directory")

    def check(self) -> dict[str, str]:
        """Ask every provider whether it can be reached, for readiness and for `wps doctor`.

        Returns:
            What is wrong, by provider; empty if all is well.
        """
        found = {}
        for name in self.settings:
            try:
                if name in self._directories:
                    self._directories[name].probe()
                else:
                    self._keys[name].check()
            except (RefusedError, UnavailableError) as err:
                found[name] = str(err)
        return found

    def close(self) -> None:
        """End the directories' workers."""
        for directory in self._directories.values():
            directory.close()

    def _no_provider(self, provider: str, proof: str) -> RefusedError:
        kinds = {WorkloadSettings.kind: "jobs", OidcSettings.kind: "tokens", DirectorySettings.kind: "passwords"}
        known = ", ".join(f"{name} ({kinds[settings.kind]})" for name, settings in sorted(self.settings.items()))
        return refused(
            "no_provider",
            f"provider {printable(provider, 40)} does not take {proof}",
            f"the providers here are: {known}",
            "name another: wps init --provider NAME",
        )
