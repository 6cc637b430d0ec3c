"""A connection to an LDAP server, in the worker process: TLS, binds, searches.

Owns everything that touches ldap3's connection. Escapes nothing itself: filters
come from `ldapreading`, which escapes by ldap3. Follows no referrals.
"""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ldap3  # type: ignore[import-untyped]  # ldap3 has no types
from ldap3.core.exceptions import (  # type: ignore[import-untyped]
    LDAPBindError,
    LDAPCertificateError,
    LDAPException,
    LDAPStartTLSError,
)

from teamconfig.identity.ldapframes import LdapFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONNECT_SECONDS = 2
RECEIVE_SECONDS = 3
"""Courtesies of ldap3, per read; the deadline that counts is the parent's."""

IDLE_SECONDS = 60.0
"""A connection unused for longer is not trusted to be there."""

PAGE = 500
PAGED = "1.2.840.113556.1.4.319"
SUCCESS, SIZE_LIMIT, REFERRAL, NO_SUCH_OBJECT, INVALID_CREDENTIALS = 0, 4, 10, 32, 49


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the directory is, and who asks.

    Args:
        host: Name or address, for connecting and for the certificate.
        port: TCP port.
        tls: "ldaps", "starttls" or "none".
        ca: File of certificates to trust instead of the system's.
        base: Where to look; empty for the server's own naming context.
        bind_dn: The service's account; empty for anonymous.
        bind_password_file: Holds its password; read at each connection.
        user_attribute: Of the generic dialect: what people type.
        most_groups: A member of more is refused.
        dialect: "active-directory" or "generic"; empty to ask the server.
    """

    host: str
    port: int
    tls: str
    ca: str = ""
    base: str = ""
    bind_dn: str = ""
    bind_password_file: str = ""
    user_attribute: str = "uid"
    most_groups: int = 2000
    dialect: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry that a search found.

    Args:
        dn: Its name, as the server spells it.
        values: Values by attribute, in lower case.
    """

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def first(self, attribute: str) -> bytes:
        """Give an attribute's first value.

        Args:
            attribute: In any case.

        Returns:
            The value; empty if there is none.
        """
        found = self.values.get(attribute.lower())
        return found[0] if found else b""

    def text(self, attribute: str) -> str:
        """Give an attribute's first value as text.

        Args:
            attribute: In any case.

        Returns:
            The text; empty if there is none.
        """
        return self.first(attribute).decode(errors="replace")


class _Tls(ldap3.Tls):  # type: ignore[misc]  # ldap3 has no types
    """TLS by Python's own defaults, which verify names and addresses; ldap3's use a function that Python gave up."""

    def __init__(self, ca: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = ssl.create_default_context(cafile=ca or None)

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # noqa: FBT001, FBT002  # as ldap3 has it
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=connection.server.host, do_handshake_on_connect=do_handshake
        )


