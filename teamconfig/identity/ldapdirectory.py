"""A directory that is reached by LDAP: Active Directory, OpenLDAP and their like.

Owns the texts of its failures, and when the directory is left alone. LDAP itself
is spoken by a worker process, see `ldapprocess` and `ldapworker`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from teamconfig.identity.breaker import Breaker
from teamconfig.identity.directory import Probed
from teamconfig.identity.errors import IdentityError, refused, unavailable
from teamconfig.identity.ldapframes import LdapFailure
from teamconfig.identity.ldapprocess import LdapProcesses
from teamconfig.identity.names import canonical, printable
from teamconfig.identity.principal import Membership, Principal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from teamconfig.identity.directory import Dialect

MOST_PASSWORD = 1024
TEXTS = {
    "unreachable": (
        "the directory cannot be reached",
        "nothing answers there, or it hangs up",
        "check the network and `url`",
    ),
    "timeout": ("the directory does not answer", "it took longer than the deadline", "try again"),
    "busy": ("the directory does not answer", "requests before this one still wait for it", "try again"),
    "certificate": ("the directory's certificate is not good", "", "check `ca`, and the name in `url`"),
    "ca": ("the CA file cannot be used", "", "check `ca`"),
    "starttls": ("the directory does not begin TLS", "it refused StartTLS", "use ldaps:// in `url`"),
    "password_file": ("the password of the service's account cannot be read", "", "check `bind_password_file`"),
    "service_account": (
        "the directory refuses the service's own account",
        "",
        "check `bind_dn` and the password in `bind_password_file`",
    ),
    "bind_refused": ("the directory refuses to check passwords this way", "", "check `url` and its TLS"),
    "no_base": ("the directory does not say where its people are", "", "set `base`, and let `bind_dn` read there"),
    "search_failed": ("the directory refuses a search", "", "check `base` and what `bind_dn` may read"),
    "referral": ("the directory points to another server", "referrals are not followed", "correct `url` or `base`"),
    "no_id": ("the directory does not show an entry's unchanging id", "", "let `bind_dn` read it"),
    "no_library": ("LDAP cannot be spoken here", "", "install waypaas[service]"),
    "worker": ("the LDAP worker ended", "", "try again"),
    "fault": ("the LDAP worker has a fault", "", "report this as a bug"),
}
"""Of those who could tell and do not: what, why (the detail if empty), what to do."""

REFUSED = {
    "wrong_password": ("user name or password is wrong", "", "type them again"),
    "ambiguous": (
        "several people have that user name",
        "one name in the directory finds more than one entry",
        "tell who runs the directory",
    ),
    "too_many": (
        "the groups cannot be read completely, so none are taken",
        "there are too many of them",
        "have the number of groups reduced, or the limit raised",
    ),
    "too_deep": (
        "the groups cannot be read completely, so none are taken",
        "they are nested too deep",
        "have the nesting of groups reduced",
    ),
    "other_domain": (
        "that is an account of another domain",
        "this directory serves one domain",
        "use an account of it",
    ),
    "bad_subject": ("that is no id of this directory", "its ids are UUIDs", "sign in again"),
}
"""Of what is the caller's matter."""

SUB_CODES = {
    "525": "wrong_password",
    "52e": "wrong_password",
    "530": "account_hours",
    "531": "account_place",
    "532": "password_expired",
    "533": "account_disabled",
    "701": "account_expired",
    "773": "password_must_change",
    "775": "account_locked",
}
"""What Active Directory says besides "invalid credentials".

Source: Microsoft, "LDAP data codes of error 49" (Win32 error codes in hexadecimal).
"""

ACCOUNTS = {
    "account_hours": ("the account may not sign in at this time", "try again in your hours"),
    "account_place": ("the account may not sign in from here", "ask who runs the directory"),
    "password_expired": ("the password has expired", "change it at your workstation, then sign in again"),
    "account_disabled": ("the account is disabled", "ask who runs the directory"),
    "account_expired": ("the account has expired", "ask who runs the directory"),
    "password_must_change": (
        "the password has to be changed first",
        "change it at your workstation, then sign in again",
    ),
    "account_locked": ("the account is locked", "wait, or ask who runs the directory"),
}
"""What, and what to do."""

BROKEN = frozenset(
    {"unreachable", "timeout", "worker", "certificate", "starttls", "no_library", "fault", "service_account"}
)
"""Failures that count towards leaving the directory alone; trying a wrong password on and on would lock the account."""