class Session:
    """Speaks with one server.

    Args:
        settings: Where it is.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._service: Any = None
        self._used = 0.0

    def _connect(self, user: str, password: str) -> Any:
        """Connect and bind.

        Raises:
            LdapFailure: unreachable, certificate, starttls; wrong_password with the server's words in detail.
        """
        settings = self.settings
        try:
            tls = _Tls(settings.ca) if settings.tls != "none" else None
        except (OSError, ssl.SSLError) as err:
            raise LdapFailure("ca", type(err).__name__) from err
        server = ldap3.Server(
            settings.host,
            settings.port,
            use_ssl=settings.tls == "ldaps",
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=CONNECT_SECONDS,
        )
        connection = ldap3.Connection(
            server,
            user or None,
            password or None,
            authentication=ldap3.SIMPLE if user else ldap3.ANONYMOUS,
            auto_referrals=False,
            check_names=False,
            receive_timeout=RECEIVE_SECONDS,
            raise_exceptions=False,
        )
        try:
            connection.open()
            if settings.tls == "starttls":
                connection.start_tls()
            connection.bind()
        except LDAPException as err:
            raise _failure(err) from err
        result = connection.result
        if result["result"] != SUCCESS:
            self._close(connection)
            refused = result["result"] == INVALID_CREDENTIALS
            said = result["message"] if refused else result["description"]
            raise LdapFailure("wrong_password" if refused else "bind_refused", str(said)[:200])
        return connection

    def bind(self, dn: str, password: str) -> None:
        """Try somebody's password.

        Args:
            dn: Of their entry.
            password: Not empty.

        Raises:
            LdapFailure: wrong_password, with the server's words in detail; or the server fails.
        """
        self._close(self._connect(dn, password))

    def service(self) -> Any:
        """Give the connection of the service's own account.

        Returns:
            An ldap3 connection.

        Raises:
            LdapFailure: The server fails, or refuses the account.
        """
        if self._service is None or time.monotonic() - self._used > IDLE_SECONDS:
            self.drop()
            password = ""
            if self.settings.bind_password_file:
                try:
                    password = Path(self.settings.bind_password_file).read_text().rstrip("\r\n")
                except (OSError, UnicodeError) as err:
                    raise LdapFailure("password_file", type(err).__name__) from err
            if self.settings.bind_dn and not password:
                raise LdapFailure("password_file", "it is empty")
            try:
                self._service = self._connect(self.settings.bind_dn, password)
            except LdapFailure as err:
                if err.reason == "wrong_password":
                    raise LdapFailure("service_account", err.detail) from err
                raise
        self._used = time.monotonic()
        return self._service

    def search(
        self, base: str, query: str, attributes: Sequence[str], *, most: int, scope: str = ldap3.SUBTREE
    ) -> list[Entry]:
        """Search with the service's account.

        Args:
            base: Where.
            query: A filter, escaped.
            attributes: To read.
            most: Entries.
            scope: ldap3.SUBTREE or ldap3.BASE.

        Returns:
            The entries; none if there is no such base.

        Raises:
            LdapFailure: too_many; or the server fails.
        """
        kept = self._service is not None
        try:
            return self._pages(base, query, attributes, most, scope)
        except LDAPException as err:
            self.drop()
            if not kept:
                raise _failure(err) from err
        try:
            # The server had closed the connection that we kept.
            return self._pages(base, query, attributes, most, scope)
        except LDAPException as err:
            self.drop()
            raise _failure(err) from err

    def _pages(self, base: str, query: str, attributes: Sequence[str], most: int, scope: str) -> list[Entry]:
        connection = self.service()
        found: list[Entry] = []
        cookie: bytes | None = None
        paged = scope != ldap3.BASE
        while True:
            connection.search(
                base,
                query,
                scope,
                dereference_aliases=ldap3.DEREF_NEVER,
                attributes=list(attributes),
                paged_size=PAGE if paged else None,
                paged_cookie=cookie,
            )
            result = connection.result
            if result["result"] == NO_SUCH_OBJECT:
                return []
            if result["result"] == SIZE_LIMIT:
                raise LdapFailure("too_many", "the server's own limit")
            if result["result"] != SUCCESS:
                reason = "referral" if result["result"] == REFERRAL else "search_failed"
                raise LdapFailure(reason, str(result["description"])[:200])
            found += [_entry(entry) for entry in connection.response if entry["type"] == "searchResEntry"]
            if len(found) > most:
                raise LdapFailure("too_many", f"more than {most}")
            control = (result.get("controls") or {}).get(PAGED)
            cookie = control["value"]["cookie"] if control else b""
            if not cookie:
                return found

    def drop(self) -> None:
        """Close the service's connection; the next search makes a new one."""
        if self._service is not None:
            self._close(self._service)
        self._service = None

    @staticmethod
    def _close(connection: Any) -> None:
        try:
            connection.unbind()
        except (LDAPException, OSError):
            return


def _entry(response: Mapping[str, Any]) -> Entry:
    values = {name.lower(): [bytes(value) for value in found] for name, found in response["raw_attributes"].items()}
    return Entry(response["dn"], values)


def _failure(err: LDAPException) -> LdapFailure:
    text = str(err)
    if isinstance(err, LDAPCertificateError) or "CERTIFICATE_VERIFY_FAILED" in text:
        return LdapFailure("certificate", text[-160:])
    if isinstance(err, LDAPStartTLSError):
        return LdapFailure("starttls", type(err).__name__)
    if isinstance(err, LDAPBindError):
        return LdapFailure("bind_refused", type(err).__name__)
    return LdapFailure("unreachable", type(err).__name__)