class LdapDirectory:
    """The directory. May be used by several threads; every call ends within 5 s.

    Args:
        name: In the service's configuration, for texts.
        settings: As `ldapsession.Settings`, by name.
        processes: The workers; made from the settings if None.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        name: str,
        settings: Mapping[str, Any],
        *,
        processes: LdapProcesses | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.name = name
        self.processes = processes or LdapProcesses(settings)
        self._where = f"directory {name} ({settings['host']}:{settings['port']})"
        self._clock = clock
        self._breaker = Breaker()
        self._last = ""

    def sign_in(self, user: str, password: str) -> tuple[Principal, Membership]:
        """Prove who somebody is by their password; see Directory.

        Args:
            user: As typed.
            password: As typed.

        Returns:
            Who it is, and what the directory says of them.

        Raises:
            RefusedError: User or password wrong, or the account is not good.
            UnavailableError: The directory does not answer.
        """
        name = canonical(user)
        # An empty password is an anonymous bind to many servers, which succeeds.
        if not password or len(password) > MOST_PASSWORD or "\0" in password:
            raise self._refused("wrong_password", "")
        asked = self._clock()
        principal, membership = self._person(self._ask("sign_in", user=name, password=password), asked)
        if membership.disabled:
            state = membership.note.rpartition(" ")[2]
            raise self._account(f"account_{state}" if f"account_{state}" in ACCOUNTS else "account_disabled")
        return principal, membership

    def membership(self, principal: Principal) -> Membership:
        """Read what the directory says of somebody now; see Directory.

        Args:
            principal: One of this directory's.

        Returns:
            Groups and state of the account.

        Raises:
            RefusedError: The principal is another issuer's, or has more groups than can be taken.
            UnavailableError: The directory does not answer.
        """
        asked = self._clock()
        answer = self._ask("membership", subject=principal.subject)
        if answer.get("gone"):
            return Membership(read_at=asked, disabled=True, note="the account is gone from the directory")
        found, membership = self._person(answer, asked)
        if found.key != principal.key:
            raise self._refused("other_domain", "")
        return membership

    def linked(self, link: str) -> tuple[Principal, Membership]:
        """Find somebody by an unchanging id that another issuer vouches for; see Directory.

        Args:
            link: A UUID, a SID, or a UUID's bytes in base64.

        Returns:
            Who it is here, and what the directory says of them.

        Raises:
            RefusedError: There is nobody with that id.
            UnavailableError: The directory does not answer.
        """
        asked = self._clock()
        answer = self._ask("linked", link=link)
        if answer.get("gone"):
            raise refused(
                "not_linked",
                f"directory {self.name} does not know you",
                "nobody there has the id that your sign-in vouches for",
                "ask who runs the directory",
                self._where,
            )
        return self._person(answer, asked)

    def probe(self) -> Probed:
        """Ask the directory what it is; see Directory.

        Returns:
            What it says.

        Raises:
            UnavailableError: It does not answer, or refuses the service's own account.
        """
        answer = self._ask("probe")
        dialect: Dialect = "active-directory" if answer.get("dialect") == "active-directory" else "generic"
        return Probed(dialect, str(answer.get("issuer", "")), str(answer.get("base", "")))

    def close(self) -> None:
        """End the workers."""
        self.processes.close()

    def _person(self, answer: Mapping[str, Any], asked: float) -> tuple[Principal, Membership]:
        state = str(answer.get("disabled", ""))
        principal = Principal(str(answer["issuer"]), str(answer["subject"]), printable(str(answer.get("name", ""))))
        note = f"the account is {state}" if state else ""
        groups = frozenset[str]() if state else frozenset(str(group) for group in answer.get("groups", []))
        return principal, Membership(groups, asked, disabled=bool(state), note=note)

    def _ask(self, word: str, **arguments: str) -> dict[str, Any]:
        wait = self._breaker.wait_seconds()
        if wait:
            raise unavailable(
                "resting",
                "the directory has failed several times and is left alone for a while",
                f"the last time: {self._last}",
                f"try again in {wait:.0f} s",
                self._where,
                wait,
            )
        try:
            answer = self.processes.ask(word, **arguments)
        except LdapFailure as err:
            if err.reason in BROKEN:
                self._last = TEXTS[err.reason][0]
                self._breaker.failed()
            elif err.reason != "busy":
                self._breaker.succeeded()
            raise self._error(err) from None
        self._breaker.succeeded()
        return answer

    def _error(self, failure: LdapFailure) -> IdentityError:
        if failure.reason in REFUSED:
            return self._refused(failure.reason, failure.detail)
        what, why, fix = TEXTS.get(failure.reason, TEXTS["fault"])
        return unavailable(
            f"directory_{failure.reason}",
            what,
            why or printable(failure.detail, 200) or "it says no more",
            fix,
            self._where,
        )

    def _refused(self, reason: str, detail: str) -> IdentityError:
        if reason == "wrong_password":
            reason = SUB_CODES.get(detail, reason)
        if reason in ACCOUNTS:
            return self._account(reason)
        what, why, fix = REFUSED[reason]
        why = why or "the directory does not say which of the two"
        return refused(
            reason, what, f"{why} ({detail})" if reason.startswith("too_") and detail else why, fix, self._where
        )

    def _account(self, reason: str) -> IdentityError:
        what, fix = ACCOUNTS[reason]
        return refused(reason, what, "the directory says so", fix, self._where)
